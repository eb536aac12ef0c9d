package org.score4j.tests.conformance;

import static org.score4j.tests.conformance.Conformance.outputNamed;
import static org.score4j.tests.conformance.Conformance.rows;

import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.Backend;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.LossKernels.HeadGradients;
import org.score4j.kernels.LossKernels.HeadOutputs;
import org.score4j.kernels.LossKernels.HeadReference;
import org.score4j.kernels.Tensor;

/** {@link LossKernels}. */
interface LossKernelsTest extends Conformance {
  /**
   * Logits of width 129 reach ±40 and carry a few dozen units of error relative to that;
   * probabilities, log-probs and gradients inherit it. Compared on the scale of the largest output.
   */
  double ROUNDINGS = 256;

  /** One call, as data. */
  record Call(
      int rows,
      int width,
      int vocab,
      int refWidth,
      boolean gradients,
      boolean kl,
      double invTemperature,
      double softCap) {
    Call(
        int rows,
        int width,
        int vocab,
        int refWidth,
        boolean gradients,
        boolean kl,
        double invTemperature) {
      this(rows, width, vocab, refWidth, gradients, kl, invTemperature, 0);
    }

    Call capped(double softCap) {
      return new Call(rows, width, vocab, refWidth, gradients, kl, invTemperature, softCap);
    }
  }

  /**
   * The gradients are products with dLogits, which is kept in the narrow type. Each of its elements
   * is off by up to a unit; a sum of many grows like their errors, a sum of few that cancel is
   * smaller than its terms.
   */
  private static double storedRoundings(String output) {
    return output.equals("dHidden") || output.equals("dHead") ? 4 : 0;
  }

  @Test
  default void lmHead_agreesWithReference() {
    SplittableRandom random = Conformance.random("lmHead");
    int[] vocabs = {1, 2, 3, 15, 16, 17, 64, 100, 129, 513, 1000};
    for (int vocab : vocabs) {
      for (int trial = 0; trial < 4; trial++) {
        int rows = Conformance.size(random);
        int width = Conformance.size(random);
        int refWidth = trial % 2 == 0 ? 0 : Conformance.size(random);
        Call call =
            new Call(rows, width, vocab, refWidth, trial > 0, trial == 3, trial == 1 ? 1 : 0.7);
        assertAgrees(
            "lmHead " + call,
            ROUNDINGS,
            LossKernelsTest::storedRoundings,
            bench -> lmHead(bench, call, 0, rows));
        Call capped = call.capped(trial % 2 == 0 ? 3 : 30);
        assertAgrees(
            "lmHead " + capped,
            ROUNDINGS,
            LossKernelsTest::storedRoundings,
            bench -> lmHead(bench, capped, 0, rows));
      }
    }
  }

  @Test
  default void lmHead_withoutTheGradientOfItsHead_agreesWithReference() {
    for (int vocab : new int[] {3, 64, 513}) {
      Call call = new Call(17, 33, vocab, 12, true, true, 0.7, vocab % 2 * 5);
      assertAgrees(
          "lmHead frozen " + call,
          ROUNDINGS,
          LossKernelsTest::storedRoundings,
          bench -> lmHead(bench, call, null, 0, 17));
    }
  }

  @Test
  default void lmHead_ofNoRows_writesNothing() {
    Call call = new Call(0, 5, 7, 3, true, true, 1);
    assertAgrees("lmHead without rows", 0, bench -> lmHead(bench, call, 0, 0));
  }

  @Test
  default void lmHead_withLogitsOfThousands_staysFinite() {
    // hidden = ±100, head = ±10 in both directions: logits ±2000, π is one-hot.
    assertAgrees(
        "lmHead with huge logits",
        ROUNDINGS,
        LossKernelsTest::storedRoundings,
        bench -> {
          Tensor hidden =
              bench.input("hidden", new double[] {100, 100, 100, -100, -100, -100}, 3, 2);
          Tensor head = bench.input("head", new double[] {10, 10, 10, -10, -10, -10}, 3, 2);
          Tensor targets = bench.ints(new int[] {0, 0, 1}, 3);
          Tensor coef = bench.stateInput("logProbCoef", 3);
          HeadOutputs outputs =
              new HeadOutputs(
                  bench.stateOutput("logProb", 3), bench.stateOutput("entropy", 3), null, null);
          HeadGradients gradients =
              new HeadGradients(
                  bench.output("dHidden", 3, 2), bench.stateUpdated("dHead", 3, 2), coef, null);
          bench.ops().lmHead(outputs, gradients, hidden, head, targets, null, 1, 0);
        });
  }

  @Test
  default void lmHeadRows_haveTheSameBitsInEveryBatch_withAndWithoutGradientsOrReference() {
    assumeBitExact();
    SplittableRandom random = Conformance.random("lmHead rows");
    try (Backend backend = open(2)) {
      for (int vocab : new int[] {2, 17, 64, 129, 513}) {
        int n = 40;
        int width = Conformance.size(random);
        Call full = new Call(n, width, vocab, 12, true, true, 0.7, vocab % 2 * 5);
        Call scoring = new Call(n, width, vocab, 0, false, false, 0.7, vocab % 2 * 5);
        String what = "lmHead rows " + full;
        Map<String, double[]> whole =
            Conformance.run(backend, what, bench -> lmHead(bench, full, 0, n));
        for (int[] part : new int[][] {{0, 1}, {6, 7}, {39, 40}, {3, 20}, {16, 33}}) {
          int from = part[0];
          int to = part[1];
          Map<String, double[]> piece =
              Conformance.run(backend, what, bench -> lmHead(bench, full, from, to));
          for (String name : whole.keySet()) {
            if (!name.equals("dHead")) {
              int columns = outputNamed(whole, name).length / n;
              Conformance.assertSameBits(
                  "%s %d..%d %s".formatted(what, from, to, name),
                  outputNamed(piece, name),
                  rows(outputNamed(whole, name), from, to, columns));
            }
          }
          Map<String, double[]> scores =
              Conformance.run(backend, what, bench -> lmHead(bench, scoring, from, to));
          Conformance.assertSameBits(
              what + " scoring",
              outputNamed(scores, "logProb"),
              rows(outputNamed(whole, "logProb"), from, to, 1));
          Conformance.assertSameBits(
              what + " scoring",
              outputNamed(scores, "entropy"),
              rows(outputNamed(whole, "entropy"), from, to, 1));
        }
      }
    }
  }

  @Test
  default void lmHead_weightGradientsOfMicroBatches_equalTheWholeBatchBitForBit() {
    assumeBitExact();
    try (Backend backend = open(2)) {
      for (int vocab : new int[] {3, 64, 129}) {
        Call call = new Call(100, 33, vocab, 12, true, true, 1);
        String what = "lmHead split " + call;
        Map<String, double[]> whole =
            Conformance.run(backend, what, bench -> lmHeadInPieces(bench, call, 100));
        for (int piece : new int[] {1, 7, 16, 50}) {
          Map<String, double[]> split =
              Conformance.run(backend, what, bench -> lmHeadInPieces(bench, call, piece));
          for (String name : whole.keySet()) {
            Conformance.assertSameBits(
                "%s by %d: %s".formatted(what, piece, name),
                outputNamed(split, name),
                outputNamed(whole, name));
          }
        }
      }
    }
  }

  @Test
  default void lmHead_hasTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    for (int vocab : new int[] {3, 64, 1000}) {
      Call call = new Call(100, 33, vocab, 12, true, true, 0.7);
      assertSameBitsAtAllThreadCounts("lmHead " + call, bench -> lmHead(bench, call, 0, 100));
    }
  }

  private static void lmHead(Bench bench, Call call, int from, int to) {
    Tensor dHead =
        call.gradients() ? bench.stateUpdated("dHead", call.vocab(), call.width()) : null;
    lmHead(bench, call, dHead, from, to);
  }

  private static void lmHead(Bench bench, Call call, @Nullable Tensor dHead, int from, int to) {
    Inputs in = new Inputs(bench, call);
    int n = to - from;
    boolean withReference = in.reference != null;
    HeadOutputs outputs =
        new HeadOutputs(
            bench.stateOutput("logProb", n),
            bench.stateOutput("entropy", n),
            withReference ? bench.stateOutput("kl", n) : null,
            withReference ? bench.stateOutput("refLogProb", n) : null);
    Tensor dHidden = call.gradients() ? bench.output("dHidden", n, call.width()) : null;
    in.run(outputs, dHidden, dHead, from, to);
  }

  private static void lmHeadInPieces(Bench bench, Call call, int piece) {
    Inputs in = new Inputs(bench, call);
    Tensor dHead = bench.stateUpdated("dHead", call.vocab(), call.width());
    for (int from = 0; from < call.rows(); from += piece) {
      int to = Math.min(call.rows(), from + piece);
      int n = to - from;
      HeadOutputs outputs =
          new HeadOutputs(
              bench.stateScratch(n),
              bench.stateScratch(n),
              bench.stateScratch(n),
              bench.stateScratch(n));
      in.run(outputs, bench.scratch(n, call.width()), dHead, from, to);
    }
  }

  /** The inputs of one call. */
  final class Inputs {
    private final Bench bench;
    private final Call call;
    private final Tensor hidden;
    private final Tensor head;
    private final Tensor targets;
    private final Tensor logProbCoef;
    private final @Nullable Tensor klCoef;
    private final @Nullable Tensor entropyCoef;
    private final @Nullable HeadReference reference;

    Inputs(Bench bench, Call call) {
      this.bench = bench;
      this.call = call;
      this.hidden = bench.input("hidden", call.rows(), call.width());
      this.head = bench.input("head", call.vocab(), call.width());
      int[] ids = Conformance.random("targets").ints(call.rows(), 0, call.vocab()).toArray();
      this.targets = bench.ints(ids, call.rows());
      this.logProbCoef = bench.stateInput("logProbCoef", call.rows());
      this.klCoef = call.kl() ? bench.stateInput("klCoef", call.rows()) : null;
      // Even vocabularies come with a gradient of the entropy, with and without a reference.
      this.entropyCoef =
          call.vocab() % 2 == 0 ? bench.stateInput("entropyCoef", call.rows()) : null;
      this.reference =
          call.refWidth() == 0
              ? null
              : new HeadReference(
                  bench.input("refHidden", call.rows(), call.refWidth()),
                  bench.input("refHead", call.vocab(), call.refWidth()));
    }

    void run(
        HeadOutputs outputs, @Nullable Tensor dHidden, @Nullable Tensor dHead, int from, int to) {
      HeadGradients gradients =
          dHidden == null
              ? null
              : new HeadGradients(
                  dHidden,
                  dHead,
                  logProbCoef.rows(from, to),
                  klCoef == null ? null : klCoef.rows(from, to),
                  entropyCoef == null ? null : entropyCoef.rows(from, to));
      HeadReference part =
          reference == null
              ? null
              : new HeadReference(reference.hidden().rows(from, to), reference.head());
      bench
          .ops()
          .lmHead(
              outputs,
              gradients,
              hidden.rows(from, to),
              head,
              targets.rows(from, to),
              part,
              call.invTemperature(),
              call.softCap());
    }
  }
}
