package org.score4j.training.verifiers.math;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Expression.Degrees;
import org.score4j.training.verifiers.math.Expression.Given;
import org.score4j.training.verifiers.math.Expression.Negation;
import org.score4j.training.verifiers.math.Expression.Num;
import org.score4j.training.verifiers.math.Expression.Percent;
import org.score4j.training.verifiers.math.Expression.Power;
import org.score4j.training.verifiers.math.Expression.Product;

/**
 * A number written with a dot, with the digits it was given. From six digits on it stands for a
 * value that is none: the value rounds to it, as ⅓ does to 0.333333 and √2 to 1.41421.
 *
 * @param digits its scale is the place of the last digit written
 */
record WrittenDecimal(BigDecimal digits) {
  private static final int ROUNDED_DIGITS = 6;
  private static final int MAX_EXPONENT = 10_000;

  /** Null for what is no decimal: a number without a dot too. */
  static @Nullable WrittenDecimal of(Expression expression) {
    BigDecimal digits = digits(expression);
    return digits == null ? null : new WrittenDecimal(digits);
  }

  private static @Nullable BigDecimal digits(Expression expression) {
    return switch (expression) {
      case Num(Rational value, boolean decimal, int places) ->
          decimal ? digits(value, places) : null;
      case Given(Expression operand) -> digits(operand);
      case Degrees(Expression operand) -> digits(operand);
      case Negation(Expression operand) -> {
        BigDecimal digits = digits(operand);
        yield digits == null ? null : digits.negate();
      }
      case Percent(Expression operand) -> shifted(digits(operand), -2);
      case Product(Num mantissa, Power(Num ten, Expression exponent))
          when ten.value().equals(Rational.of(10)) ->
          shifted(digits(mantissa), small(exponent));
      default -> null;
    };
  }

  private static @Nullable BigDecimal digits(Rational value, int places) {
    BigInteger[] scaled =
        value
            .numerator()
            .multiply(BigInteger.TEN.pow(places))
            .divideAndRemainder(value.denominator());
    return scaled[1].signum() == 0 ? new BigDecimal(scaled[0], places) : null;
  }

  private static @Nullable BigDecimal shifted(@Nullable BigDecimal digits, int places) {
    return digits == null || Math.abs(places) > MAX_EXPONENT
        ? null
        : digits.scaleByPowerOfTen(places);
  }

  /** The exponent of ten; beyond every bound where it is no whole number. */
  private static int small(Expression exponent) {
    return switch (exponent) {
      case Num n when n.value().isInteger() && n.value().numerator().bitLength() < 16 ->
          n.value().numerator().intValue();
      case Negation(Num n) -> -small(n);
      default -> Integer.MAX_VALUE;
    };
  }

  /** Whether it has digits enough to stand for a value that it is not. */
  boolean isRounded() {
    return digits.precision() >= ROUNDED_DIGITS;
  }

  /** Whether the exact value rounds to it. */
  boolean rounds(Rational value) {
    return new BigDecimal(value.numerator())
            .divide(new BigDecimal(value.denominator()), digits.scale(), RoundingMode.HALF_UP)
            .compareTo(digits)
        == 0;
  }

  /** Whether the value rounds to it, as far as double precision knows. */
  boolean rounds(Approximate value) {
    return value.isDefined()
        && value.isReal()
        && new BigDecimal(value.re())
                .subtract(digits)
                .abs()
                .add(new BigDecimal(value.error()))
                .multiply(BigDecimal.TWO)
                .compareTo(digits.ulp())
            < 0;
  }
}
