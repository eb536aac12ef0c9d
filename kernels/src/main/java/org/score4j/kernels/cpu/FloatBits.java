package org.score4j.kernels.cpu;

import java.lang.foreign.ValueLayout;
import org.score4j.kernels.DType;

/** Single elements of any floating point type, for conversions; double holds them all exactly. */
final class FloatBits {
  private static final int BF16_SHIFT = 16;

  private FloatBits() {}

  static double read(long base, DType dtype, long i) {
    return switch (dtype) {
      case F32 -> HostMemory.getFloat(base + i * Float.BYTES);
      case F64 -> HostMemory.ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, base + i * Double.BYTES);
      case BF16 ->
          Float.intBitsToFloat(
              HostMemory.ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, base + i * Short.BYTES)
                  << BF16_SHIFT);
      case I32 -> throw notFloat(dtype);
    };
  }

  static void write(long base, DType dtype, long i, double value) {
    switch (dtype) {
      case F32 -> HostMemory.setFloat(base + i * Float.BYTES, (float) value);
      case F64 ->
          HostMemory.ALL.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, base + i * Double.BYTES, value);
      case BF16 ->
          HostMemory.ALL.set(
              ValueLayout.JAVA_SHORT_UNALIGNED, base + i * Short.BYTES, toBf16((float) value));
      case I32 -> throw notFloat(dtype);
    }
  }

  /** Round to nearest, ties to even; NaN stays a (quiet) NaN. */
  static short toBf16(float x) {
    int bits = Float.floatToRawIntBits(x);
    if (Float.isNaN(x)) {
      return (short) ((bits >>> BF16_SHIFT) | 0x40);
    }
    int roundingBias = 0x7fff + ((bits >>> BF16_SHIFT) & 1);
    return (short) ((bits + roundingBias) >>> BF16_SHIFT);
  }

  private static IllegalArgumentException notFloat(DType dtype) {
    return new IllegalArgumentException(
        "cast: " + dtype + " is not a floating point type; convert integers on the host");
  }
}
