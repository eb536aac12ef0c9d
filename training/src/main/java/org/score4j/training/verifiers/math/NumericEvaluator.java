package org.score4j.training.verifiers.math;

import java.util.Map;
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

/** Values of expressions in double precision, complex where roots demand it. */
final class NumericEvaluator {
  private static final double RADIANS_PER_DEGREE = Math.PI / 180;
  private static final int MAX_FACTORIAL = 170;

  private final Map<String, Rational> point;
  private final Budget budget;
  // Degrees are radians there and mere numbers elsewhere.
  private int insideTrigonometric;

  /** point: the value of each variable. */
  NumericEvaluator(Map<String, Rational> point, Budget budget) {
    this.point = point;
    this.budget = budget;
  }

  /** Not defined where the expression is not, or where it exceeds the range of double. */
  Approximate value(Expression expression) {
    budget.spend();
    return switch (expression) {
      case Num(Rational value, boolean decimal, int places) -> Approximate.of(value.toDouble());
      case Variable(String name) -> {
        Rational value = point.get(name);
        yield value == null ? Approximate.UNDEFINED : Approximate.of(value.toDouble());
      }
      case Negation(Expression operand) -> value(operand).negate();
      case Sum(Expression left, Expression right) -> value(left).plus(value(right));
      case Product(Expression left, Expression right) -> value(left).times(value(right));
      case Quotient(Expression top, Expression bottom) -> value(top).dividedBy(value(bottom));
      case Power(Expression base, Expression exponent) -> value(base).power(value(exponent));
      case Root(int index, Expression radicand) -> value(radicand).root(index);
      case Factorial(Expression operand) -> factorial(value(operand));
      case Binomial(Expression n, Expression k) -> binomial(value(n), value(k));
      case Degrees(Expression operand) ->
          insideTrigonometric > 0
              ? value(operand).times(Approximate.of(RADIANS_PER_DEGREE))
              : value(operand);
      case Percent(Expression operand) -> value(operand).times(Approximate.of(0.01));
      case Call(String function, Expression argument) -> call(function, argument);
      case Constant constant ->
          switch (constant) {
            case PI -> Approximate.of(Math.PI);
            case E -> Approximate.of(Math.E);
            case I -> Approximate.I;
          };
      case Given(Expression operand) -> value(operand);
      case Infinite() -> Approximate.UNDEFINED;
    };
  }

  private Approximate call(String function, Expression argument) {
    boolean trigonometric =
        switch (function) {
          case "sin", "cos", "tan", "cot", "sec", "csc" -> true;
          default -> false;
        };
    insideTrigonometric += trigonometric ? 1 : 0;
    Approximate x = value(argument);
    insideTrigonometric -= trigonometric ? 1 : 0;
    double re = x.re();
    return switch (function) {
      case "sin" -> x.mapped(Math.sin(re), 1);
      case "cos" -> x.mapped(Math.cos(re), 1);
      case "tan" -> ratio(x, Math.sin(re), Math.cos(re));
      case "cot" -> ratio(x, Math.cos(re), Math.sin(re));
      case "sec" -> ratio(x, 1, Math.cos(re));
      case "csc" -> ratio(x, 1, Math.sin(re));
      case "arcsin" -> x.mapped(Math.asin(re), 1 / Math.sqrt(1 - re * re));
      case "arccos" -> x.mapped(Math.acos(re), 1 / Math.sqrt(1 - re * re));
      case "arctan" -> x.mapped(Math.atan(re), 1 / (1 + re * re));
      case "arccot" -> x.mapped(Math.PI / 2 - Math.atan(re), 1 / (1 + re * re));
      case "sinh" -> x.mapped(Math.sinh(re), Math.cosh(re));
      case "cosh" -> x.mapped(Math.cosh(re), Math.sinh(re));
      case "tanh" -> x.mapped(Math.tanh(re), 1);
      case "exp" -> x.exp();
      case "ln" -> x.ln();
      case "log", "lg" -> x.ln().dividedBy(Approximate.of(Math.log(10)));
      case "abs" -> new Approximate(x.abs(), 0, x.error());
      case "floor" -> step(x, Math.floor(re));
      case "ceil" -> step(x, Math.ceil(re));
      default -> unknown(function, x);
    };
  }

  private static Approximate ratio(Approximate x, double top, double bottom) {
    // 1/bottom² bounds the slope of all four.
    return x.mapped(top, 1).dividedBy(x.mapped(bottom, 1));
  }

  /** Undefined next to a step, where rounding decides. */
  private static Approximate step(Approximate x, double value) {
    double distance = Math.abs(x.re() - Math.rint(x.re()));
    return x.isReal() && (distance > 2 * x.error() || (x.error() == 0 || isWhole(x)))
        ? Approximate.of(value)
        : Approximate.UNDEFINED;
  }

  private static boolean isWhole(Approximate x) {
    return x.re() == Math.rint(x.re()) && x.error() <= 1e-15 * Math.abs(x.re());
  }

  /** f of an answer in terms of f: smooth, and another one for every name. */
  private static Approximate unknown(String function, Approximate x) {
    int hash = function.hashCode();
    double phase = (hash & 0xffff) / 65536.0;
    double rate = 1 + (hash >>> 16 & 0xffff) / 65536.0;
    return x.mapped(Math.sin(rate * x.re() + phase) + 0.3 * x.re() + phase, rate + 0.3);
  }

  private static Approximate factorial(Approximate n) {
    double count = n.re();
    if (n.im() != 0 || count != Math.rint(count) || count < 0 || count > MAX_FACTORIAL) {
      return Approximate.UNDEFINED;
    }
    double product = 1;
    for (int i = 2; i <= count; i++) {
      product *= i;
    }
    return new Approximate(product, 0, product * 1e-13);
  }

  private static Approximate binomial(Approximate n, Approximate k) {
    return factorial(n).dividedBy(factorial(k).times(factorial(n.plus(k.negate()))));
  }
}
