package org.score4j.training.verifiers.math;

import java.math.BigInteger;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Expression.Binomial;
import org.score4j.training.verifiers.math.Expression.Call;
import org.score4j.training.verifiers.math.Expression.Constant;
import org.score4j.training.verifiers.math.Expression.Degrees;
import org.score4j.training.verifiers.math.Expression.Factorial;
import org.score4j.training.verifiers.math.Expression.Given;
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

/** Values of expressions as exact rationals, where they are rational. */
final class ExactEvaluator {
  private static final Rational HUNDREDTH = Rational.of(1, 100);
  private static final int MAX_FACTORIAL = 1_000;

  private final Map<String, Rational> point;
  private final Budget budget;

  /** point: the value of each variable. */
  ExactEvaluator(Map<String, Rational> point, Budget budget) {
    this.point = point;
    this.budget = budget;
  }

  /** Null when the value is not rational, not defined, or too long. */
  @Nullable Rational value(Expression expression) {
    budget.spend();
    return switch (expression) {
      case Num(Rational value, boolean decimal, int places) -> value;
      case Variable(String name) -> point.get(name);
      case Negation(Expression operand) -> negated(value(operand));
      case Sum(Expression left, Expression right) -> sum(value(left), right);
      case Product(Expression left, Expression right) -> product(value(left), right);
      case Quotient(Expression top, Expression bottom) -> quotient(value(top), bottom);
      case Power(Expression base, Expression exponent) -> power(value(base), exponent);
      case Root(int index, Expression radicand) -> root(index, value(radicand));
      case Factorial(Expression operand) -> factorial(value(operand));
      case Binomial(Expression n, Expression k) -> binomial(value(n), value(k));
      case Degrees(Expression operand) -> value(operand);
      case Percent(Expression operand) -> percent(value(operand));
      case Call(String function, Expression argument) -> call(function, argument);
      case Constant constant -> null;
      case Given(Expression operand) -> value(operand);
      case Infinite() -> null;
    };
  }

  private static @Nullable Rational negated(@Nullable Rational value) {
    return value == null ? null : value.negate();
  }

  private @Nullable Rational sum(@Nullable Rational left, Expression other) {
    Rational right = left == null ? null : value(other);
    return left == null || right == null ? null : left.plus(right);
  }

  private @Nullable Rational product(@Nullable Rational left, Expression other) {
    Rational right = left == null ? null : value(other);
    return left == null || right == null ? null : left.times(right);
  }

  private @Nullable Rational quotient(@Nullable Rational top, Expression other) {
    Rational bottom = top == null ? null : value(other);
    return top == null || bottom == null ? null : top.dividedBy(bottom);
  }

  private @Nullable Rational power(@Nullable Rational base, Expression other) {
    Rational exponent = base == null ? null : value(other);
    return base == null || exponent == null ? null : base.power(exponent);
  }

  private static @Nullable Rational percent(@Nullable Rational value) {
    return value == null ? null : value.times(HUNDREDTH);
  }

  private static @Nullable Rational root(int index, @Nullable Rational radicand) {
    if (radicand == null) {
      return null;
    }
    return radicand.signum() < 0 && index % 2 == 1
        ? negated(radicand.negate().root(index))
        : radicand.root(index);
  }

  private @Nullable Rational factorial(@Nullable Rational n) {
    int count = small(n);
    Rational product = count < 0 ? null : Rational.ONE;
    for (int i = 2; i <= count && product != null; i++) {
      budget.spend();
      product = product.times(Rational.of(i));
    }
    return product;
  }

  private @Nullable Rational binomial(@Nullable Rational n, @Nullable Rational k) {
    int top = small(n);
    int bottom = small(k);
    if (top < 0 || bottom < 0) {
      return null;
    }
    Rational product = bottom > top ? Rational.ZERO : Rational.ONE;
    for (int i = 1; i <= bottom && product != null; i++) {
      budget.spend();
      product = product.times(Rational.of(top - bottom + i, i));
    }
    return product;
  }

  /** The number when it is whole and from 0 to 1,000; else −1. */
  private static int small(@Nullable Rational n) {
    boolean small = n != null && n.isInteger() && n.signum() >= 0 && n.numerator().bitLength() < 16;
    int value = n != null && small ? n.numerator().intValue() : -1;
    return value <= MAX_FACTORIAL ? value : -1;
  }

  private @Nullable Rational call(String function, Expression argument) {
    return switch (function) {
      case "abs" -> absolute(value(argument));
      case "floor" -> floor(value(argument));
      case "ceil" -> negated(floor(negated(value(argument))));
      default -> null;
    };
  }

  private static @Nullable Rational absolute(@Nullable Rational value) {
    return value != null && value.signum() < 0 ? value.negate() : value;
  }

  private static @Nullable Rational floor(@Nullable Rational value) {
    if (value == null || value.isInteger()) {
      return value;
    }
    BigInteger whole = value.numerator().divide(value.denominator());
    return new Rational(
        value.signum() < 0 ? whole.subtract(BigInteger.ONE) : whole, BigInteger.ONE);
  }
}
