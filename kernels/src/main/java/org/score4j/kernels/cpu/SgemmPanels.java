package org.score4j.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Copies between native matrices and the {@code float[]} on which {@link SgemmTiles} works. */
final class SgemmPanels {
  private static final VectorSpecies<Float> SPECIES = SgemmTiles.SPECIES;
  private static final int W = SgemmTiles.W;
  private static final long VECTOR_BYTES = SPECIES.vectorByteSize();

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

  /**
   * Copies {@code width} columns of {@code b}; in the array a row is as wide as its vectors and
   * ends in zeros.
   */
  static void panel(float[] s, int to, WeightAddress b, int ldb, int depth, int width) {
    if (b.narrow()) {
      NarrowPanels.widen(s, to, b.address(), ldb, depth, width);
    } else {
      widePanel(s, to, b.address(), ldb, depth, width);
    }
  }

  private static void widePanel(float[] s, int to, long b, int ldb, int depth, int width) {
    int stride = Math.ceilDiv(width, W) * W;
    for (int p = 0; p < depth; p++) {
      int row = to + p * stride;
      copy(s, row, b + (long) p * ldb * Float.BYTES, width);
      for (int j = width; j < stride; j++) {
        s[row + j] = 0;
      }
    }
  }

  /**
   * The same from {@code b} (columns, depth): eight columns at a time, so that the stores of a step
   * stay in one cache line.
   */
  static void transposedPanel(float[] s, int to, WeightAddress b, int ldb, int depth, int width) {
    if (b.narrow()) {
      NarrowPanels.widenTransposed(s, to, b.address(), ldb, depth, width);
    } else {
      wideTransposedPanel(s, to, b.address(), ldb, depth, width);
    }
  }

  private static void wideTransposedPanel(
      float[] s, int to, long b, int ldb, int depth, int width) {
    int stride = Math.ceilDiv(width, W) * W;
    long rowBytes = (long) ldb * Float.BYTES;
    int j = 0;
    for (; j <= width - 8; j += 8) {
      transposeEight(s, to + j, b + j * rowBytes, rowBytes, depth, stride);
    }
    for (; j < width; j++) {
      long row = b + j * rowBytes;
      for (int p = 0; p < depth; p++) {
        s[to + p * stride + j] = HostMemory.getFloat(row + (long) p * Float.BYTES);
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
      long offset = (long) p * Float.BYTES;
      s[row] = HostMemory.getFloat(b + offset);
      s[row + 1] = HostMemory.getFloat(b + rowBytes + offset);
      s[row + 2] = HostMemory.getFloat(b + 2 * rowBytes + offset);
      s[row + 3] = HostMemory.getFloat(b + 3 * rowBytes + offset);
      s[row + 4] = HostMemory.getFloat(b4 + offset);
      s[row + 5] = HostMemory.getFloat(b4 + rowBytes + offset);
      s[row + 6] = HostMemory.getFloat(b4 + 2 * rowBytes + offset);
      s[row + 7] = HostMemory.getFloat(b4 + 3 * rowBytes + offset);
    }
  }

  /**
   * Reads a panel into the cache. A tile that reads it from memory alone waits for every few lines,
   * as its multiply-adds fill the processor's window; loads alone keep many lines under way.
   *
   * @return what must be stored somewhere, or the loads are optimised away
   */
  static float touch(float[] panels, int from, int count) {
    FloatVector a = FloatVector.zero(SPECIES);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int i = 0; i <= count - 4 * W; i += 4 * W) {
      a = a.add(FloatVector.fromArray(SPECIES, panels, from + i));
      b = b.add(FloatVector.fromArray(SPECIES, panels, from + i + W));
      c = c.add(FloatVector.fromArray(SPECIES, panels, from + i + 2 * W));
      d = d.add(FloatVector.fromArray(SPECIES, panels, from + i + 3 * W));
    }
    return a.add(b).add(c.add(d)).lane(0);
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

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, HostMemory.ALL, address, HostMemory.ORDER);
  }

  private static void store(float[] s, int from, long to) {
    FloatVector.fromArray(SPECIES, s, from).intoMemorySegment(HostMemory.ALL, to, HostMemory.ORDER);
  }
}
