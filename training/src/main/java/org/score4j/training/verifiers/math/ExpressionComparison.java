package org.score4j.training.verifiers.math;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Expression.Call;
import org.score4j.training.verifiers.math.Expression.Constant;
import org.score4j.training.verifiers.math.Expression.Given;
import org.score4j.training.verifiers.math.Expression.Infinite;
import org.score4j.training.verifiers.math.Expression.Negation;
import org.score4j.training.verifiers.math.Expression.Percent;
import org.score4j.training.verifiers.math.Expression.Sum;
import org.score4j.training.verifiers.math.Expression.Variable;

/**
 * Whether two expressions have the same value: exactly where they are rational (at random rational
 * points when there are variables: two different rational functions of degree d agree at a point
 * with probability below d / 270), else in double precision with a bound of the rounding error and,
 * where that sees no difference, to 60 digits.
 *
 * <p>Points where either side is undefined or not real are left out unless i is written: √x·√x is x
 * although it is undefined below 0, but √(x²) is not.
 *
 * <p>A value that a response states ({@link Given}) must be in the form of one where the other is.
 */
final class ExpressionComparison {
  private static final int ENOUGH_POINTS = 6;
  // Of those that double precision compared.
  private static final int PRECISE_POINTS = 2;

  private final Budget budget;
  private final long seed;
  private final ValueForm forms;

  ExpressionComparison(long seed, Budget budget) {
    this.seed = seed;
    this.budget = budget;
    this.forms = new ValueForm(budget);
  }

  boolean equal(Expression one, Expression other) {
    Expression a = withoutMark(one);
    Expression b = withoutMark(other);
    if (a.equals(b)) {
      return true;
    }
    // Asked last of all, for most answers are another value.
    BooleanSupplier accepted =
        isMarked(one) == isMarked(other)
            ? () -> true
            : isMarked(one) ? () -> isAccepted(b, a) : () -> isAccepted(a, b);
    int infinite = infinity(a);
    if (infinite != 0 || infinity(b) != 0) {
      return infinite == infinity(b) && accepted.getAsBoolean();
    }
    Set<String> variables = variables(a, b);
    return variables.isEmpty()
        ? equalConstants(a, b, accepted)
        : accepted.getAsBoolean() && equalFunctions(a, b, variables);
  }

  private boolean isAccepted(Expression reference, Expression given) {
    return forms.accepts(reference, WrittenDecimal.of(reference) != null, given);
  }

  /** Per cent of what a response states is stated too. */
  private static boolean isMarked(Expression expression) {
    return expression instanceof Given || expression instanceof Percent(Given g);
  }

  private static Expression withoutMark(Expression expression) {
    return switch (expression) {
      case Given(Expression operand) -> operand;
      case Percent(Given(Expression operand)) -> new Percent(operand);
      default -> expression;
    };
  }

  /** 1 for ∞, −1 for −∞, else 0. */
  static int infinity(Expression expression) {
    return switch (expression) {
      case Infinite() -> 1;
      case Negation(Expression operand) -> -infinity(operand);
      default -> 0;
    };
  }

  private boolean equalConstants(Expression a, Expression b, BooleanSupplier accepted) {
    ExactEvaluator exact = new ExactEvaluator(Map.of(), budget);
    Rational left = exact.value(a);
    Rational right = exact.value(b);
    if (left != null && right != null) {
      return (left.equals(right) || isRounded(a, left, b) || isRounded(b, right, a))
          && accepted.getAsBoolean();
    }
    NumericEvaluator numeric = new NumericEvaluator(Map.of(), budget);
    Approximate x = numeric.value(a);
    Approximate y = numeric.value(b);
    WrittenDecimal leftDecimal = left == null ? null : WrittenDecimal.of(a);
    WrittenDecimal rightDecimal = right == null ? null : WrittenDecimal.of(b);
    if (leftDecimal != null || rightDecimal != null) {
      return (leftDecimal == null
              ? rightDecimal != null && isRounded(exact, a, x, rightDecimal)
              : isRounded(exact, b, y, leftDecimal))
          && accepted.getAsBoolean();
    }
    boolean defined = x.isDefined() && y.isDefined();
    if ((defined && !x.agrees(y)) || !accepted.getAsBoolean()) {
      return false;
    }
    return switch (preciselyEqual(exact, a, b)) {
      case SAME -> true;
      case DIFFERENT -> false;
      case UNKNOWN -> defined && x.isSharp() && y.isSharp();
    };
  }

  /** A whole number is no rounded value, and neither is another decimal. */
  private static boolean isRounded(Expression written, Rational value, Expression other) {
    WrittenDecimal decimal = value.isInteger() ? null : WrittenDecimal.of(other);
    return decimal != null
        && decimal.isRounded()
        && WrittenDecimal.of(written) == null
        && decimal.rounds(value);
  }

  private boolean isRounded(
      ExactEvaluator exact, Expression value, Approximate approximate, WrittenDecimal decimal) {
    if (!decimal.isRounded()) {
      return false;
    }
    Precise precise = new PreciseEvaluator(exact, budget).value(value);
    return precise == null ? decimal.rounds(approximate) : precise.roundsTo(decimal.digits());
  }

  private Precise.Agreement preciselyEqual(ExactEvaluator exact, Expression a, Expression b) {
    PreciseEvaluator precise = new PreciseEvaluator(exact, budget);
    Precise left = precise.value(a);
    Precise right = left == null ? null : precise.value(b);
    return left == null || right == null ? Precise.Agreement.UNKNOWN : left.compare(right);
  }

  private boolean equalFunctions(Expression a, Expression b, Set<String> variables) {
    boolean complex = hasImaginary(a) || hasImaginary(b);
    SamplePoints points = new SamplePoints(a, b, variables, seed, budget);
    int compared = 0;
    int precisely = 0;
    for (Map<String, Rational> point : points.near()) {
      ExactEvaluator exact = new ExactEvaluator(point, budget);
      switch (compare(exact, a, b, point, complex)) {
        case DIFFERENT -> {
          return false;
        }
        case EQUAL -> compared++;
        case CLOSE -> {
          if (precisely < PRECISE_POINTS
              && preciselyEqual(exact, a, b) == Precise.Agreement.DIFFERENT) {
            return false;
          }
          precisely++;
          compared++;
        }
        case UNDEFINED -> {}
      }
      if (compared == ENOUGH_POINTS) {
        return equalFarAway(a, b, points, complex);
      }
    }
    return false;
  }

  private boolean equalFarAway(Expression a, Expression b, SamplePoints points, boolean complex) {
    for (Map<String, Rational> point : points.far()) {
      ExactEvaluator exact = new ExactEvaluator(point, budget);
      if (compare(exact, a, b, point, complex) == AtPoint.DIFFERENT) {
        return false;
      }
    }
    return true;
  }

  /** What two functions are at a point. */
  private enum AtPoint {
    /** The same rational number. */
    EQUAL,
    /** The same as far as double precision knows. */
    CLOSE,
    DIFFERENT,
    /** Not defined, not real, or not known with digits enough. */
    UNDEFINED
  }

  private AtPoint compare(
      ExactEvaluator exact,
      Expression a,
      Expression b,
      Map<String, Rational> point,
      boolean complex) {
    Rational left = exact.value(a);
    Rational right = left == null ? null : exact.value(b);
    if (left != null && right != null) {
      return left.equals(right) ? AtPoint.EQUAL : AtPoint.DIFFERENT;
    }
    NumericEvaluator numeric = new NumericEvaluator(point, budget);
    Approximate x = numeric.value(a);
    Approximate y = numeric.value(b);
    if (!comparable(x, y, complex)) {
      return AtPoint.UNDEFINED;
    }
    return x.agrees(y) ? AtPoint.CLOSE : AtPoint.DIFFERENT;
  }

  private static boolean comparable(Approximate x, Approximate y, boolean complex) {
    return x.isDefined()
        && y.isDefined()
        && x.isSharp()
        && y.isSharp()
        && (complex || (x.isReal() && y.isReal()));
  }

  /**
   * The sign of c where f = c·g for a constant c other than 0, so that f = 0 and g = 0 are one
   * equation; 0 where there is no such c.
   */
  int proportional(Expression f, Expression g) {
    Set<String> variables = variables(f, g);
    if (variables.isEmpty() || isUnsolved(f, g) || isUnsolved(g, f)) {
      return 0; // of numbers, any two would be
    }
    SamplePoints points = new SamplePoints(f, g, variables, seed, budget);
    List<Map<String, Rational>> near = points.near();
    Approximate ratio = null;
    int compared = 0;
    for (Map<String, Rational> point : near) {
      Approximate here = ratio(f, g, point);
      if (here.isDefined() && here.isSharp() && here.isReal() && !here.isZero()) {
        if (ratio != null && !ratio.agrees(here)) {
          return 0;
        }
        ratio = here;
        compared++;
      }
      if (ratio != null && compared == ENOUGH_POINTS) {
        return preciselyProportional(f, g, near) && proportionalFarAway(f, g, ratio, points)
            ? (ratio.re() > 0 ? 1 : -1)
            : 0;
      }
    }
    return 0;
  }

  /** To 60 digits, at the first point in comparison with the next ones. */
  private boolean preciselyProportional(
      Expression f, Expression g, List<Map<String, Rational>> near) {
    ExactEvaluator first = new ExactEvaluator(near.getFirst(), budget);
    if (first.value(f) != null && first.value(g) != null) {
      return true; // such as the double precision of it
    }
    Precise top = new PreciseEvaluator(first, budget).value(f);
    Precise bottom = top == null ? null : new PreciseEvaluator(first, budget).value(g);
    if (top == null || bottom == null) {
      return true;
    }
    for (Map<String, Rational> point : near.subList(1, 1 + PRECISE_POINTS)) {
      ExactEvaluator exact = new ExactEvaluator(point, budget);
      Precise otherTop = new PreciseEvaluator(exact, budget).value(f);
      Precise otherBottom = otherTop == null ? null : new PreciseEvaluator(exact, budget).value(g);
      if (otherTop != null
          && otherBottom != null
          && top.times(otherBottom).compare(otherTop.times(bottom))
              == Precise.Agreement.DIFFERENT) {
        return false;
      }
    }
    return true;
  }

  private boolean proportionalFarAway(
      Expression f, Expression g, Approximate ratio, SamplePoints points) {
    for (Map<String, Rational> point : points.far()) {
      Approximate here = ratio(f, g, point);
      if (here.isDefined() && here.isSharp() && here.isReal() && !ratio.agrees(here)) {
        return false;
      }
      Approximate turned = ratio(g, f, point);
      if (turned.isDefined() && turned.isReal() && turned.isZero()) {
        return false;
      }
    }
    return true;
  }

  /** {@code x > 2 + 3} of a response, where the other is {@code x > 5}: differences of sides. */
  private boolean isUnsolved(Expression given, Expression reference) {
    Expression value = bound(given);
    Expression wanted = bound(reference);
    return value instanceof Given(Expression operand)
        && wanted != null
        && !(wanted instanceof Given)
        && !isAccepted(wanted, operand);
  }

  /** The constant of {@code x − c} or {@code c − x}. */
  private static @Nullable Expression bound(Expression difference) {
    return switch (difference) {
      case Sum(Variable name, Negation(Expression value)) when isConstant(value) -> value;
      case Sum(Expression value, Negation(Variable name)) when isConstant(value) -> value;
      default -> null;
    };
  }

  private Approximate ratio(Expression f, Expression g, Map<String, Rational> point) {
    ExactEvaluator exact = new ExactEvaluator(point, budget);
    Rational top = exact.value(f);
    Rational bottom = top == null ? null : exact.value(g);
    Rational quotient = top == null || bottom == null ? null : top.dividedBy(bottom);
    if (quotient != null) {
      return Approximate.of(quotient.toDouble());
    }
    NumericEvaluator numeric = new NumericEvaluator(point, budget);
    return numeric.value(f).dividedBy(numeric.value(g));
  }

  private static Set<String> variables(Expression a, Expression b) {
    Set<String> names = new TreeSet<>();
    collectVariables(a, names);
    collectVariables(b, names);
    return names;
  }

  /** Whether it has neither variables nor functions nothing is known of. */
  static boolean isConstant(Expression expression) {
    return variables(expression, expression).isEmpty();
  }

  private static boolean hasImaginary(Expression expression) {
    return expression == Constant.I
        || expression.parts().stream().anyMatch(ExpressionComparison::hasImaginary);
  }

  /** The names of variables and of functions nothing is known of. */
  static void collectVariables(Expression expression, Set<String> names) {
    switch (expression) {
      case Variable(String name) -> names.add(name);
      case Call(String name, Expression x) when ExpressionParser.isUnknownFunction(name) ->
          names.add(name);
      default -> {}
    }
    expression.parts().forEach(part -> collectVariables(part, names));
  }
}
