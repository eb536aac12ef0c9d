package org.score4j.training.verifiers.math;

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

/**
 * Real values to 80 digits: tells 10²⁰√2 from 10²⁰√2 + 1 and 1 from 1 − e⁻¹⁰⁰, which double
 * precision cannot. Null for what is not real, not defined, or unknown.
 */
final class PreciseEvaluator {
  private static final Rational RADIANS_PER_DEGREE_OVER_PI = Rational.of(1, 180);
  private static final Rational HUNDREDTH = Rational.of(1, 100);
  private static final Precise TEN = Precise.of(Rational.of(10));
  // Above it a power is e to a logarithm, whose relative error grows with the exponent.
  private static final int MAX_EXPONENT_BITS = 14;

  private final ExactEvaluator exact;
  private final Budget budget;
  private int insideTrigonometric;

  /** exact: for the same point; what it knows is not computed here. */
  PreciseEvaluator(ExactEvaluator exact, Budget budget) {
    this.exact = exact;
    this.budget = budget;
  }

  @Nullable Precise value(Expression expression) {
    budget.spendLong();
    if (isExactFirst(expression)) {
      Rational rational = exact.value(expression);
      if (rational != null) {
        return Precise.of(rational);
      }
    }
    return switch (expression) {
      case Num(Rational value, boolean decimal, int places) -> Precise.of(value);
      case Variable v -> ofRational(exact.value(v));
      case Given(Expression operand) -> value(operand);
      case Negation(Expression operand) -> negated(value(operand));
      case Sum(Expression left, Expression right) -> sum(value(left), right);
      case Product(Expression left, Expression right) -> product(value(left), right);
      case Quotient(Expression top, Expression bottom) -> quotient(value(top), bottom);
      case Power(Expression base, Expression exponent) -> power(base, exponent);
      case Root(int index, Expression radicand) -> root(index, value(radicand));
      case Degrees(Expression operand) -> degrees(value(operand));
      case Percent(Expression operand) -> times(value(operand), Precise.of(HUNDREDTH));
      case Call(String function, Expression argument) -> call(function, argument);
      case Constant constant ->
          switch (constant) {
            case PI -> Precise.PI;
            case E -> Precise.E;
            case I -> null;
          };
      case Factorial(Expression operand) -> factorial(exact.value(operand));
      case Binomial(Expression n, Expression k) -> binomial(exact.value(n), exact.value(k));
      case Infinite i -> null;
    };
  }

  /**
   * Where an error could hide the value: √4, ⌊3·⅓⌋. Sums and products lose nothing, and asking at
   * every one of them takes the square of the time. Degrees in a trigonometric function are no
   * rational number of radians.
   */
  private boolean isExactFirst(Expression expression) {
    return switch (expression) {
          case Root root -> true;
          case Power power -> true;
          case Call call -> true;
          default -> false;
        }
        && (insideTrigonometric == 0 || !hasDegrees(expression));
  }

  private static boolean hasDegrees(Expression expression) {
    return expression instanceof Degrees
        || expression.parts().stream().anyMatch(PreciseEvaluator::hasDegrees);
  }

  private static @Nullable Precise ofRational(@Nullable Rational value) {
    return value == null ? null : Precise.of(value);
  }

  private static @Nullable Precise negated(@Nullable Precise value) {
    return value == null ? null : value.negate();
  }

  private static @Nullable Precise times(@Nullable Precise value, Precise factor) {
    return value == null ? null : value.times(factor);
  }

  private static @Nullable Precise divided(@Nullable Precise top, @Nullable Precise bottom) {
    return top == null || bottom == null ? null : top.dividedBy(bottom);
  }

  private @Nullable Precise sum(@Nullable Precise left, Expression other) {
    Precise right = left == null ? null : value(other);
    return left == null || right == null ? null : left.plus(right);
  }

  private @Nullable Precise product(@Nullable Precise left, Expression other) {
    Precise right = left == null ? null : value(other);
    return left == null || right == null ? null : left.times(right);
  }

  private @Nullable Precise quotient(@Nullable Precise top, Expression other) {
    return top == null ? null : divided(top, value(other));
  }

  private static @Nullable Precise root(int index, @Nullable Precise radicand) {
    return radicand == null ? null : radicand.root(index);
  }

  private @Nullable Precise degrees(@Nullable Precise value) {
    return insideTrigonometric == 0
        ? value
        : times(times(value, Precise.of(RADIANS_PER_DEGREE_OVER_PI)), Precise.PI);
  }

  private static @Nullable Precise factorial(@Nullable Rational n) {
    return n != null && n.isInteger() && n.numerator().bitLength() < Integer.SIZE - 1
        ? Precise.factorial(n.numerator().intValue())
        : null;
  }

  private static @Nullable Precise binomial(@Nullable Rational n, @Nullable Rational k) {
    Rational rest = n == null || k == null ? null : n.plus(k.negate());
    Precise below = factorial(k);
    Precise other = below == null ? null : factorial(rest);
    Precise top = other == null ? null : factorial(n);
    return below == null || other == null ? null : divided(top, below.times(other));
  }

  private @Nullable Precise power(Expression base, Expression exponent) {
    Rational rational = exact.value(exponent);
    if (base == Constant.E && (rational == null || !rational.isInteger())) {
      Precise power = value(exponent);
      return power == null ? null : power.exp();
    }
    Precise value = value(base);
    if (value == null) {
      return null;
    }
    if (rational != null
        && rational.numerator().bitLength() <= MAX_EXPONENT_BITS
        && rational.denominator().bitLength() <= MAX_EXPONENT_BITS) {
      // As elsewhere here, a fractional power of a negative number is not real.
      Precise root =
          rational.isInteger()
              ? value
              : value.value().signum() < 0 ? null : value.root(rational.denominator().intValue());
      return root == null ? null : root.wholePower(rational.numerator().intValue());
    }
    Precise logarithm = value.ln();
    Precise power = logarithm == null ? null : value(exponent);
    return logarithm == null || power == null ? null : logarithm.times(power).exp();
  }

  private @Nullable Precise call(String function, Expression argument) {
    boolean trigonometric =
        switch (function) {
          case "sin", "cos", "tan", "cot", "sec", "csc" -> true;
          default -> false;
        };
    insideTrigonometric += trigonometric ? 1 : 0;
    Precise x = value(argument);
    insideTrigonometric -= trigonometric ? 1 : 0;
    if (x == null) {
      return null;
    }
    return switch (function) {
      case "sin" -> x.sin();
      case "cos" -> x.cos();
      case "tan" -> divided(x.sin(), x.cos());
      case "cot" -> divided(x.cos(), x.sin());
      case "sec" -> divided(Precise.ONE, x.cos());
      case "csc" -> divided(Precise.ONE, x.sin());
      case "arcsin" -> x.arcsin();
      case "arccos" -> complement(x.arcsin());
      case "arctan" -> x.arctan();
      case "arccot" -> complement(x.arctan());
      case "sinh" -> half(x.exp(), negated(x.negate().exp()));
      case "cosh" -> half(x.exp(), x.negate().exp());
      case "tanh" ->
          divided(half(x.exp(), negated(x.negate().exp())), half(x.exp(), x.negate().exp()));
      case "exp" -> x.exp();
      case "ln" -> x.ln();
      case "log", "lg" -> divided(x.ln(), TEN.ln());
      case "abs" -> x.abs();
      case "floor" -> x.floor();
      case "ceil" -> negated(x.negate().floor());
      default -> null;
    };
  }

  /** π/2 − x. */
  private static @Nullable Precise complement(@Nullable Precise x) {
    return x == null ? null : Precise.PI.times(Precise.of(Rational.of(1, 2))).plus(x.negate());
  }

  private static @Nullable Precise half(@Nullable Precise a, @Nullable Precise b) {
    return a == null || b == null ? null : a.plus(b).times(Precise.of(Rational.of(1, 2)));
  }
}
