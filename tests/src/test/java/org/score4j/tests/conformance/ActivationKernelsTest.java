package org.score4j.tests.conformance;

import static org.score4j.tests.conformance.Conformance.outputNamed;
import static org.score4j.tests.conformance.Conformance.rows;

import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.ActivationKernels;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Tensor;

/** {@link ActivationKernels}. */
interface ActivationKernelsTest extends Conformance {
  /** An exponential good to two units of rounding, a division and at most five products. */
  double ROUNDINGS = 16;

  @Test
  default void swiglu_andItsBackward_agreeWithReference() {
    SplittableRandom random = Conformance.random("swiglu");
    for (int width : SIZES) {
      int tokens = Conformance.size(random);
      assertAgrees(
          "swiglu (%d, %d)".formatted(tokens, width),
          ROUNDINGS,
          bench -> bothWays(bench, 0, tokens, tokens, width));
    }
  }

  /** Rows wider than a block of GPU threads takes. */
  @Test
  default void swiglu_ofWideRows_agreesWithReference() {
    for (int width : new int[] {2064, 4099}) {
      assertAgrees(
          "swiglu (3, %d)".formatted(width), ROUNDINGS, bench -> bothWays(bench, 0, 3, 3, width));
    }
  }

  @Test
  default void swiglu_ofHugeGates_neitherOverflowsNorBecomesNaN() {
    double[] gates = {-1e30, -1000, -104, -88.5, -30, -1e-30, 0, 1e-30, 30, 88.5, 104, 1000, 1e30};
    // One gate per call, so that the tolerance scales with each result by itself.
    for (double wide : gates) {
      double gate = (float) wide;
      assertAgrees(
          "swiglu of gate " + gate,
          ROUNDINGS,
          bench -> {
            Tensor in = bench.input("gateUp", new double[] {gate, 1}, 1, 2);
            bench.ops().swiglu(bench.output("out", 1, 1), in);
            Tensor one = bench.input("dOut", new double[] {1}, 1, 1);
            bench.ops().swigluBackward(bench.output("dGateUp", 1, 2), one, in);
          });
    }
  }

  @Test
  default void activationRows_haveTheSameBitsInEveryBatch() {
    assumeBitExact();
    int tokens = 20;
    try (Backend backend = open(2)) {
      for (int width : SIZES) {
        String what = "swiglu width " + width;
        Map<String, double[]> whole =
            Conformance.run(backend, what, bench -> bothWays(bench, 0, tokens, tokens, width));
        for (int[] part : new int[][] {{0, 1}, {7, 8}, {19, 20}, {3, 18}}) {
          int from = part[0];
          int to = part[1];
          Map<String, double[]> piece =
              Conformance.run(backend, what, bench -> bothWays(bench, from, to, tokens, width));
          Conformance.assertSameBits(
              what, outputNamed(piece, "out"), rows(outputNamed(whole, "out"), from, to, width));
          Conformance.assertSameBits(
              what,
              outputNamed(piece, "dGateUp"),
              rows(outputNamed(whole, "dGateUp"), from, to, 2 * width));
        }
      }
    }
  }

  @Test
  default void swiglu_hasTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    assertSameBitsAtAllThreadCounts("swiglu", bench -> bothWays(bench, 0, 100, 100, 344));
  }

  private static void bothWays(Bench bench, int from, int to, int tokens, int width) {
    Tensor gateUp = bench.input("gateUp", tokens, 2 * width).rows(from, to);
    Tensor dOut = bench.input("dOut", tokens, width).rows(from, to);
    bench.ops().swiglu(bench.output("out", to - from, width), gateUp);
    bench.ops().swigluBackward(bench.output("dGateUp", to - from, 2 * width), dOut, gateUp);
  }
}
