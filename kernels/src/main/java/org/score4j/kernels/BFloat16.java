package org.score4j.kernels;

/** bfloat16 on the host: the upper half of a single-precision number. */
public final class BFloat16 {
  private BFloat16() {}

  /** The nearest bfloat16, ties to even; NaN stays NaN, too large becomes infinite. */
  public static short round(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  /** The same number in single precision. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
