package org.score4j.kernels.cpu;

/**
 * Panels of a B that is BF16: widened, as {@link SgemmPanels} makes them of F32, or packed for
 * {@link SgemmNarrowTiles}, two columns to an int.
 */
final class NarrowPanels {
  private static final int W = SgemmTiles.W;

  /** Ints of a row of a packed panel. */
  static final int WORDS = CpuSgemm.PANEL / 2;

  private static final long ROW_BYTES = (long) WORDS * Integer.BYTES;

  /** Rows of a transposed panel that are packed at a time, so that they stay in L1. */
  private static final int ROWS = 16;

  private NarrowPanels() {}

  /** See {@link SgemmPanels#panel}. */
  static void widen(long to, long b, int ldb, int depth, int width) {
    int stride = Math.ceilDiv(width, W) * W;
    for (int p = 0; p < depth; p++) {
      long row = to + (long) p * stride * Float.BYTES;
      NarrowMemory.copy(row, b + (long) p * ldb * NarrowMemory.BYTES, width);
      for (int j = width; j < stride; j++) {
        HostMemory.setFloat(row + (long) j * Float.BYTES, 0);
      }
    }
  }

  /** See {@link SgemmPanels#transposedPanel}. */
  static void widenTransposed(long to, long b, int ldb, int depth, int width) {
    int stride = Math.ceilDiv(width, W) * W;
    long strideBytes = (long) stride * Float.BYTES;
    long rowBytes = (long) ldb * NarrowMemory.BYTES;
    int j = 0;
    for (; j <= width - 8; j += 8) {
      transposeEight(to + (long) j * Float.BYTES, b + j * rowBytes, rowBytes, depth, strideBytes);
    }
    for (; j < width; j++) {
      long row = b + j * rowBytes;
      for (int p = 0; p < depth; p++) {
        HostMemory.setFloat(
            to + p * strideBytes + (long) j * Float.BYTES,
            NarrowMemory.getFloat(row + (long) p * NarrowMemory.BYTES));
      }
    }
    for (; j < stride; j++) {
      for (int p = 0; p < depth; p++) {
        HostMemory.setFloat(to + p * strideBytes + (long) j * Float.BYTES, 0);
      }
    }
  }

  private static void transposeEight(long to, long b, long rowBytes, int depth, long strideBytes) {
    long b4 = b + 4 * rowBytes;
    for (int p = 0; p < depth; p++) {
      long row = to + p * strideBytes;
      long offset = (long) p * NarrowMemory.BYTES;
      HostMemory.setFloat(row, NarrowMemory.getFloat(b + offset));
      HostMemory.setFloat(row + 4, NarrowMemory.getFloat(b + rowBytes + offset));
      HostMemory.setFloat(row + 8, NarrowMemory.getFloat(b + 2 * rowBytes + offset));
      HostMemory.setFloat(row + 12, NarrowMemory.getFloat(b + 3 * rowBytes + offset));
      HostMemory.setFloat(row + 16, NarrowMemory.getFloat(b4 + offset));
      HostMemory.setFloat(row + 20, NarrowMemory.getFloat(b4 + rowBytes + offset));
      HostMemory.setFloat(row + 24, NarrowMemory.getFloat(b4 + 2 * rowBytes + offset));
      HostMemory.setFloat(row + 28, NarrowMemory.getFloat(b4 + 3 * rowBytes + offset));
    }
  }

  /**
   * Copies a panel, always {@link CpuSgemm#PANEL} columns wide: word w of a row holds, of its pair
   * of vectors, a column of the first in its lower and one of the second in its upper half; beyond
   * {@code width} there are zeros.
   *
   * @param to address of the panel
   * @param b address of (depth, width), or of (width, depth) if transposed
   * @param ldb of b, in elements
   */
  static void pack(long to, long b, int ldb, boolean transposed, int depth, int width) {
    long rowBytes = (long) ldb * NarrowMemory.BYTES;
    long columnStep = transposed ? rowBytes : NarrowMemory.BYTES;
    long depthStep = transposed ? NarrowMemory.BYTES : rowBytes;
    for (int first = 0; first < depth; first += ROWS) {
      int rows = Math.min(ROWS, depth - first);
      for (int w = 0; w < WORDS; w++) {
        int low = w / W * 2 * W + w % W;
        int high = low + W;
        long at = b + first * depthStep + low * columnStep;
        long word = to + first * ROW_BYTES + (long) w * Integer.BYTES;
        if (high < width) {
          packTwo(word, at, at + W * columnStep, depthStep, rows);
        } else if (low < width) {
          packOne(word, at, depthStep, rows);
        } else {
          for (int p = 0; p < rows; p++) {
            HostMemory.setInt(word + p * ROW_BYTES, 0);
          }
        }
      }
    }
  }

  private static void packTwo(long to, long low, long high, long step, int rows) {
    for (int p = 0; p < rows; p++) {
      HostMemory.setInt(
          to + p * ROW_BYTES,
          NarrowMemory.bits(low + p * step) | NarrowMemory.bits(high + p * step) << 16);
    }
  }

  private static void packOne(long to, long low, long step, int rows) {
    for (int p = 0; p < rows; p++) {
      HostMemory.setInt(to + p * ROW_BYTES, NarrowMemory.bits(low + p * step));
    }
  }
}
