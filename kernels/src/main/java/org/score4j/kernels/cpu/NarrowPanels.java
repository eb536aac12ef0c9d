package org.score4j.kernels.cpu;

/**
 * Panels of a B that is BF16: widened to {@code float[]}, as {@link SgemmPanels} makes them of F32,
 * or packed for {@link SgemmNarrowTiles}, two columns to an int.
 */
final class NarrowPanels {
  private static final int W = SgemmTiles.W;

  /** Ints of a row of a packed panel. */
  static final int WORDS = CpuSgemm.PANEL / 2;

  /** Rows of a transposed panel that are packed at a time, so that they stay in L1. */
  private static final int ROWS = 16;

  private NarrowPanels() {}

  /** See {@link SgemmPanels#panel}. */
  static void widen(float[] s, int to, long b, int ldb, int depth, int width) {
    int stride = Math.ceilDiv(width, W) * W;
    for (int p = 0; p < depth; p++) {
      int row = to + p * stride;
      NarrowMemory.copy(s, row, b + (long) p * ldb * NarrowMemory.BYTES, width);
      for (int j = width; j < stride; j++) {
        s[row + j] = 0;
      }
    }
  }

  /** See {@link SgemmPanels#transposedPanel}. */
  static void widenTransposed(float[] s, int to, long b, int ldb, int depth, int width) {
    int stride = Math.ceilDiv(width, W) * W;
    long rowBytes = (long) ldb * NarrowMemory.BYTES;
    int j = 0;
    for (; j <= width - 8; j += 8) {
      transposeEight(s, to + j, b + j * rowBytes, rowBytes, depth, stride);
    }
    for (; j < width; j++) {
      long row = b + j * rowBytes;
      for (int p = 0; p < depth; p++) {
        s[to + p * stride + j] = NarrowMemory.getFloat(row + (long) p * NarrowMemory.BYTES);
      }
    }
    for (; j < stride; j++) {
      for (int p = 0; p < depth; p++) {
        s[to + p * stride + j] = 0;
      }
    }
  }

  private static void transposeEight(
      float[] s, int to, long b, long rowBytes, int depth, int stride) {
    long b4 = b + 4 * rowBytes;
    for (int p = 0; p < depth; p++) {
      int row = to + p * stride;
      long offset = (long) p * NarrowMemory.BYTES;
      s[row] = NarrowMemory.getFloat(b + offset);
      s[row + 1] = NarrowMemory.getFloat(b + rowBytes + offset);
      s[row + 2] = NarrowMemory.getFloat(b + 2 * rowBytes + offset);
      s[row + 3] = NarrowMemory.getFloat(b + 3 * rowBytes + offset);
      s[row + 4] = NarrowMemory.getFloat(b4 + offset);
      s[row + 5] = NarrowMemory.getFloat(b4 + rowBytes + offset);
      s[row + 6] = NarrowMemory.getFloat(b4 + 2 * rowBytes + offset);
      s[row + 7] = NarrowMemory.getFloat(b4 + 3 * rowBytes + offset);
    }
  }

  /**
   * Copies a panel, always {@link CpuSgemm#PANEL} columns wide: word w of a row holds, of its pair
   * of vectors, a column of the first in its lower and one of the second in its upper half; beyond
   * {@code width} there are zeros.
   *
   * @param b address of (depth, width), or of (width, depth) if transposed
   * @param ldb of b, in elements
   */
  static void pack(int[] words, int to, long b, int ldb, boolean transposed, int depth, int width) {
    long rowBytes = (long) ldb * NarrowMemory.BYTES;
    long columnStep = transposed ? rowBytes : NarrowMemory.BYTES;
    long depthStep = transposed ? NarrowMemory.BYTES : rowBytes;
    for (int first = 0; first < depth; first += ROWS) {
      int rows = Math.min(ROWS, depth - first);
      for (int w = 0; w < WORDS; w++) {
        int low = w / W * 2 * W + w % W;
        int high = low + W;
        long at = b + first * depthStep + low * columnStep;
        int word = to + first * WORDS + w;
        if (high < width) {
          packTwo(words, word, at, at + W * columnStep, depthStep, rows);
        } else if (low < width) {
          packOne(words, word, at, depthStep, rows);
        } else {
          for (int p = 0; p < rows; p++) {
            words[word + p * WORDS] = 0;
          }
        }
      }
    }
  }

  private static void packTwo(int[] words, int to, long low, long high, long step, int rows) {
    for (int p = 0; p < rows; p++) {
      words[to + p * WORDS] =
          NarrowMemory.bits(low + p * step) | NarrowMemory.bits(high + p * step) << 16;
    }
  }

  private static void packOne(int[] words, int to, long low, long step, int rows) {
    for (int p = 0; p < rows; p++) {
      words[to + p * WORDS] = NarrowMemory.bits(low + p * step);
    }
  }
}
