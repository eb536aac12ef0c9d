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
  default void gates_andTheirBackward_agreeWithReference() {
    for (Gate gate : Gate.values()) {
      SplittableRandom random = Conformance.random(gate.toString());
      for (int width : SIZES) {
        int tokens = Conformance.size(random);
        assertAgrees(
            "%s (%d, %d)".formatted(gate, tokens, width),
            ROUNDINGS,
            bench -> gate.bothWays(bench, 0, tokens, tokens, width));
      }
    }
  }

  /** Rows wider than a block of GPU threads takes. */
  @Test
  default void gates_ofWideRows_agreeWithReference() {
    for (Gate gate : Gate.values()) {
      for (int width : new int[] {2064, 4099}) {
        assertAgrees(
            "%s (3, %d)".formatted(gate, width),
            ROUNDINGS,
            bench -> gate.bothWays(bench, 0, 3, 3, width));
      }
    }
  }

  @Test
  default void hugeGates_neitherOverflowNorBecomeNaN() {
    double[] values = {
      -1e30, -1000, -104, -88.5, -30, -10.5, -10, -9.5, -3, -1e-30, 0, 1e-30, 3, 9.5, 10, 10.5, 30,
      88.5, 104, 1000, 1e30
    };
    // One gate per call, so that the tolerance scales with each result by itself.
    for (Gate gate : Gate.values()) {
      for (double wide : values) {
        double value = (float) wide;
        assertAgrees(
            "%s of gate %s".formatted(gate, value),
            ROUNDINGS,
            bench -> {
              Tensor in = bench.input("gateUp", new double[] {value, 1}, 1, 2);
              Tensor one = bench.input("dOut", new double[] {1}, 1, 1);
              gate.run(bench, bench.output("out", 1, 1), bench.output("dGateUp", 1, 2), one, in);
            });
      }
    }
  }

  @Test
  default void activationRows_haveTheSameBitsInEveryBatch() {
    assumeBitExact();
    int tokens = 20;
    try (Backend backend = open(2)) {
      for (Gate gate : Gate.values()) {
        for (int width : SIZES) {
          String what = gate + " width " + width;
          Map<String, double[]> whole =
              Conformance.run(
                  backend, what, bench -> gate.bothWays(bench, 0, tokens, tokens, width));
          for (int[] part : new int[][] {{0, 1}, {7, 8}, {19, 20}, {3, 18}}) {
            int from = part[0];
            int to = part[1];
            Map<String, double[]> piece =
                Conformance.run(
                    backend, what, bench -> gate.bothWays(bench, from, to, tokens, width));
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
  }

  @Test
  default void gates_haveTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    for (Gate gate : Gate.values()) {
      assertSameBitsAtAllThreadCounts(
          gate.toString(), bench -> gate.bothWays(bench, 0, 100, 100, 344));
    }
  }

  /** The gated activations. */
  enum Gate {
    SWIGLU,
    GEGLU;

    void run(Bench bench, Tensor out, Tensor dGateUp, Tensor dOut, Tensor gateUp) {
      switch (this) {
        case SWIGLU -> {
          bench.ops().swiglu(out, gateUp);
          bench.ops().swigluBackward(dGateUp, dOut, gateUp);
        }
        case GEGLU -> {
          bench.ops().geglu(out, gateUp);
          bench.ops().gegluBackward(dGateUp, dOut, gateUp);
        }
      }
    }

    void bothWays(Bench bench, int from, int to, int tokens, int width) {
      int n = to - from;
      Tensor gateUp = bench.input("gateUp", tokens, 2 * width).rows(from, to);
      Tensor dOut = bench.input("dOut", tokens, width).rows(from, to);
      run(
          bench,
          bench.output("out", n, width),
          bench.output("dGateUp", n, 2 * width),
          dOut,
          gateUp);
    }
  }
}
