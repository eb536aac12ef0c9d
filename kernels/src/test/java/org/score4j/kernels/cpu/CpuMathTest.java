package org.score4j.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.junit.jupiter.api.Test;

class CpuMathTest {
  /** The promise of the class, in units of the last place of the result. */
  private static final double MAX_ULPS = 1;

  /**
   * A prime, so that the walk through all bit patterns meets every exponent and all kinds of
   * mantissas.
   */
  private static final int STRIDE = 8009;

  private static final int INFINITY_BITS = 0x7f800000;

  private static final List<VectorSpecies<Float>> SPECIES =
      List.of(FloatVector.SPECIES_128, FloatVector.SPECIES_256, FloatVector.SPECIES_512);

  private interface Scalar {
    float of(float x);
  }

  @Test
  void exp_isWithinOneUlp_whereItIsNormal() {
    forAllFloats(
        x -> {
          if (x >= CpuMath.EXP_UNDERFLOW && x <= CpuMath.EXP_OVERFLOW) {
            assertWithinUlps("exp", x, CpuMath.exp(x), StrictMath::exp);
          }
        });
  }

  @Test
  void log_isWithinOneUlp_forNormalNumbers() {
    forAllFloats(
        x -> {
          if (x >= Float.MIN_NORMAL && x < Float.POSITIVE_INFINITY) {
            assertWithinUlps("log", x, CpuMath.log(x), StrictMath::log);
          }
        });
  }

  @Test
  void tanh_isWithinTwoUlps_forNormalNumbers() {
    forAllFloats(
        x -> {
          if (Math.abs(x) >= Float.MIN_NORMAL && Float.isFinite(x)) {
            double wanted = StrictMath.tanh(x);
            assertThat(Math.abs(CpuMath.tanh(x) - wanted))
                .as("tanh(%s)", x)
                .isLessThanOrEqualTo(2 * Math.ulp((float) wanted));
          }
        });
    assertThat(CpuMath.tanh(Float.NaN)).isNaN();
    assertThat(CpuMath.tanh(0f)).isZero();
    assertThat(CpuMath.tanh(Float.NEGATIVE_INFINITY)).isEqualTo(-1f);
  }

  @Test
  void exp_ofWhatIsTooSmall_isZero_ofWhatIsTooLarge_isInfinite() {
    for (float x :
        new float[] {Float.NEGATIVE_INFINITY, -Float.MAX_VALUE, -1e30f, -1000, -104, -87.5f}) {
      assertThat(CpuMath.exp(x)).as("exp(%s)", x).isZero();
    }
    for (float x :
        new float[] {88.5f, 104, 1000, 1e30f, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
      assertThat(CpuMath.exp(x)).as("exp(%s)", x).isEqualTo(Float.POSITIVE_INFINITY);
    }
    assertThat(CpuMath.exp(Float.NaN)).isNaN();
    assertThat(CpuMath.exp(0f)).isEqualTo(1f);
    assertThat(CpuMath.exp(-0f)).isEqualTo(1f);
  }

  @Test
  void log_ofWhatHasNone_isNaN_andOfZeroMinusInfinity() {
    assertThat(CpuMath.log(-1f)).isNaN();
    assertThat(CpuMath.log(Float.NEGATIVE_INFINITY)).isNaN();
    assertThat(CpuMath.log(Float.NaN)).isNaN();
    assertThat(CpuMath.log(0f)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(CpuMath.log(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(CpuMath.log(1f)).isZero();
  }

  @Test
  void lanes_haveTheBitsOfTheScalarForm_atEveryVectorLength() {
    for (VectorSpecies<Float> species : SPECIES) {
      assertSameBits("exp", species, CpuMath::exp, CpuMath::exp);
      assertSameBits("log", species, CpuMath::log, CpuMath::log);
      assertSameBits("tanh", species, CpuMath::tanh, CpuMath::tanh);
    }
  }

  private static void assertSameBits(
      String name, VectorSpecies<Float> species, Scalar scalar, UnaryOperator<FloatVector> vector) {
    float[] in = new float[species.length()];
    int stride = STRIDE * 4;
    for (long bits = Integer.MIN_VALUE;
        bits <= Integer.MAX_VALUE;
        bits += (long) stride * in.length) {
      for (int i = 0; i < in.length; i++) {
        in[i] = Float.intBitsToFloat((int) (bits + (long) i * stride));
      }
      float[] out = vector.apply(FloatVector.fromArray(species, in, 0)).toArray();
      for (int i = 0; i < in.length; i++) {
        if (Float.floatToIntBits(out[i]) != Float.floatToIntBits(scalar.of(in[i]))) {
          throw new AssertionError(
              "%s(%s): lane %s of %s, scalar %s"
                  .formatted(name, in[i], out[i], species, scalar.of(in[i])));
        }
      }
    }
  }

  private interface Check {
    void accept(float x);
  }

  private static void forAllFloats(Check check) {
    for (long bits = 0; bits < INFINITY_BITS; bits += STRIDE) {
      check.accept(Float.intBitsToFloat((int) bits));
      check.accept(-Float.intBitsToFloat((int) bits));
    }
    // Densely where softmax and sampling live.
    for (int i = 0; i < 1 << 18; i++) {
      check.accept(i * -0x1p-12f);
      check.accept(i * 0x1p-18f);
    }
  }

  private static void assertWithinUlps(
      String name, float x, float actual, DoubleUnaryOperator function) {
    double exact = function.applyAsDouble(x);
    double ulps = Math.abs(actual - exact) / Math.ulp((float) exact);
    if (!(ulps <= MAX_ULPS)) {
      throw new AssertionError(
          "%s(%s) is %s, exactly %s: %s ulps off".formatted(name, x, actual, exact, ulps));
    }
  }
}
