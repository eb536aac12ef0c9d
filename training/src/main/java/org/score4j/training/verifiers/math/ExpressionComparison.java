package org.score4j.training.verifiers.math;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.score4j.training.verifiers.math.Expression.Call;
import org.score4j.training.verifiers.math.Expression.Constant;
import org.score4j.training.verifiers.math.Expression.Infinite;
import org.score4j.training.verifiers.math.Expression.Negation;
import org.score4j.training.verifiers.math.Expression.Num;
import org.score4j.training.verifiers.math.Expression.Variable;

/**
 * Whether two expressions have the same value: exactly where they are rational (at random rational
 * points when there are variables: two different rational functions of degree d agree at a point
 * with probability below d / 270), else in double precision with a bound of the rounding error.
 *
 * <p>Points where either side is undefined or not real are left out unless i is written: √x·√x is x
 * although it is undefined below 0, but √(x²) is not.
 */
final class ExpressionComparison {
  /**
   * A decimal equals a value that no decimal can be, such as ⅓ or √2, within this share of it: six
   * correct digits. Two values that both end are compared exactly.
   */
  static final double DECIMAL_TOLERANCE = 1e-6;

  private static final int POINTS = 24;
  private static final int ENOUGH_POINTS = 6;
  private static final int DENOMINATOR = 101;
  private static final int MAX_COUNT = 40;
  private static final int PRECISE_DIGITS = 60;

  private final Budget budget;
  private final long seed;

  ExpressionComparison(long seed, Budget budget) {
    this.seed = seed;
    this.budget = budget;
  }

  boolean equal(Expression a, Expression b) {
    if (a.equals(b)) {
      return true;
    }
    int infinite = infinity(a);
    if (infinite != 0 || infinity(b) != 0) {
      return infinite == infinity(b);
    }
    Set<String> variables = variables(a, b);
    return variables.isEmpty() ? equalConstants(a, b) : equalFunctions(a, b, variables);
  }

  /** 1 for ∞, −1 for −∞, else 0. */
  static int infinity(Expression expression) {
    return switch (expression) {
      case Infinite() -> 1;
      case Negation(Expression operand) -> -infinity(operand);
      default -> 0;
    };
  }

  private boolean equalConstants(Expression a, Expression b) {
    ExactEvaluator exact = new ExactEvaluator(Map.of(), budget);
    Rational left = exact.value(a);
    Rational right = exact.value(b);
    if (left != null && right != null) {
      return left.equals(right)
          || (isDecimal(a) && !right.isFiniteDecimal() && near(left.toDouble(), right.toDouble()))
          || (isDecimal(b) && !left.isFiniteDecimal() && near(left.toDouble(), right.toDouble()));
    }
    NumericEvaluator numeric = new NumericEvaluator(Map.of(), budget);
    Approximate x = numeric.value(a);
    Approximate y = numeric.value(b);
    if (!x.isDefined() || !y.isDefined()) {
      return false;
    }
    if (isDecimal(a) != isDecimal(b) && x.isReal() && y.isReal()) {
      return x.isSharp() && y.isSharp() && near(x.re(), y.re());
    }
    return x.agrees(y) && preciselyEqual(exact, a, b, x.isSharp() && y.isSharp());
  }

  /** otherwise: what holds for constants that only double precision knows. */
  private boolean preciselyEqual(
      ExactEvaluator exact, Expression a, Expression b, boolean otherwise) {
    PreciseEvaluator precise = new PreciseEvaluator(exact, budget);
    BigDecimal left = precise.value(a);
    BigDecimal right = left == null ? null : precise.value(b);
    return (left == null || right == null)
        ? otherwise
        : PreciseEvaluator.agree(left, right, PRECISE_DIGITS);
  }

  private static boolean near(double a, double b) {
    return Math.abs(a - b) <= DECIMAL_TOLERANCE * Math.abs(b);
  }

  /** A number written with a dot, signed or not. */
  private static boolean isDecimal(Expression expression) {
    return switch (expression) {
      case Num(Rational value, boolean decimal) -> decimal;
      case Negation(Expression operand) -> isDecimal(operand);
      default -> false;
    };
  }

  private boolean equalFunctions(Expression a, Expression b, Set<String> variables) {
    boolean complex = hasImaginary(a) || hasImaginary(b);
    int compared = 0;
    for (Map<String, Rational> point : points(variables, countsThings(a) || countsThings(b))) {
      ExactEvaluator exact = new ExactEvaluator(point, budget);
      Rational left = exact.value(a);
      Rational right = left == null ? null : exact.value(b);
      if (left != null && right != null) {
        if (!left.equals(right)) {
          return false;
        }
        compared++;
      } else {
        NumericEvaluator numeric = new NumericEvaluator(point, budget);
        Approximate x = numeric.value(a);
        Approximate y = numeric.value(b);
        if (comparable(x, y, complex)) {
          if (!x.agrees(y)) {
            return false;
          }
          compared++;
        }
      }
      if (compared == ENOUGH_POINTS) {
        return true;
      }
    }
    return false;
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
    if (variables.isEmpty()) {
      return 0; // of numbers, any two would be
    }
    Approximate ratio = null;
    int compared = 0;
    for (Map<String, Rational> point : points(variables, countsThings(f) || countsThings(g))) {
      Approximate here = ratio(f, g, point);
      if (here.isDefined() && here.isSharp() && here.isReal() && !here.isZero()) {
        if (ratio != null && !ratio.agrees(here)) {
          return 0;
        }
        ratio = here;
        compared++;
      }
      if (ratio != null && compared == ENOUGH_POINTS) {
        return ratio.re() > 0 ? 1 : -1;
      }
    }
    return 0;
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

  /**
   * Random points, 0.3 to 3 in size, the same ones every time. Signs: all positive, all negative,
   * in turn, at random; so |x|, |xy| and the like are told from x and xy.
   *
   * @param whole whole numbers from 1 instead, where factorials want them
   */
  private List<Map<String, Rational>> points(Set<String> variables, boolean whole) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Map<String, Rational>> points = new ArrayList<>(POINTS);
    for (int i = 0; i < POINTS; i++) {
      Map<String, Rational> point = new HashMap<>();
      int index = 0;
      for (String variable : variables) {
        int numerator = random.nextInt(30, 300);
        boolean coin = random.nextBoolean();
        boolean negative =
            switch (i % 4) {
              case 0 -> false;
              case 1 -> true;
              case 2 -> index % 2 == 1;
              default -> coin;
            };
        point.put(
            variable,
            whole
                ? Rational.of(numerator % MAX_COUNT + 1)
                : Rational.of(negative ? -numerator : numerator, DENOMINATOR));
        index++;
      }
      points.add(point);
    }
    return points;
  }

  private static Set<String> variables(Expression a, Expression b) {
    Set<String> names = new TreeSet<>();
    collect(a, names);
    collect(b, names);
    return names;
  }

  /** Whether it has neither variables nor functions nothing is known of. */
  static boolean isConstant(Expression expression) {
    return variables(expression, expression).isEmpty();
  }

  private static boolean countsThings(Expression expression) {
    return expression instanceof Expression.Factorial
        || expression instanceof Expression.Binomial
        || expression.parts().stream().anyMatch(ExpressionComparison::countsThings);
  }

  private static boolean hasImaginary(Expression expression) {
    return expression == Constant.I
        || expression.parts().stream().anyMatch(ExpressionComparison::hasImaginary);
  }

  private static void collect(Expression expression, Set<String> names) {
    switch (expression) {
      case Variable(String name) -> names.add(name);
      case Call(String name, Expression x) when ExpressionParser.isUnknownFunction(name) ->
          names.add(name);
      default -> {}
    }
    expression.parts().forEach(part -> collect(part, names));
  }
}
