package org.score4j.checkpoints;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Stored values as the bits of single precision numbers, by one thread. Loops of one line over
 * arrays, for they run from a cold start: what is that simple is compiled within milliseconds, and
 * to vector instructions.
 */
final class TileReader {
  /**
   * A tile has so many rows and columns; two of them fit the second cache beside what they read.
   */
  static final int SIDE = 128;

  /** No power of two: the rows of a tile would fall on few sets of the first cache. */
  private static final int STRIDE = SIDE + 16;

  private static final int INFINITY_BITS = 0x7F80_0000;
  private static final int MAGNITUDE = 0x7FFF_FFFF;

  private static final ValueLayout.OfShort LE_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt LE_INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble LE_DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int[] tile = new int[SIDE * STRIDE];
  private final int[] bits = new int[SIDE * SIDE];
  private short[] narrow = new short[0];
  private double[] wide = new double[0];

  /** What was read last: as many values as were asked for, from index 0 on. */
  int[] bits() {
    return bits;
  }

  /** Reads {@code count} values, at most SIDE · SIDE, of a tensor from an index on. */
  void read(StoredTensor from, long first, int count) {
    read(from, first, bits, 0, count);
  }

  /**
   * Reads a tile of a (·, stride) tensor and transposes it: {@code bits[c · rows + r]} is the value
   * at {@code first + r · stride + c}.
   *
   * @param rows at most SIDE
   * @param columns at most SIDE
   */
  void readTransposed(StoredTensor from, long first, long stride, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      read(from, first + r * stride, tile, r * STRIDE, columns);
    }
    transpose(tile, bits, rows, columns);
  }

  /** Whether the first {@code count} values of {@link #bits} are all finite. */
  boolean isFinite(int count) {
    return largest(bits, count) < INFINITY_BITS;
  }

  private void read(StoredTensor from, long first, int[] out, int at, int count) {
    MemorySegment data = from.data();
    long offset = first * from.dtype().byteWidth();
    switch (from.dtype()) {
      case F32 -> MemorySegment.copy(data, LE_INT, offset, out, at, count);
      case BF16 -> {
        MemorySegment.copy(data, LE_SHORT, offset, narrow(count), 0, count);
        fromBfloat16(narrow, out, at, count);
      }
      case F16 -> {
        MemorySegment.copy(data, LE_SHORT, offset, narrow(count), 0, count);
        fromFloat16(narrow, out, at, count);
      }
      case F64 -> {
        MemorySegment.copy(data, LE_DOUBLE, offset, wide(count), 0, count);
        fromDouble(wide, out, at, count);
      }
      case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, I32, U32, I64, U64 -> from.requireFloats();
    }
  }

  private short[] narrow(int count) {
    if (narrow.length < count) {
      narrow = new short[count];
    }
    return narrow;
  }

  private double[] wide(int count) {
    if (wide.length < count) {
      wide = new double[count];
    }
    return wide;
  }

  private static void fromBfloat16(short[] from, int[] out, int at, int count) {
    for (int i = 0; i < count; i++) {
      out[at + i] = from[i] << 16;
    }
  }

  private static void fromFloat16(short[] from, int[] out, int at, int count) {
    for (int i = 0; i < count; i++) {
      out[at + i] = Float.floatToRawIntBits(Float.float16ToFloat(from[i]));
    }
  }

  private static void fromDouble(double[] from, int[] out, int at, int count) {
    for (int i = 0; i < count; i++) {
      out[at + i] = Float.floatToRawIntBits((float) from[i]);
    }
  }

  private static void transpose(int[] in, int[] out, int rows, int columns) {
    for (int c = 0; c < columns; c++) {
      int at = c * rows;
      for (int r = 0; r < rows; r++) {
        out[at + r] = in[r * STRIDE + c];
      }
    }
  }

  private static int largest(int[] bits, int count) {
    int largest = 0;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, bits[i] & MAGNITUDE);
    }
    return largest;
  }
}
