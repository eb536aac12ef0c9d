package org.score4j.kernels.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Copies between matrices and what {@link SgemmTiles} works on: tiles and the block of A on a
 * {@code float[]}, panels of B in native memory.
 */
final class SgemmPanels {
  private static final VectorSpecies<Float> SPECIES = SgemmTiles.SPECIES;
  private static final int W = SgemmTiles.W;
  private static final long VECTOR_BYTES = SgemmTiles.VECTOR_BYTES;

  /** Floats of the widest tile. */
  static final int TILE_FLOATS = SgemmTiles.ROWS * SgemmTiles.MAX_VECTORS * W;

  /**
   * Where the tile lies: behind the array's header of 16 bytes, at a multiple of 64 bytes when the
   * array itself is at one.
   */
  static final int TILE = 12;

  /** A tile of zeros. */
  static final int ZEROS = TILE + TILE_FLOATS;

  /** The block of A. */
  static final int BLOCK = ZEROS + TILE_FLOATS;

  private SgemmPanels() {}

  /** Makes the tile of zeros one. */
  static void clearZeros(float[] s) {
    Arrays.fill(s, ZEROS, ZEROS + TILE_FLOATS, 0f);
  }

  /** Copies (rows, columns) from {@code a}; in the array a row begins every {@code stride}. */
  static void copyRows(float[] s, int to, long a, int lda, int rows, int columns, int stride) {
    if (lda == columns && stride == columns) {
      copy(s, to, a, rows * columns);
      return;
    }
    for (int r = 0; r < rows; r++) {
      copy(s, to + r * stride, a + (long) r * lda * Float.BYTES, columns);
    }
  }

  private static void copy(float[] s, int to, long from, int count) {
    int i = 0;
    for (; i <= count - W; i += W) {
      FloatVector.fromMemorySegment(
              SPECIES, HostMemory.ALL, from + (long) i * Float.BYTES, HostMemory.ORDER)
          .intoArray(s, to + i);
    }
    for (; i < count; i++) {
      s[to + i] = HostMemory.getFloat(from + (long) i * Float.BYTES);
    }
  }

  private static void copy(long to, long from, int count) {
    int i = 0;
    for (; i <= count - W; i += W) {
      long offset = (long) i * Float.BYTES;
      load(from + offset).intoMemorySegment(HostMemory.ALL, to + offset, HostMemory.ORDER);
    }
    for (; i < count; i++) {
      long offset = (long) i * Float.BYTES;
      HostMemory.setFloat(to + offset, HostMemory.getFloat(from + offset));
    }
  }

  /**
   * Copies {@code width} columns of {@code b}; in the panel a row is as wide as its vectors and
   * ends in zeros.
   *
   * @param to address of the panel
   */
  static void panel(long to, WeightAddress b, int ldb, int depth, int width) {
    if (b.narrow()) {
      NarrowPanels.widen(to, b.address(), ldb, depth, width);
    } else {
      widePanel(to, b.address(), ldb, depth, width);
    }
  }

  private static void widePanel(long to, long b, int ldb, int depth, int width) {
    int stride = Math.ceilDiv(width, W) * W;
    for (int p = 0; p < depth; p++) {
      long row = to + (long) p * stride * Float.BYTES;
      copy(row, b + (long) p * ldb * Float.BYTES, width);
      for (int j = width; j < stride; j++) {
        HostMemory.setFloat(row + (long) j * Float.BYTES, 0);
      }
    }
  }

  /**
   * The same from {@code b} (columns, depth): eight columns at a time, so that the stores of a step
   * stay in one cache line.
   */
  static void transposedPanel(long to, WeightAddress b, int ldb, int depth, int width) {
    if (b.narrow()) {
      NarrowPanels.widenTransposed(to, b.address(), ldb, depth, width);
    } else {
      wideTransposedPanel(to, b.address(), ldb, depth, width);
    }
  }

  private static void wideTransposedPanel(long to, long b, int ldb, int depth, int width) {
    int stride = Math.ceilDiv(width, W) * W;
    long strideBytes = (long) stride * Float.BYTES;
    long rowBytes = (long) ldb * Float.BYTES;
    int j = 0;
    for (; j <= width - 8; j += 8) {
      transposeEight(to + (long) j * Float.BYTES, b + j * rowBytes, rowBytes, depth, strideBytes);
    }
    for (; j < width; j++) {
      long row = b + j * rowBytes;
      for (int p = 0; p < depth; p++) {
        HostMemory.setFloat(
            to + p * strideBytes + (long) j * Float.BYTES,
            HostMemory.getFloat(row + (long) p * Float.BYTES));
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
      long offset = (long) p * Float.BYTES;
      HostMemory.setFloat(row, HostMemory.getFloat(b + offset));
      HostMemory.setFloat(row + 4, HostMemory.getFloat(b + rowBytes + offset));
      HostMemory.setFloat(row + 8, HostMemory.getFloat(b + 2 * rowBytes + offset));
      HostMemory.setFloat(row + 12, HostMemory.getFloat(b + 3 * rowBytes + offset));
      HostMemory.setFloat(row + 16, HostMemory.getFloat(b4 + offset));
      HostMemory.setFloat(row + 20, HostMemory.getFloat(b4 + rowBytes + offset));
      HostMemory.setFloat(row + 24, HostMemory.getFloat(b4 + 2 * rowBytes + offset));
      HostMemory.setFloat(row + 28, HostMemory.getFloat(b4 + 3 * rowBytes + offset));
    }
  }

  /** The tile from {@code c}, (rows, width); what lies outside is left as it is, never stored. */
  static void loadTile(float[] s, long c, int ldc, int rows, int width, int vectors) {
    for (int r = 0; r < rows; r++) {
      int row = TILE + r * vectors * W;
      long from = c + (long) r * ldc * Float.BYTES;
      if (width == 4 * W) {
        load(from).intoArray(s, row);
        load(from + VECTOR_BYTES).intoArray(s, row + W);
        load(from + 2 * VECTOR_BYTES).intoArray(s, row + 2 * W);
        load(from + 3 * VECTOR_BYTES).intoArray(s, row + 3 * W);
      } else if (width == 2 * W) {
        load(from).intoArray(s, row);
        load(from + VECTOR_BYTES).intoArray(s, row + W);
      } else {
        copy(s, row, from, width);
      }
    }
  }

  /** The tile to {@code c}, (rows, width). */
  static void storeTile(float[] s, long c, int ldc, int rows, int width, int vectors) {
    for (int r = 0; r < rows; r++) {
      int row = TILE + r * vectors * W;
      long to = c + (long) r * ldc * Float.BYTES;
      if (width == 4 * W) {
        store(s, row, to);
        store(s, row + W, to + VECTOR_BYTES);
        store(s, row + 2 * W, to + 2 * VECTOR_BYTES);
        store(s, row + 3 * W, to + 3 * VECTOR_BYTES);
      } else if (width == 2 * W) {
        store(s, row, to);
        store(s, row + W, to + VECTOR_BYTES);
      } else {
        storeRow(s, row, to, width);
      }
    }
  }

  private static void storeRow(float[] s, int from, long to, int count) {
    int i = 0;
    for (; i <= count - W; i += W) {
      store(s, from + i, to + (long) i * Float.BYTES);
    }
    for (; i < count; i++) {
      HostMemory.setFloat(to + (long) i * Float.BYTES, s[from + i]);
    }
  }

  /** The vector at an address. */
  static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, HostMemory.ALL, address, HostMemory.ORDER);
  }

  private static void store(float[] s, int from, long to) {
    FloatVector.fromArray(SPECIES, s, from).intoMemorySegment(HostMemory.ALL, to, HostMemory.ORDER);
  }
}
