package org.score4j.tests.conformance;

import static org.score4j.tests.conformance.Conformance.outputNamed;

import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.Backend;
import org.score4j.kernels.EmbeddingKernels;
import org.score4j.kernels.Tensor;

/** {@link EmbeddingKernels}. */
interface EmbeddingKernelsTest extends Conformance {
  /** Copies are exact. */
  double EXACT = 0;

  /** At most 129 additions of unit normals to one element, each rounding by half a unit. */
  double ROUNDINGS = 64;

  @Test
  default void embedding_andGatherRows_copyExactly() {
    SplittableRandom random = Conformance.random("embedding");
    for (int width : SIZES) {
      int tokens = Conformance.size(random);
      int vocab = Conformance.size(random);
      int[] ids = random.ints(tokens, 0, vocab).toArray();
      assertAgrees(
          "embedding (%d, %d) of %d".formatted(tokens, width, vocab),
          EXACT,
          bench -> {
            Tensor weight = bench.input("weight", vocab, width);
            Tensor indices = bench.ints(ids, tokens);
            bench.ops().embedding(bench.output("embedded", tokens, width), indices, weight);
            bench.ops().gatherRows(bench.output("gathered", tokens, width), weight, indices);
          });
    }
  }

  @Test
  default void embeddingBackward_andScatterAddRows_addRepeatedRows() {
    SplittableRandom random = Conformance.random("embeddingBackward");
    for (int width : SIZES) {
      int tokens = Conformance.size(random);
      int vocab = 1 + random.nextInt(5);
      int[] ids = random.ints(tokens, 0, vocab).toArray();
      assertAgrees(
          "embeddingBackward (%d, %d) of %d".formatted(tokens, width, vocab),
          ROUNDINGS,
          bench -> inPieces(bench, ids, vocab, width, tokens));
    }
  }

  @Test
  default void embeddingGradients_ofMicroBatches_equalTheWholeBatchBitForBit() {
    assumeBitExact();
    int[] ids = Conformance.random("embedding split").ints(129, 0, 5).toArray();
    try (Backend backend = open(2)) {
      Map<String, double[]> whole =
          Conformance.run(backend, "embedding split", bench -> inPieces(bench, ids, 5, 33, 129));
      for (int piece : new int[] {1, 7, 16, 100}) {
        Map<String, double[]> split =
            Conformance.run(
                backend, "embedding split", bench -> inPieces(bench, ids, 5, 33, piece));
        for (String name : whole.keySet()) {
          Conformance.assertSameBits(
              "embedding by %d: %s".formatted(piece, name),
              outputNamed(split, name),
              outputNamed(whole, name));
        }
      }
    }
  }

  @Test
  default void embeddingGradients_haveTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    int[] ids = Conformance.random("embedding threads").ints(1000, 0, 12).toArray();
    assertSameBitsAtAllThreadCounts("embedding", bench -> inPieces(bench, ids, 12, 129, 1000));
  }

  /**
   * Rows wider than a block of GPU threads takes, and more tokens than it looks through at once.
   */
  @Test
  default void embeddings_ofManyTokensAndWideRows_agreeWithReference() {
    for (int[] s : new int[][] {{5, 2064}, {4, 2051}, {700, 16}, {1000, 3}}) {
      int[] ids = Conformance.random("many tokens").ints(s[0], 0, 40).toArray();
      assertAgrees(
          "embeddings (%d, %d)".formatted(s[0], s[1]),
          ROUNDINGS,
          bench -> {
            Tensor weight = bench.input("weight", 40, s[1]);
            Tensor embedded = bench.output("embedded", s[0], s[1]);
            bench.ops().embedding(embedded, bench.ints(ids, s[0]), weight);
            inPieces(bench, ids, 40, s[1], s[0]);
          });
    }
  }

  private static void inPieces(Bench bench, int[] ids, int vocab, int width, int piece) {
    Tensor dWeight = bench.stateUpdated("dWeight", vocab, width);
    Tensor dX = bench.updated("dX", vocab, width);
    Tensor dOut = bench.input("dOut", ids.length, width);
    Tensor indices = bench.ints(ids, ids.length);
    for (int from = 0; from < ids.length; from += piece) {
      int to = Math.min(ids.length, from + piece);
      bench.ops().embeddingBackward(dWeight, dOut.rows(from, to), indices.rows(from, to));
      bench.ops().scatterAddRows(dX, dOut.rows(from, to), indices.rows(from, to));
    }
  }
}
