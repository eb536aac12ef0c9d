package org.score4j.training.verifiers.math;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Expression.Binomial;
import org.score4j.training.verifiers.math.Expression.Call;
import org.score4j.training.verifiers.math.Expression.Constant;
import org.score4j.training.verifiers.math.Expression.Degrees;
import org.score4j.training.verifiers.math.Expression.Factorial;
import org.score4j.training.verifiers.math.Expression.Infinite;
import org.score4j.training.verifiers.math.Expression.Negation;
import org.score4j.training.verifiers.math.Expression.Num;
import org.score4j.training.verifiers.math.Expression.Percent;
import org.score4j.training.verifiers.math.Expression.Power;
import org.score4j.training.verifiers.math.Expression.Product;
import org.score4j.training.verifiers.math.Expression.Quotient;
import org.score4j.training.verifiers.math.Expression.Root;
import org.score4j.training.verifiers.math.Expression.Sum;
import org.score4j.training.verifiers.math.Expression.Variable;

/**
 * Constants to 80 digits, for those of rationals, real roots and π: tells 10²⁰√2 from 10²⁰√2 + 1,
 * which double precision cannot. Null for everything else.
 */
final class PreciseEvaluator {
  private static final MathContext DIGITS = new MathContext(80);
  private static final BigDecimal PI =
      new BigDecimal(
          "3.1415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679");
  private static final int MAX_EXPONENT = 10_000;

  private final ExactEvaluator exact;
  private final Budget budget;

  PreciseEvaluator(ExactEvaluator exact, Budget budget) {
    this.exact = exact;
    this.budget = budget;
  }

  /** Whether two values differ by no more than their rounding. */
  static boolean agree(BigDecimal a, BigDecimal b, int scaleDigits) {
    BigDecimal larger = a.abs().max(b.abs()).max(BigDecimal.ONE);
    return a.subtract(b).abs().compareTo(larger.movePointLeft(scaleDigits)) <= 0;
  }

  @Nullable BigDecimal value(Expression expression) {
    budget.spend();
    Rational rational = exact.value(expression);
    if (rational != null) {
      return decimal(rational);
    }
    return switch (expression) {
      case Negation(Expression operand) -> negated(value(operand));
      case Sum(Expression left, Expression right) -> sum(value(left), value(right));
      case Product(Expression left, Expression right) -> product(value(left), value(right));
      case Quotient(Expression top, Expression bottom) -> quotient(value(top), value(bottom));
      case Power(Expression base, Expression exponent) -> power(value(base), exact.value(exponent));
      case Root(int index, Expression radicand) -> root(index, value(radicand));
      case Degrees(Expression operand) -> value(operand);
      case Percent(Expression operand) -> product(value(operand), new BigDecimal("0.01"));
      case Constant constant -> constant == Constant.PI ? PI : null;
      case Num n -> null;
      case Variable v -> null;
      case Factorial f -> null;
      case Binomial b -> null;
      case Call c -> null;
      case Infinite i -> null;
    };
  }

  private static BigDecimal decimal(Rational value) {
    return new BigDecimal(value.numerator()).divide(new BigDecimal(value.denominator()), DIGITS);
  }

  private static @Nullable BigDecimal negated(@Nullable BigDecimal value) {
    return value == null ? null : value.negate();
  }

  private static @Nullable BigDecimal sum(@Nullable BigDecimal a, @Nullable BigDecimal b) {
    return a == null || b == null ? null : a.add(b, DIGITS);
  }

  private static @Nullable BigDecimal product(@Nullable BigDecimal a, @Nullable BigDecimal b) {
    return a == null || b == null ? null : a.multiply(b, DIGITS);
  }

  private static @Nullable BigDecimal quotient(@Nullable BigDecimal a, @Nullable BigDecimal b) {
    return a == null || b == null || b.signum() == 0 ? null : a.divide(b, DIGITS);
  }

  private static @Nullable BigDecimal power(
      @Nullable BigDecimal base, @Nullable Rational exponent) {
    if (base == null
        || exponent == null
        || base.signum() <= 0
        || exponent.denominator().bitLength() > 8
        || exponent.numerator().abs().compareTo(BigInteger.valueOf(MAX_EXPONENT)) > 0) {
      return null;
    }
    BigDecimal root = root(exponent.denominator().intValue(), base);
    if (root == null) {
      return null;
    }
    BigDecimal power = root.pow(exponent.numerator().abs().intValue(), DIGITS);
    return exponent.signum() < 0 ? quotient(BigDecimal.ONE, power) : power;
  }

  private static @Nullable BigDecimal root(int index, @Nullable BigDecimal radicand) {
    if (radicand == null || index == 1) {
      return radicand;
    }
    if (radicand.signum() == 0) {
      return radicand;
    }
    if (radicand.signum() < 0) {
      return index % 2 == 0 ? null : negated(root(index, radicand.negate()));
    }
    if (index == 2) {
      return radicand.sqrt(DIGITS);
    }
    double start = Math.pow(radicand.doubleValue(), 1.0 / index);
    if (!Double.isFinite(start) || start == 0 || index > 200) {
      return null;
    }
    // Newton doubles the digits: 15, 30, 60, 120.
    BigDecimal x = new BigDecimal(start);
    BigDecimal order = BigDecimal.valueOf(index);
    for (int i = 0; i < 4; i++) {
      BigDecimal next = radicand.divide(x.pow(index - 1, DIGITS), DIGITS);
      x = x.multiply(order.subtract(BigDecimal.ONE)).add(next).divide(order, DIGITS);
    }
    return x;
  }
}
