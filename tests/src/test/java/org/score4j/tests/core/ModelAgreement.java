package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.SplittableRandom;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Tensor;

/** A whole model on one backend against the reference, from the same weights. */
final class ModelAgreement {
  private ModelAgreement() {}

  /**
   * Log-probs, entropies, KL and all gradients of a batch with a shared prompt.
   *
   * @param tolerance on the scale of the largest of each
   */
  static void check(TinyModel tested, TinyModel reference, long seed, double tolerance) {
    try (Parameters weights = tested.weights(seed);
        Parameters sameWeights = reference.copy(tested, weights);
        Parameters teacher = tested.weights(seed + 1);
        Parameters sameTeacher = reference.copy(tested, teacher);
        Parameters gradients = tested.gradients();
        Parameters wantedGradients = reference.gradients()) {
      PackedBatch batch = batch(seed);
      HeadPass.Coefficients coefficients = coefficients(batch.numPredictions(), seed);
      HeadPass.Result result =
          tested.headPass().accumulate(gradients, weights, teacher, batch, coefficients);
      HeadPass.Result wanted =
          reference
              .headPass()
              .accumulate(wantedGradients, sameWeights, sameTeacher, batch, coefficients);
      assertClose("log-probs", result.logProb(), wanted.logProb(), tolerance);
      assertClose("entropies", result.entropy(), wanted.entropy(), tolerance);
      assertClose("KL", result.kl(), wanted.kl(), tolerance);
      gradients.foldTiedHead(tested.ops);
      wantedGradients.foldTiedHead(reference.ops);
      for (Map.Entry<String, Tensor> entry : gradients.named().entrySet()) {
        float[] values = tested.ops.downloadFloats(entry.getValue());
        float[] expected =
            reference.ops.downloadFloats(TinyModel.tensor(wantedGradients, entry.getKey()));
        assertClose("gradient of " + entry.getKey(), values, expected, tolerance);
      }
    }
  }

  /** On the scale of the largest. */
  private static void assertClose(String what, float[] values, float[] wanted, double tolerance) {
    double largest = 0;
    for (float value : wanted) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).as(what).isPositive();
    assertThat(values).as(what).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat((double) values[i])
          .as("%s[%d]", what, i)
          .isCloseTo(wanted[i], within(tolerance * largest));
    }
  }

  /** A prompt with two continuations, and a sequence by itself. */
  private static PackedBatch batch(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    PackedBatch.Builder batch = new PackedBatch.Builder();
    int[] prompt = TinyModel.tokens(random, 19);
    batch.addSequence(prompt, prompt.length);
    for (int sample = 0; sample < 2; sample++) {
      int[] ids = TinyModel.tokens(random, 7 + sample);
      batch.predict(batch.lastPrefixRow(), ids[0]);
      int start = batch.addContinuation(ids, ids.length - 1);
      for (int i = 1; i < ids.length; i++) {
        batch.predict(start + i - 1, ids[i]);
      }
    }
    return TinyModel.addPredicted(batch, TinyModel.tokens(random, 40)).build();
  }

  private static HeadPass.Coefficients coefficients(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed + 2);
    float[] logProb = new float[n];
    float[] kl = new float[n];
    for (int i = 0; i < n; i++) {
      logProb[i] = (float) random.nextGaussian();
      kl[i] = (float) random.nextDouble();
    }
    return new HeadPass.Coefficients(logProb, kl);
  }
}
