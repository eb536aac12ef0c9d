package org.score4j.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Exponential, logarithm and hyperbolic tangent in single precision, from operations whose bits are
 * defined. The JDK's own vector functions give other bits when compiled than when interpreted, and
 * other bits per vector width; these do not, and a scalar call gives the bits of a vector lane.
 *
 * <p>Coefficients: minimax polynomials for |r| ≤ ln 2 / 2 (exp) and on [2/3, 4/3] (log), after N.
 * Juffa's published single-precision functions; tanh below 0.625 after Cephes' tanhf. Largest
 * errors measured against {@link StrictMath}: exp 0.87 ulp, log 0.88 ulp; CpuMathTest bounds them
 * all.
 */
final class CpuMath {
  /**
   * Above, {@link #exp(float)} is infinite: 2^127.5, a little before the format ends, so that the
   * power of two stays a normal number.
   */
  static final float EXP_OVERFLOW = 88.376f;

  /** Below, {@link #exp(float)} is 0: ln 2^-126, subnormal results are flushed. */
  static final float EXP_UNDERFLOW = -87.336f;

  private static final float LOG2_E = 0x1.715476p0f;
  private static final float MINUS_LN2_HIGH = -0x1.62e400p-1f;
  private static final float MINUS_LN2_LOW = -0x1.7f7d1cp-20f;

  /**
   * Adding it rounds to an integer and leaves that integer, plus the exponent bias 127, in the low
   * bits of the sum.
   */
  private static final float ROUND_AND_BIAS = 0x1.8p23f + 127;

  private static final int EXPONENT_SHIFT = 23;
  private static final float E6 = 0x1.694000p-10f;
  private static final float E5 = 0x1.125edcp-7f;
  private static final float E4 = 0x1.555b5ap-5f;
  private static final float E3 = 0x1.555450p-3f;
  private static final float E2 = 0x1.fffff6p-2f;

  private static final int TWO_THIRDS_BITS = 0x3f2aaaab;
  private static final int EXPONENT_MASK = 0xff800000;
  private static final float LN2 = 0x1.62e430p-1f;
  private static final float ULP_OF_ONE = 0x1.0p-23f;
  private static final float L10 = -0x1.0ae000p-3f;
  private static final float L9 = 0x1.208000p-3f;
  private static final float L8 = -0x1.f198b2p-4f;
  private static final float L7 = 0x1.1e5740p-3f;
  private static final float L6 = -0x1.55b36cp-3f;
  private static final float L5 = 0x1.99d8b2p-3f;
  private static final float L4 = -0x1.fffe02p-3f;
  private static final float L3 = 0x1.5554fap-2f;
  private static final float L2 = -0.5f;

  /** Up to here {@link #tanh} is the polynomial. */
  private static final float TANH_NEAR = 0.625f;

  private static final float T4 = -0x1.75e1d4p-8f;
  private static final float T3 = 0x1.52269cp-6f;
  private static final float T2 = -0x1.b83c5ap-5f;
  private static final float T1 = 0x1.110726p-3f;
  private static final float T0 = -0x1.555532p-2f;

  private CpuMath() {}

  /**
   * e^x per lane; 0 below {@link #EXP_UNDERFLOW} and for −∞, +∞ above {@link #EXP_OVERFLOW}, NaN
   * for NaN.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector shifted = x.lanewise(VectorOperators.FMA, LOG2_E, ROUND_AND_BIAS);
    FloatVector n = shifted.sub(ROUND_AND_BIAS);
    FloatVector r = n.lanewise(VectorOperators.FMA, x.broadcast(MINUS_LN2_HIGH), x);
    r = n.lanewise(VectorOperators.FMA, x.broadcast(MINUS_LN2_LOW), r);
    FloatVector p = r.lanewise(VectorOperators.FMA, E6, E5);
    p = p.lanewise(VectorOperators.FMA, r, x.broadcast(E4));
    p = p.lanewise(VectorOperators.FMA, r, x.broadcast(E3));
    p = p.lanewise(VectorOperators.FMA, r, x.broadcast(E2));
    p = p.lanewise(VectorOperators.FMA, r, x.broadcast(1f));
    p = p.lanewise(VectorOperators.FMA, r, x.broadcast(1f));
    FloatVector power =
        shifted
            .reinterpretAsInts()
            .lanewise(VectorOperators.LSHL, EXPONENT_SHIFT)
            .reinterpretAsFloats();
    return p.mul(power)
        .blend(0f, x.compare(VectorOperators.LT, EXP_UNDERFLOW))
        .blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, EXP_OVERFLOW));
  }

  /** The bits of a lane of {@link #exp(FloatVector)}. */
  static float exp(float x) {
    float shifted = Math.fma(x, LOG2_E, ROUND_AND_BIAS);
    float n = shifted - ROUND_AND_BIAS;
    float r = Math.fma(n, MINUS_LN2_HIGH, x);
    r = Math.fma(n, MINUS_LN2_LOW, r);
    float p = Math.fma(r, E6, E5);
    p = Math.fma(p, r, E4);
    p = Math.fma(p, r, E3);
    p = Math.fma(p, r, E2);
    p = Math.fma(p, r, 1f);
    p = Math.fma(p, r, 1f);
    if (x < EXP_UNDERFLOW) {
      return 0f;
    }
    if (x > EXP_OVERFLOW) {
      return Float.POSITIVE_INFINITY;
    }
    return p * Float.intBitsToFloat(Float.floatToRawIntBits(shifted) << EXPONENT_SHIFT);
  }

  /** tanh x per lane: an odd polynomial near 0, beyond it 1 − 2/(e^2|x| + 1); NaN for NaN. */
  static FloatVector tanh(FloatVector x) {
    FloatVector z = x.mul(x);
    FloatVector p = z.lanewise(VectorOperators.FMA, T4, T3);
    p = p.lanewise(VectorOperators.FMA, z, x.broadcast(T2));
    p = p.lanewise(VectorOperators.FMA, z, x.broadcast(T1));
    p = p.lanewise(VectorOperators.FMA, z, x.broadcast(T0));
    FloatVector near = p.mul(z).lanewise(VectorOperators.FMA, x, x);
    FloatVector size = x.abs();
    FloatVector e = exp(size.add(size)).add(1f);
    FloatVector far = x.broadcast(1f).sub(x.broadcast(2f).div(e));
    far = far.blend(far.neg(), x.compare(VectorOperators.LT, 0f));
    return far.blend(near, size.compare(VectorOperators.LT, TANH_NEAR));
  }

  /** The bits of a lane of {@link #tanh(FloatVector)}. */
  static float tanh(float x) {
    float size = Math.abs(x);
    if (size < TANH_NEAR) {
      float z = x * x;
      float p = Math.fma(z, T4, T3);
      p = Math.fma(p, z, T2);
      p = Math.fma(p, z, T1);
      p = Math.fma(p, z, T0);
      return Math.fma(p * z, x, x);
    }
    float far = 1f - 2f / (exp(size + size) + 1f);
    return x < 0f ? -far : far;
  }

  /**
   * Natural logarithm per lane; −∞ for zeros and subnormal numbers, NaN for negative numbers and
   * NaN, +∞ for +∞.
   */
  static FloatVector log(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector exponent = bits.sub(TWO_THIRDS_BITS).and(EXPONENT_MASK);
    FloatVector m = bits.sub(exponent).reinterpretAsFloats().sub(1f);
    FloatVector power = ((FloatVector) exponent.convert(VectorOperators.I2F, 0)).mul(ULP_OF_ONE);
    FloatVector s = m.mul(m);
    FloatVector even = s.lanewise(VectorOperators.FMA, L10, L8);
    FloatVector odd = s.lanewise(VectorOperators.FMA, L9, L7);
    even = even.lanewise(VectorOperators.FMA, s, x.broadcast(L6));
    odd = odd.lanewise(VectorOperators.FMA, s, x.broadcast(L5));
    even = even.lanewise(VectorOperators.FMA, s, x.broadcast(L4));
    FloatVector r = odd.lanewise(VectorOperators.FMA, m, even);
    r = r.lanewise(VectorOperators.FMA, m, x.broadcast(L3));
    r = r.lanewise(VectorOperators.FMA, m, x.broadcast(L2));
    r = r.lanewise(VectorOperators.FMA, s, m);
    r = power.lanewise(VectorOperators.FMA, x.broadcast(LN2), r);
    VectorMask<Float> tiny = x.compare(VectorOperators.LT, Float.MIN_NORMAL);
    VectorMask<Float> invalid = x.compare(VectorOperators.GE, 0f).not();
    return r.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY))
        .blend(Float.NEGATIVE_INFINITY, tiny)
        .blend(Float.NaN, invalid);
  }

  /** The bits of a lane of {@link #log(FloatVector)}. */
  static float log(float x) {
    if (!(x >= 0f)) {
      return Float.NaN;
    }
    if (x < Float.MIN_NORMAL) {
      return Float.NEGATIVE_INFINITY;
    }
    if (x == Float.POSITIVE_INFINITY) {
      return x;
    }
    int bits = Float.floatToRawIntBits(x);
    int exponent = (bits - TWO_THIRDS_BITS) & EXPONENT_MASK;
    float m = Float.intBitsToFloat(bits - exponent) - 1f;
    float power = exponent * ULP_OF_ONE;
    float s = m * m;
    float even = Math.fma(s, L10, L8);
    float odd = Math.fma(s, L9, L7);
    even = Math.fma(even, s, L6);
    odd = Math.fma(odd, s, L5);
    even = Math.fma(even, s, L4);
    float r = Math.fma(odd, m, even);
    r = Math.fma(r, m, L3);
    r = Math.fma(r, m, L2);
    r = Math.fma(r, s, m);
    return Math.fma(power, LN2, r);
  }
}
