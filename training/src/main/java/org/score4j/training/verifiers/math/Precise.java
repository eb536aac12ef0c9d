package org.score4j.training.verifiers.math;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/**
 * A real number of 80 digits with a bound of its error, carried through every operation to first
 * order: what {@link Approximate} is in double precision. Operations return null where they are not
 * defined, where the error hides whether they are, and where they would take long.
 *
 * @param value the number
 * @param error bound of the distance to the true value
 */
record Precise(BigDecimal value, BigDecimal error) {
  private static final MathContext DIGITS = new MathContext(80);
  private static final MathContext ERROR_DIGITS = new MathContext(3, RoundingMode.UP);
  static final Precise PI = rounded(BigDecimalMath.pi(DIGITS), BigDecimal.ZERO);
  static final Precise E = rounded(BigDecimalMath.e(DIGITS), BigDecimal.ZERO);
  static final Precise ONE = exact(BigDecimal.ONE);

  // Of one operation, with room for the functions of the library (1 unit in the last place).
  private static final int ROUNDED_DIGITS = 78;
  private static final int SHARP_DIGITS = 60;
  private static final int MAX_WHOLE_EXPONENT = 10_000;
  // A product of so many numbers takes some milliseconds.
  private static final int MAX_FACTORIAL = 10_000;
  // e^20000 has 8,686 digits before the point; the series takes milliseconds there.
  private static final BigDecimal MAX_EXPONENT = BigDecimal.valueOf(20_000);
  // The library takes this many digits more to find the place in a period.
  private static final BigDecimal MAX_ANGLE = BigDecimal.TEN.pow(20);

  /** What a comparison found. */
  enum Agreement {
    /** They agree to 60 digits. */
    SAME,
    DIFFERENT,
    /** The errors are too large for either. */
    UNKNOWN
  }

  private static Precise exact(BigDecimal value) {
    return new Precise(value, BigDecimal.ZERO);
  }

  private static Precise rounded(BigDecimal value, BigDecimal error) {
    return new Precise(
        value,
        error.add(
            value.abs().round(ERROR_DIGITS).scaleByPowerOfTen(-ROUNDED_DIGITS), ERROR_DIGITS));
  }

  static Precise of(Rational value) {
    BigDecimal top = new BigDecimal(value.numerator());
    return value.isInteger() && top.precision() <= DIGITS.getPrecision()
        ? exact(top)
        : rounded(top.divide(new BigDecimal(value.denominator()), DIGITS), BigDecimal.ZERO);
  }

  Agreement compare(Precise other) {
    BigDecimal errors = error.add(other.error, ERROR_DIGITS);
    BigDecimal distance = value.subtract(other.value, DIGITS).abs();
    if (distance.compareTo(errors.multiply(BigDecimal.valueOf(4))) > 0) {
      return Agreement.DIFFERENT;
    }
    BigDecimal larger = value.abs().max(other.value.abs()).max(BigDecimal.ONE);
    return errors.compareTo(larger.scaleByPowerOfTen(-SHARP_DIGITS)) <= 0
        ? Agreement.SAME
        : Agreement.UNKNOWN;
  }

  /** Whether the error leaves the sign open. */
  private boolean mayBeZero() {
    return value.abs().compareTo(error) <= 0;
  }

  Precise negate() {
    return new Precise(value.negate(), error);
  }

  Precise abs() {
    return new Precise(value.abs(), error);
  }

  Precise plus(Precise other) {
    return rounded(value.add(other.value, DIGITS), error.add(other.error, ERROR_DIGITS));
  }

  Precise times(Precise other) {
    BigDecimal left = value.abs().multiply(other.error, ERROR_DIGITS);
    BigDecimal right = other.value.abs().add(other.error, ERROR_DIGITS);
    return rounded(
        value.multiply(other.value, DIGITS),
        left.add(right.multiply(error, ERROR_DIGITS), ERROR_DIGITS));
  }

  @Nullable Precise dividedBy(Precise other) {
    if (other.mayBeZero()) {
      return null;
    }
    BigDecimal quotient = value.divide(other.value, DIGITS);
    BigDecimal bound = error.add(quotient.abs().multiply(other.error, ERROR_DIGITS), ERROR_DIGITS);
    return rounded(
        quotient, bound.divide(other.value.abs().subtract(other.error, DIGITS), ERROR_DIGITS));
  }

  @Nullable Precise wholePower(int exponent) {
    if (Math.abs(exponent) > MAX_WHOLE_EXPONENT) {
      return null;
    }
    if (exponent < 0) {
      Precise power = wholePower(-exponent);
      return power == null ? null : ONE.dividedBy(power);
    }
    if (exponent == 0) {
      return mayBeZero() ? null : ONE;
    }
    BigDecimal below = value.abs().add(error, ERROR_DIGITS).pow(exponent - 1, DIGITS);
    BigDecimal slope = below.multiply(BigDecimal.valueOf(exponent), ERROR_DIGITS);
    return rounded(value.pow(exponent, DIGITS), slope.multiply(error, ERROR_DIGITS));
  }

  /** The real root; null for even ones of negative numbers. */
  @Nullable Precise root(int index) {
    if (value.signum() == 0 && error.signum() == 0) {
      return this;
    }
    if (mayBeZero() || (value.signum() < 0 && index % 2 == 0)) {
      return null;
    }
    if (value.signum() < 0) {
      Precise positive = negate().root(index);
      return positive == null ? null : positive.negate();
    }
    if (index > 2) {
      // Not the root of the library: its Newton's method takes seconds from an order of 30 on.
      Precise logarithm = ln();
      Precise share = logarithm == null ? null : logarithm.dividedBy(of(Rational.of(index)));
      return share == null ? null : share.exp();
    }
    BigDecimal root = value.sqrt(DIGITS);
    // The slope is root / (2 · value).
    return rounded(
        root,
        root.multiply(error, ERROR_DIGITS).divide(value.subtract(error, DIGITS), ERROR_DIGITS));
  }

  /** n!; null for negative and for very large n. */
  static @Nullable Precise factorial(int n) {
    if (n < 0 || n > MAX_FACTORIAL) {
      return null;
    }
    Precise product = ONE;
    for (int i = 2; i <= n; i++) {
      product = product.times(exact(BigDecimal.valueOf(i)));
    }
    return product;
  }

  @Nullable Precise exp() {
    // Beyond a tenth the slope says nothing about the other end of the error.
    if (value.abs().compareTo(MAX_EXPONENT) > 0
        || error.scaleByPowerOfTen(1).compareTo(BigDecimal.ONE) > 0) {
      return null;
    }
    BigDecimal power = BigDecimalMath.exp(value, DIGITS);
    return rounded(power, power.multiply(error, ERROR_DIGITS));
  }

  @Nullable Precise ln() {
    if (value.signum() <= 0 || mayBeZero()) {
      return null;
    }
    return rounded(
        BigDecimalMath.log(value, DIGITS),
        error.divide(value.subtract(error, DIGITS), ERROR_DIGITS));
  }

  @Nullable Precise sin() {
    return value.abs().compareTo(MAX_ANGLE) > 0 ? null : turned(BigDecimalMath.sin(value, DIGITS));
  }

  @Nullable Precise cos() {
    return value.abs().compareTo(MAX_ANGLE) > 0 ? null : turned(BigDecimalMath.cos(value, DIGITS));
  }

  /** sin or cos of this, whose slope is at most 1; the error of the library is absolute. */
  private Precise turned(BigDecimal result) {
    return new Precise(result, error.add(BigDecimal.ONE.scaleByPowerOfTen(-ROUNDED_DIGITS)));
  }

  Precise arctan() {
    return rounded(BigDecimalMath.atan(value, DIGITS), error);
  }

  /** Null at the ends ±1 and beyond, unless this is one of them exactly. */
  @Nullable Precise arcsin() {
    BigDecimal rest = BigDecimal.ONE.subtract(value.multiply(value));
    if (error.signum() == 0 ? rest.signum() < 0 : rest.compareTo(error) <= 0) {
      return null;
    }
    BigDecimal slope =
        error.signum() == 0 ? BigDecimal.ZERO : BigDecimal.ONE.divide(rest, ERROR_DIGITS);
    return rounded(BigDecimalMath.asin(value, DIGITS), slope.multiply(error, ERROR_DIGITS));
  }

  /** The next whole number below; null where the error leaves it open. */
  @Nullable Precise floor() {
    BigInteger low = value.subtract(error).setScale(0, RoundingMode.FLOOR).toBigInteger();
    BigInteger high = value.add(error).setScale(0, RoundingMode.FLOOR).toBigInteger();
    return low.equals(high) ? exact(new BigDecimal(low)) : null;
  }

  /** Whether it rounds to a decimal: lies nearer to it than half a unit of its last place. */
  boolean roundsTo(BigDecimal decimal) {
    return value
            .subtract(decimal)
            .abs()
            .add(error)
            .multiply(BigDecimal.TWO)
            .compareTo(decimal.ulp())
        < 0;
  }
}
