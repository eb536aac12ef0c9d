package org.score4j.tests.conformance;

import static org.score4j.tests.conformance.Conformance.outputNamed;

import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Backend;
import org.score4j.kernels.RopeKernels;
import org.score4j.kernels.Tensor;

/** {@link RopeKernels}. */
interface RopeKernelsTest extends Conformance {
  /** Two products and one sum per element; the tables are rounded alike on both sides. */
  double ROUNDINGS = 4;

  int MAX_POSITIONS = 50;

  @Test
  default void rope_andItsBackward_agreeWithReference() {
    for (int[] s : layouts()) {
      AttentionShape heads = new AttentionShape(s[1], s[2], s[3]);
      assertAgrees("rope " + heads, ROUNDINGS, bench -> rotate(bench, 0, s[0], s[0], heads));
    }
  }

  @Test
  default void ropeBackward_undoesRope() {
    try (Backend backend = open(2)) {
      AttentionShape heads = new AttentionShape(4, 2, 16);
      Map<String, double[]> results =
          Conformance.run(
              backend,
              "rope there and back",
              bench -> {
                Tensor x = bench.updated("x", 33, heads.qkvWidth());
                Tensor original = bench.updated("original", bench.normals("x", 33 * 128), 33, 128);
                Tensor positions = bench.ints(positions(33), 33);
                double[][] tables = tables(heads.headDim() / 2);
                Tensor cos = bench.stateInput("cos", tables[0], MAX_POSITIONS, 8);
                Tensor sin = bench.stateInput("sin", tables[1], MAX_POSITIONS, 8);
                bench.ops().rope(x, positions, cos, sin, heads);
                bench.ops().ropeBackward(x, positions, cos, sin, heads);
                bench.ops().scale(original, original, 1);
              });
      // Unit normals up to 4, rotated twice; cos² + sin² of the tables' single-precision numbers is
      // 1 within 2⁻²³.
      double tolerance = 4 * 0x1p-23 + 32 * Conformance.unitRoundoff(backend);
      Conformance.assertClose(
          "rope there and back",
          outputNamed(results, "x"),
          outputNamed(results, "original"),
          tolerance);
    }
  }

  @Test
  default void ropeRows_haveTheSameBitsInEveryBatch() {
    assumeBitExact();
    try (Backend backend = open(2)) {
      for (int[] s : layouts()) {
        AttentionShape heads = new AttentionShape(s[1], s[2], s[3]);
        int tokens = s[0];
        String what = "rope " + heads;
        Map<String, double[]> whole =
            Conformance.run(backend, what, bench -> rotate(bench, 0, tokens, tokens, heads));
        int last = tokens - 1;
        Map<String, double[]> alone =
            Conformance.run(backend, what, bench -> rotate(bench, last, tokens, tokens, heads));
        for (String name : whole.keySet()) {
          // Both runs hold all rows, the second rotates the last one only.
          int width = heads.qkvWidth();
          Conformance.assertSameBits(
              what + " " + name,
              Conformance.rows(outputNamed(alone, name), last, tokens, width),
              Conformance.rows(outputNamed(whole, name), last, tokens, width));
        }
      }
    }
  }

  @Test
  default void rope_hasTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    AttentionShape heads = new AttentionShape(4, 2, 16);
    assertSameBitsAtAllThreadCounts("rope", bench -> rotate(bench, 0, 129, 129, heads));
  }

  private static void rotate(Bench bench, int from, int to, int tokens, AttentionShape heads) {
    int half = heads.headDim() / 2;
    double[][] tables = tables(half);
    Tensor x = bench.updated("x", tokens, heads.qkvWidth()).rows(from, to);
    Tensor dX = bench.updated("dX", tokens, heads.qkvWidth()).rows(from, to);
    Tensor positions = bench.ints(positions(tokens), tokens).rows(from, to);
    Tensor cos = bench.stateInput("cos", tables[0], MAX_POSITIONS, half);
    Tensor sin = bench.stateInput("sin", tables[1], MAX_POSITIONS, half);
    bench.ops().rope(x, positions, cos, sin, heads);
    bench.ops().ropeBackward(dX, positions, cos, sin, heads);
  }

  /** In no particular order, the first and the last among them. */
  private static int[] positions(int tokens) {
    SplittableRandom random = Conformance.random("positions");
    int[] positions = random.ints(tokens, 0, MAX_POSITIONS).toArray();
    positions[0] = MAX_POSITIONS - 1;
    positions[tokens - 1] = tokens == 1 ? MAX_POSITIONS - 1 : 0;
    return positions;
  }

  private static double[][] tables(int half) {
    double[][] tables = new double[2][MAX_POSITIONS * half];
    for (int p = 0; p < MAX_POSITIONS; p++) {
      for (int i = 0; i < half; i++) {
        double angle = p * Math.pow(10_000, -(double) i / half);
        tables[0][p * half + i] = (float) Math.cos(angle);
        tables[1][p * half + i] = (float) Math.sin(angle);
      }
    }
    return tables;
  }

  private static int[][] layouts() {
    return new int[][] {
      {1, 1, 1, 2}, {5, 6, 2, 6}, {17, 4, 2, 8}, {33, 8, 1, 32}, {7, 3, 3, 16}, {16, 4, 4, 34}
    };
  }
}
