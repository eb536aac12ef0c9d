package org.score4j.tests.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.score4j.kernels.Tensor;

/**
 * Segments of a packed batch.
 *
 * @param tokens in all
 * @param rows start, length, prefixStart, prefixLength of each segment
 */
record Packing(int tokens, List<int[]> rows) {

  /**
   * Prompts of awkward lengths, each with up to three continuations that share all of it or only
   * its beginning.
   */
  static Packing random(SplittableRandom random, int prompts) {
    List<int[]> rows = new ArrayList<>();
    int at = 0;
    for (int p = 0; p < prompts; p++) {
      int start = at;
      int length = Conformance.size(random);
      rows.add(new int[] {start, length, 0, 0});
      at += length;
      int shared = random.nextBoolean() ? length : 1 + random.nextInt(length);
      int continuations = random.nextInt(4);
      for (int c = 0; c < continuations; c++) {
        int own = 1 + random.nextInt(40);
        rows.add(new int[] {at, own, start, shared});
        at += own;
      }
    }
    return new Packing(at, rows);
  }

  /** Independent sequences of these lengths. */
  static Packing of(int... lengths) {
    List<int[]> rows = new ArrayList<>();
    int at = 0;
    for (int length : lengths) {
      rows.add(new int[] {at, length, 0, 0});
      at += length;
    }
    return new Packing(at, rows);
  }

  /** One prompt and its continuations. */
  static Packing fork(int promptLength, int... lengths) {
    List<int[]> rows = new ArrayList<>();
    rows.add(new int[] {0, promptLength, 0, 0});
    int at = promptLength;
    for (int length : lengths) {
      rows.add(new int[] {at, length, 0, promptLength});
      at += length;
    }
    return new Packing(at, rows);
  }

  /** As the kernels read it. */
  Tensor segments(Bench bench) {
    return bench.ints(rows.stream().flatMapToInt(Arrays::stream).toArray(), rows.size(), 4);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int[] row : rows) {
      text.append(" %d+%d<%d+%d".formatted(row[0], row[1], row[2], row[3]));
    }
    return text.substring(1);
  }
}
