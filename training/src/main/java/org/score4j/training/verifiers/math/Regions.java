package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Answer.Bracketed;
import org.score4j.training.verifiers.math.Answer.Scalar;
import org.score4j.training.verifiers.math.Answer.Union;
import org.score4j.training.verifiers.math.Expression.Infinite;
import org.score4j.training.verifiers.math.Expression.Negation;

/** The real numbers without some points, as the union of the intervals between these. */
final class Regions {
  /** A point with its value in double precision, by which points are put in order. */
  private record Point(Scalar scalar, double value) {}

  private Regions() {}

  static Scalar infinity(int sign) {
    return sign > 0
        ? new Scalar("∞", new Infinite(), "")
        : new Scalar("-∞", new Negation(new Infinite()), "");
  }

  /** Null where a point is no real constant, or where two of them are too close to be ordered. */
  static @Nullable Union realsWithout(String text, List<Answer> points, Budget budget) {
    List<Point> ordered = new ArrayList<>();
    for (Answer point : points) {
      if (!(point instanceof Scalar scalar)
          || !ExpressionComparison.isConstant(scalar.expression())) {
        return null;
      }
      Approximate value = new NumericEvaluator(Map.of(), budget).value(scalar.expression());
      if (!value.isDefined() || !value.isReal()) {
        return null;
      }
      ordered.add(new Point(scalar, value.re()));
    }
    ordered.sort(Comparator.comparingDouble(Point::value));
    List<Answer> intervals = new ArrayList<>();
    Scalar from = infinity(-1);
    double last = Double.NEGATIVE_INFINITY;
    for (Point point : ordered) {
      if (point.value() - last < 1e-9) {
        return null;
      }
      intervals.add(interval(from, point.scalar()));
      from = point.scalar();
      last = point.value();
    }
    intervals.add(interval(from, infinity(1)));
    return new Union(text, intervals);
  }

  private static Bracketed interval(Scalar from, Scalar to) {
    return new Bracketed("(" + from.text() + "," + to.text() + ")", "(", ")", List.of(from, to));
  }
}
