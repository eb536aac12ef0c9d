package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.score4j.training.verifiers.math.Expression.Binomial;
import org.score4j.training.verifiers.math.Expression.Call;
import org.score4j.training.verifiers.math.Expression.Factorial;
import org.score4j.training.verifiers.math.Expression.Power;
import org.score4j.training.verifiers.math.Expression.Root;
import org.score4j.training.verifiers.math.Expression.Sum;

/**
 * Where two functions are compared: the same rational points every time. Signs are all positive,
 * all negative, in turn, at random, so that |x| and |xy| are told from x and xy.
 *
 * <p>A variable is a whole number from 1 to 40 where only those make sense: under a factorial, in a
 * binomial, and in the exponent of a negative number.
 */
final class SamplePoints {
  private static final int POINTS = 24;
  private static final int DENOMINATOR = 101;
  private static final int MAX_COUNT = 40;

  // Far away, by powers of ten: two draws of each.
  private static final int MAX_FAR_EXPONENT = 9;
  private static final int FAR_DRAWS = 2;

  // The search for kinks: a grid in thirds of powers of ten, then bisection.
  private static final int LINES = 3;
  private static final int MAX_KINKS = 8;
  private static final int MAX_PIECES = 24;
  private static final int GRID_FROM = -6;
  private static final int GRID_TO = 27;
  private static final int BISECTIONS = 40;
  private static final long GRID_UNIT = 1 << 20;

  private final Expression a;
  private final Expression b;
  private final Set<String> variables;
  private final Set<String> whole = new TreeSet<>();
  private final long seed;
  private final Budget budget;

  SamplePoints(Expression a, Expression b, Set<String> variables, long seed, Budget budget) {
    this.a = a;
    this.b = b;
    this.variables = variables;
    this.seed = seed;
    this.budget = budget;
    collectWhole(a);
    collectWhole(b);
  }

  /** 0.3 to 3 in size. */
  List<Map<String, Rational>> near() {
    SplittableRandom random = new SplittableRandom(seed);
    List<Map<String, Rational>> points = new ArrayList<>(POINTS);
    for (int i = 0; i < POINTS; i++) {
      points.add(point(random, i, 0));
    }
    return points;
  }

  /** The size is 0.3 to 3 times a power of ten. */
  private Map<String, Rational> point(SplittableRandom random, int number, int exponent) {
    long scale = Math.round(Math.pow(10, exponent));
    Map<String, Rational> point = new HashMap<>();
    int index = 0;
    for (String variable : variables) {
      int numerator = random.nextInt(30, 300);
      boolean coin = random.nextBoolean();
      boolean negative =
          switch (number % 4) {
            case 0 -> false;
            case 1 -> true;
            case 2 -> index % 2 == 1;
            default -> coin;
          };
      point.put(
          variable,
          whole.contains(variable)
              ? Rational.of(numerator % MAX_COUNT + 1)
              : Rational.of((negative ? -numerator : numerator) * scale, DENOMINATOR));
      index++;
    }
    return point;
  }

  /**
   * Points that tell functions apart which agree near 0 but not everywhere, such as |x − 5| and 5 −
   * x: up to 10⁹ in size, and between and beside the kinks, where the inside of a |·|, ⌊·⌋, ⌈·⌉ or
   * even root is 0. None where neither function has kinks: analytic ones agree everywhere.
   */
  List<Map<String, Rational>> far() {
    Set<Expression> insides = new LinkedHashSet<>();
    collectInsides(a, insides);
    collectInsides(b, insides);
    if (insides.isEmpty()) {
      return List.of();
    }
    SplittableRandom random = new SplittableRandom(seed + 1);
    List<Map<String, Rational>> points = new ArrayList<>();
    for (int exponent = 1; exponent <= MAX_FAR_EXPONENT; exponent++) {
      for (int draw = 0; draw < FAR_DRAWS; draw++) {
        points.add(point(random, draw, exponent));
        points.add(point(random, 2 + draw, exponent));
      }
    }
    for (int line = 0; line < LINES; line++) {
      Map<String, Rational> through = point(random, line, line);
      for (String variable : variables) {
        if (!whole.contains(variable)) {
          addAlong(variable, through, insides, random, points);
        }
      }
    }
    return points;
  }

  /** One point in each piece of a line between kinks, and one close to each side of a kink. */
  private void addAlong(
      String variable,
      Map<String, Rational> through,
      Set<Expression> insides,
      SplittableRandom random,
      List<Map<String, Rational>> points) {
    TreeSet<Double> kinks = new TreeSet<>();
    for (Expression inside : insides) {
      if (kinks.size() < MAX_PIECES) {
        addZeros(inside, variable, through, kinks);
      }
    }
    Double before = null;
    for (double kink : kinks) {
      double room = before == null ? Math.max(1, Math.abs(kink)) : kink - before;
      for (double share : new double[] {0.1, 0.3, 0.6}) {
        add(points, through, variable, kink - room * (share + 0.1 * random.nextDouble()));
      }
      before = kink;
    }
    if (before != null) {
      double room = Math.max(1, Math.abs(before));
      add(points, through, variable, before + room * (0.1 + 0.1 * random.nextDouble()));
      add(points, through, variable, before + room * (1 + random.nextDouble()));
    }
  }

  private static void add(
      List<Map<String, Rational>> points,
      Map<String, Rational> through,
      String variable,
      double value) {
    Map<String, Rational> point = new HashMap<>(through);
    point.put(variable, rational(value));
    points.add(point);
  }

  private static Rational rational(double value) {
    return Rational.of(Math.round(value * GRID_UNIT), GRID_UNIT);
  }

  /** Changes of sign along a line, and where the size has a minimum: (x − 5)² has but that. */
  private void addZeros(
      Expression inside, String variable, Map<String, Rational> through, Set<Double> zeros) {
    Map<String, Rational> point = new HashMap<>(through);
    double[] places = new double[2 * (GRID_TO - GRID_FROM + 1) + 1];
    int middle = places.length / 2;
    for (int k = GRID_FROM; k <= GRID_TO; k++) {
      double size = Math.pow(10, k / 3.0);
      places[middle + (k - GRID_FROM + 1)] = size;
      places[middle - (k - GRID_FROM + 1)] = -size;
    }
    double[] values = new double[places.length];
    for (int i = 0; i < places.length; i++) {
      values[i] = at(inside, point, variable, places[i]);
    }
    for (int i = 1; i < places.length; i++) {
      if (values[i - 1] * values[i] <= 0) {
        zeros.add(bisected(inside, point, variable, places[i - 1], places[i], values[i - 1]));
      } else if (i + 1 < places.length
          && Math.abs(values[i]) <= Math.abs(values[i - 1])
          && Math.abs(values[i]) < Math.abs(values[i + 1])) {
        zeros.add(minimum(inside, point, variable, places[i - 1], places[i + 1]));
      }
    }
  }

  /** NaN where it is not defined. */
  private double at(Expression inside, Map<String, Rational> point, String variable, double place) {
    point.put(variable, rational(place));
    Approximate value = new NumericEvaluator(point, budget).value(inside);
    return value.isDefined() && value.isReal() ? value.re() : Double.NaN;
  }

  private double bisected(
      Expression inside,
      Map<String, Rational> point,
      String variable,
      double from,
      double to,
      double valueFrom) {
    double low = from;
    double high = to;
    for (int i = 0; i < BISECTIONS; i++) {
      double half = (low + high) / 2;
      if (at(inside, point, variable, half) * valueFrom > 0) {
        low = half;
      } else {
        high = half;
      }
    }
    return high;
  }

  /** By thirds. */
  private double minimum(
      Expression inside, Map<String, Rational> point, String variable, double from, double to) {
    double low = from;
    double high = to;
    for (int i = 0; i < BISECTIONS; i++) {
      double third = (high - low) / 3;
      double left = Math.abs(at(inside, point, variable, low + third));
      double right = Math.abs(at(inside, point, variable, high - third));
      if (left < right) {
        high -= third;
      } else {
        low += third;
      }
    }
    return (low + high) / 2;
  }

  /** What bends where it is 0; of a step function the next steps too. */
  private static void collectInsides(Expression expression, Set<Expression> insides) {
    if (insides.size() >= MAX_KINKS) {
      return;
    }
    switch (expression) {
      case Call(String function, Expression inside) -> {
        switch (function) {
          case "abs", "norm" -> insides.add(inside);
          case "floor", "ceil" -> {
            insides.add(inside);
            insides.add(new Sum(inside, Expression.integer(1)));
            insides.add(new Sum(inside, Expression.integer(-1)));
          }
          default -> {}
        }
      }
      case Root(int index, Expression inside) when index % 2 == 0 -> insides.add(inside);
      case Power(Expression inside, Expression exponent) when isHalf(exponent) ->
          insides.add(inside);
      default -> {}
    }
    expression.parts().forEach(part -> collectInsides(part, insides));
  }

  /** A fraction in the exponent is a root. */
  private static boolean isHalf(Expression exponent) {
    return switch (exponent) {
      case Expression.Quotient quotient -> true;
      case Expression.Num number -> number.decimal();
      case Expression.Negation(Expression operand) -> isHalf(operand);
      default -> false;
    };
  }

  private void collectWhole(Expression expression) {
    switch (expression) {
      case Factorial(Expression operand) -> ExpressionComparison.collectVariables(operand, whole);
      case Binomial(Expression n, Expression k) -> {
        ExpressionComparison.collectVariables(n, whole);
        ExpressionComparison.collectVariables(k, whole);
      }
      case Power(Expression base, Expression exponent) when isNegative(base) ->
          ExpressionComparison.collectVariables(exponent, whole);
      default -> {}
    }
    expression.parts().forEach(this::collectWhole);
  }

  private boolean isNegative(Expression base) {
    if (!ExpressionComparison.isConstant(base)) {
      return false;
    }
    Approximate value = new NumericEvaluator(Map.of(), budget).value(base);
    return value.isDefined() && value.isReal() && value.re() < 0 && !value.isZero();
  }
}
