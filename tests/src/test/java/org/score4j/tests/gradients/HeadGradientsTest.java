package org.score4j.tests.gradients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.LossKernels.HeadGradients;
import org.score4j.kernels.LossKernels.HeadOutputs;
import org.score4j.kernels.LossKernels.HeadReference;
import org.score4j.kernels.Tensor;

/**
 * The language-model head: its loss by hidden states and head, and its numbers against sums done by
 * hand.
 */
class HeadGradientsTest {
  /** A few roundings of numbers of order one. */
  private static final double EXACT = 1e-14;

  @Test
  void logProb_byHiddenAndHead() {
    check(false, false, 1);
  }

  @Test
  void logProb_byHiddenAndHead_atOtherTemperatures() {
    check(false, false, 0.7);
    check(false, false, 1.9);
  }

  @Test
  void logProbAndExactKl_byHiddenAndHead() {
    check(true, true, 1);
  }

  @Test
  void logProbAndExactKl_byHiddenAndHead_atOtherTemperatures() {
    check(true, true, 0.7);
    check(true, true, 1.9);
  }

  @Test
  void referenceWithoutKlCoefficient_addsNoGradient() {
    check(true, false, 0.7);
  }

  @Test
  void cappedLogits_byHiddenAndHead() {
    check(false, false, 1, 1.5);
    check(true, true, 0.7, 1.5);
    check(true, true, 1.9, 30);
  }

  @Test
  void entropy_byHiddenAndHead_withAndWithoutTheOthers() {
    check(false, false, true, 1, 0);
    check(true, true, true, 0.7, 0);
    check(true, false, true, 1.9, 1.5);
  }

  private static void check(boolean reference, boolean klGradient, double inverseTemperature) {
    check(reference, klGradient, false, inverseTemperature, 0);
  }

  private static void check(
      boolean reference, boolean klGradient, double inverseTemperature, double softCap) {
    check(reference, klGradient, false, inverseTemperature, softCap);
  }

  private static void check(
      boolean reference,
      boolean klGradient,
      boolean entropyGradient,
      double inverseTemperature,
      double softCap) {
    for (int[] s : new int[][] {{1, 2, 2}, {4, 3, 7}, {3, 5, 17}}) {
      try (GradientCheck check = new GradientCheck(9)) {
        int n = s[0];
        Tensor hidden = check.normals(n, s[1]);
        Tensor head = check.normals(s[2], s[1]);
        Tensor targets = check.ints(new int[] {1, 0, s[2] - 1, 1}, 4).rows(0, n);
        // Both signs, as advantages have.
        Tensor logProbCoef = check.normals(n);
        @Nullable Tensor klCoef = klGradient ? check.normals(n) : null;
        @Nullable HeadReference frozen =
            reference ? new HeadReference(check.normals(n, 4), check.normals(s[2], 4)) : null;
        @Nullable Tensor entropyCoef = entropyGradient ? check.normals(n) : null;
        Tensor logProb = check.tensor(n);
        Tensor entropy = check.tensor(n);
        @Nullable Tensor kl = reference ? check.tensor(n) : null;
        HeadOutputs outputs =
            new HeadOutputs(logProb, entropy, kl, reference ? check.tensor(n) : null);
        DoubleSupplier loss =
            () -> {
              check
                  .ops()
                  .lmHead(
                      outputs, null, hidden, head, targets, frozen, inverseTemperature, softCap);
              double klTerm = kl == null || klCoef == null ? 0 : check.dot(kl, klCoef);
              double bonus = entropyCoef == null ? 0 : check.dot(entropy, entropyCoef);
              return klTerm - bonus - check.dot(logProb, logProbCoef);
            };
        Tensor dHidden = check.tensor(n, s[1]);
        Accumulated dHead = new Accumulated(check, s[2], s[1]);
        HeadGradients gradients =
            new HeadGradients(dHidden, dHead.tensor, logProbCoef, klCoef, entropyCoef);
        check
            .ops()
            .lmHead(outputs, gradients, hidden, head, targets, frozen, inverseTemperature, softCap);
        String what =
            "lmHead (%d, %d, %d) kl=%b entropy=%b 1/T=%s cap=%s"
                .formatted(n, s[1], s[2], klGradient, entropyGradient, inverseTemperature, softCap);
        check.check(what + " dHidden", hidden, dHidden, loss);
        check.check(what + " dHead", head, dHead.added(), loss);
      }
    }
  }

  /** π = (1/2, 1/4, 1/4), π_ref = (1/4, 1/4, 1/2): H = 3/2 ln 2, KL = 1/2 ln 2 − 1/4 ln 2. */
  @Test
  void logProb_entropyAndKl_equalTheSumsByHand() {
    try (GradientCheck check = new GradientCheck(10)) {
      double ln2 = Math.log(2);
      Tensor hidden = check.of(new double[] {1}, 1, 1);
      // Logits up to a constant: log π + 3 and log π_ref − 5.
      Tensor head = check.of(new double[] {3 - ln2, 3 - 2 * ln2, 3 - 2 * ln2}, 3, 1);
      Tensor refHead = check.of(new double[] {-5 - 2 * ln2, -5 - 2 * ln2, -5 - ln2}, 3, 1);
      HeadOutputs outputs =
          new HeadOutputs(check.tensor(1), check.tensor(1), check.tensor(1), check.tensor(1));
      Tensor target = check.ints(new int[] {2}, 1);
      HeadReference reference = new HeadReference(hidden, refHead);
      check.ops().lmHead(outputs, null, hidden, head, target, reference, 1, 0);
      assertThat(value(check, outputs.logProb())).isCloseTo(-2 * ln2, within(EXACT));
      assertThat(value(check, outputs.entropy())).isCloseTo(1.5 * ln2, within(EXACT));
      assertThat(value(check, outputs.kl())).isCloseTo(0.25 * ln2, within(EXACT));
      assertThat(value(check, outputs.refLogProb())).isCloseTo(-ln2, within(EXACT));
    }
  }

  /** Logits (0, 2 ln 2) at temperature 2 are (0, ln 2): π = (1/3, 2/3). */
  @Test
  void temperature_dividesTheLogits() {
    try (GradientCheck check = new GradientCheck(11)) {
      Tensor hidden = check.of(new double[] {2}, 1, 1);
      Tensor head = check.of(new double[] {0, Math.log(2)}, 2, 1);
      HeadOutputs outputs = new HeadOutputs(check.tensor(1), check.tensor(1), null, null);
      Tensor target = check.ints(new int[] {1}, 1);
      check.ops().lmHead(outputs, null, hidden, head, target, null, 0.5, 0);
      double entropy = Math.log(3) - 2 * Math.log(2) / 3;
      assertThat(value(check, outputs.logProb())).isCloseTo(Math.log(2 / 3.0), within(EXACT));
      assertThat(value(check, outputs.entropy())).isCloseTo(entropy, within(EXACT));
    }
  }

  @Test
  void kl_ofAModelWithItself_isZeroAndHasNoGradient() {
    try (GradientCheck check = new GradientCheck(12)) {
      Tensor hidden = check.normals(3, 4);
      Tensor head = check.normals(9, 4);
      HeadOutputs outputs =
          new HeadOutputs(check.tensor(3), check.tensor(3), check.tensor(3), check.tensor(3));
      Tensor dHidden = check.tensor(3, 4);
      Tensor dHead = check.zeros(9, 4);
      HeadGradients gradients = new HeadGradients(dHidden, dHead, check.zeros(3), check.normals(3));
      Tensor targets = check.ints(new int[] {0, 5, 8}, 3);
      HeadReference itself = new HeadReference(hidden, head);
      check.ops().lmHead(outputs, gradients, hidden, head, targets, itself, 1, 0);
      for (Tensor zero : new Tensor[] {dHidden, dHead}) {
        assertThat(check.ops().downloadDoubles(zero)).containsOnly(new double[] {0}, within(EXACT));
      }
      double[] logProb = check.ops().downloadDoubles(outputs.logProb());
      assertThat(downloaded(check, outputs.refLogProb())).isEqualTo(logProb);
      assertThat(downloaded(check, outputs.kl())).containsOnly(new double[] {0}, within(EXACT));
    }
  }

  private static double value(GradientCheck check, @Nullable Tensor tensor) {
    return downloaded(check, tensor)[0];
  }

  private static double[] downloaded(GradientCheck check, @Nullable Tensor tensor) {
    if (tensor == null) {
      throw new AssertionError("the output was not asked for");
    }
    return check.ops().downloadDoubles(tensor);
  }
}
