package org.score4j.tests.conformance;

import static org.score4j.tests.conformance.Conformance.outputNamed;
import static org.score4j.tests.conformance.Conformance.rows;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.Backend;
import org.score4j.kernels.MatmulKernels;
import org.score4j.kernels.Tensor;

/** {@link MatmulKernels}. */
interface MatmulKernelsTest extends Conformance {
  /**
   * A chain of n products of unit normals grows like √n, and each addition rounds by half a unit of
   * it: an error of about n/2 units at most, √n typically. 129 is the longest chain; outputs are
   * compared on the scale of the largest.
   */
  double ROUNDINGS = 64;

  /** (tokens, in, out) of layers in use and triples of awkward sizes. */
  static int[][] shapes(String name, int count) {
    SplittableRandom random = Conformance.random(name);
    int[][] shapes = new int[count + 3][];
    shapes[0] = new int[] {129, 128, 384};
    shapes[1] = new int[] {33, 344, 128};
    shapes[2] = new int[] {1, 128, 688};
    for (int i = 3; i < shapes.length; i++) {
      shapes[i] =
          new int[] {Conformance.size(random), Conformance.size(random), Conformance.size(random)};
    }
    return shapes;
  }

  @Test
  default void linear_withAndWithoutBias_agreesWithReference() {
    for (int[] s : shapes("linear", 60)) {
      for (boolean biased : new boolean[] {false, true}) {
        assertAgrees(
            "linear (%d, %d, %d) bias=%b".formatted(s[0], s[1], s[2], biased),
            ROUNDINGS,
            bench ->
                bench
                    .ops()
                    .linear(
                        bench.output("out", s[0], s[2]),
                        bench.input("x", s[0], s[1]),
                        bench.input("weight", s[1], s[2]),
                        biased ? bench.input("bias", s[2]) : null));
      }
    }
  }

  @Test
  default void linearBackwardInput_agreesWithReference() {
    for (int[] s : shapes("linearBackwardInput", 60)) {
      assertAgrees(
          "linearBackwardInput (%d, %d, %d)".formatted(s[0], s[1], s[2]),
          ROUNDINGS,
          bench ->
              bench
                  .ops()
                  .linearBackwardInput(
                      bench.output("dX", s[0], s[1]),
                      bench.input("dOut", s[0], s[2]),
                      bench.input("weight", s[1], s[2])));
    }
  }

  @Test
  default void linearBackwardWeight_addsToWhatIsThere() {
    for (int[] s : shapes("linearBackwardWeight", 60)) {
      for (boolean biased : new boolean[] {false, true}) {
        assertAgrees(
            "linearBackwardWeight (%d, %d, %d) bias=%b".formatted(s[0], s[1], s[2], biased),
            ROUNDINGS,
            bench ->
                bench
                    .ops()
                    .linearBackwardWeight(
                        bench.stateUpdated("dWeight", s[1], s[2]),
                        biased ? bench.stateUpdated("dBias", s[2]) : null,
                        bench.input("x", s[0], s[1]),
                        bench.input("dOut", s[0], s[2])));
      }
    }
  }

  @Test
  default void linear_ofNoTokens_writesNothing() {
    assertAgrees(
        "linear without tokens",
        0,
        bench -> {
          Tensor x = bench.input("x", 0, 5);
          Tensor dOut = bench.input("dOut", 0, 7);
          bench.ops().linear(bench.output("out", 0, 7), x, bench.input("weight", 5, 7), null);
          bench.ops().linearBackwardWeight(bench.stateUpdated("dWeight", 5, 7), null, x, dOut);
        });
  }

  @Test
  default void matmulRows_haveTheSameBitsInEveryBatch() {
    assumeBitExact();
    try (Backend backend = open(2)) {
      for (int[] s : shapes("linear rows", 25)) {
        String what = "linear rows (%d, %d, %d)".formatted(s[0], s[1], s[2]);
        Consumer<Bench> whole = bench -> forwardAndBackward(bench, 0, s[0], s);
        Map<String, double[]> expected = Conformance.run(backend, what, whole);
        SplittableRandom random = Conformance.random(what);
        for (int trial = 0; trial < 6; trial++) {
          int from = random.nextInt(s[0]);
          int to = trial < 3 ? from + 1 : from + 1 + random.nextInt(s[0] - from);
          Map<String, double[]> part =
              Conformance.run(backend, what, bench -> forwardAndBackward(bench, from, to, s));
          String name = "%s rows %d..%d ".formatted(what, from, to);
          Conformance.assertSameBits(
              name + "out",
              outputNamed(part, "out"),
              rows(outputNamed(expected, "out"), from, to, s[2]));
          Conformance.assertSameBits(
              name + "dX",
              outputNamed(part, "dX"),
              rows(outputNamed(expected, "dX"), from, to, s[1]));
        }
      }
    }
  }

  private static void forwardAndBackward(Bench bench, int from, int to, int[] s) {
    Tensor weight = bench.input("weight", s[1], s[2]);
    Tensor bias = bench.input("bias", s[2]);
    Tensor x = bench.input("x", s[0], s[1]).rows(from, to);
    Tensor dOut = bench.input("dOut", s[0], s[2]).rows(from, to);
    bench.ops().linear(bench.output("out", to - from, s[2]), x, weight, bias);
    bench.ops().linearBackwardInput(bench.output("dX", to - from, s[1]), dOut, weight);
  }

  @Test
  default void matmulWeightGradients_ofMicroBatches_equalTheWholeBatchBitForBit() {
    assumeBitExact();
    try (Backend backend = open(2)) {
      for (int[] s : shapes("linear micro-batches", 25)) {
        String what = "linearBackwardWeight split (%d, %d, %d)".formatted(s[0], s[1], s[2]);
        Map<String, double[]> whole =
            Conformance.run(backend, what, bench -> accumulateInPieces(bench, s, s[0]));
        for (int piece : new int[] {1, 3, 16, 50}) {
          Map<String, double[]> split =
              Conformance.run(backend, what, bench -> accumulateInPieces(bench, s, piece));
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

  private static void accumulateInPieces(Bench bench, int[] s, int piece) {
    Tensor dWeight = bench.stateUpdated("dWeight", s[1], s[2]);
    Tensor dBias = bench.stateUpdated("dBias", s[2]);
    Tensor x = bench.input("x", s[0], s[1]);
    Tensor dOut = bench.input("dOut", s[0], s[2]);
    for (int from = 0; from < s[0]; from += piece) {
      int to = Math.min(s[0], from + piece);
      bench.ops().linearBackwardWeight(dWeight, dBias, x.rows(from, to), dOut.rows(from, to));
    }
  }

  @Test
  default void matmuls_haveTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    for (int[] s : shapes("linear threads", 12)) {
      assertSameBitsAtAllThreadCounts(
          "linear (%d, %d, %d)".formatted(s[0], s[1], s[2]),
          bench -> {
            forwardAndBackward(bench, 0, s[0], s);
            accumulateInPieces(bench, s, s[0]);
          });
    }
  }
}
