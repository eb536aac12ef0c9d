package org.score4j.training.verifiers.math;

import java.util.List;

/** An arithmetic expression. */
sealed interface Expression {
  /**
   * A number.
   *
   * @param decimal whether it was written with a dot
   * @param places digits behind the dot as written, trailing zeros among them; 0 without a dot
   */
  record Num(Rational value, boolean decimal, int places) implements Expression {
    /** Without zeros at the end of the decimals. */
    Num(Rational value, boolean decimal) {
      this(value, decimal, decimal ? value.decimalPlaces() : 0);
    }
  }

  /** π, e and i. */
  enum Constant implements Expression {
    PI,
    E,
    I
  }

  /** +∞; −∞ is its negation. */
  record Infinite() implements Expression {}

  /** A variable. */
  record Variable(String name) implements Expression {}

  /** left + right. */
  record Sum(Expression left, Expression right) implements Expression {}

  /** left · right. */
  record Product(Expression left, Expression right) implements Expression {}

  /** top / bottom. */
  record Quotient(Expression top, Expression bottom) implements Expression {}

  /** base to the power of exponent. */
  record Power(Expression base, Expression exponent) implements Expression {}

  /** The index-th root; odd real roots of negative numbers are negative. */
  record Root(int index, Expression radicand) implements Expression {}

  /** −operand. */
  record Negation(Expression operand) implements Expression {}

  /** A function by name; names that are not known are functions nothing is known of. */
  record Call(String function, Expression argument) implements Expression {}

  /** n!. */
  record Factorial(Expression operand) implements Expression {}

  /** n over k. */
  record Binomial(Expression n, Expression k) implements Expression {}

  /** An angle in degrees: its number, but radians inside a trigonometric function. */
  record Degrees(Expression operand) implements Expression {}

  /** Per cent, inside an expression a hundredth. */
  record Percent(Expression operand) implements Expression {}

  /**
   * A value that a response states, as it stands there: its form counts too where the reference is
   * the {@link ValueForm form of a value}.
   */
  record Given(Expression operand) implements Expression {}

  /** The operands. */
  default List<Expression> parts() {
    return switch (this) {
      case Num n -> List.of();
      case Constant c -> List.of();
      case Infinite i -> List.of();
      case Variable v -> List.of();
      case Negation(Expression x) -> List.of(x);
      case Root(int index, Expression x) -> List.of(x);
      case Factorial(Expression x) -> List.of(x);
      case Degrees(Expression x) -> List.of(x);
      case Percent(Expression x) -> List.of(x);
      case Given(Expression x) -> List.of(x);
      case Call(String function, Expression x) -> List.of(x);
      case Sum(Expression x, Expression y) -> List.of(x, y);
      case Product(Expression x, Expression y) -> List.of(x, y);
      case Quotient(Expression x, Expression y) -> List.of(x, y);
      case Power(Expression x, Expression y) -> List.of(x, y);
      case Binomial(Expression x, Expression y) -> List.of(x, y);
    };
  }

  /** A whole number. */
  static Num integer(long value) {
    return new Num(Rational.of(value), false);
  }
}
