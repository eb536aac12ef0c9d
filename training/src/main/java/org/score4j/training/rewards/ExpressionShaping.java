package org.score4j.training.rewards;

import com.ezylang.evalex.BaseException;
import com.ezylang.evalex.Expression;
import com.ezylang.evalex.config.ExpressionConfiguration;
import com.ezylang.evalex.config.MapBasedFunctionDictionary;
import com.ezylang.evalex.data.EvaluationValue;
import com.ezylang.evalex.functions.basic.AbsFunction;
import com.ezylang.evalex.functions.basic.IfFunction;
import com.ezylang.evalex.functions.basic.MaxFunction;
import com.ezylang.evalex.functions.basic.MinFunction;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.score4j.training.rollouts.Outcome;

/**
 * A shaping that is written in the config: {@code r2 + 10*(r2 - r1) - 0.1*truncated2}. One
 * expression is the reward R_T of the last attempt, and the attempts before it are paid their own
 * score; several, separated by {@code ;}, are R_1 to R_T.
 *
 * <p>An expression may read, of each attempt t from 1 to T: {@code rt}, the verifier's score;
 * {@code truncatedt}, 1 where the attempt hit its length limit, else 0; {@code lengtht}, its
 * tokens; and for t above 1 {@code unchangedt}, 1 where it repeats the attempt before, and {@code
 * editt}, its edit ratio to that, from 0 to 1; and {@code alpha} of the config. It may use {@code +
 * - * / ^}, comparisons, and the functions {@code min, max, abs, if}. Its numbers are exact
 * decimals, so that the same outcome is paid the same everywhere.
 */
final class ExpressionShaping implements RewardShaping {
  private static final ExpressionConfiguration LANGUAGE =
      ExpressionConfiguration.builder()
          .functionDictionary(functions())
          .defaultConstants(Map.of())
          .implicitMultiplicationAllowed(false)
          .arraysAllowed(false)
          .structuresAllowed(false)
          .build();

  private static MapBasedFunctionDictionary functions() {
    MapBasedFunctionDictionary functions = new MapBasedFunctionDictionary();
    functions.addFunction("MIN", new MinFunction());
    functions.addFunction("MAX", new MaxFunction());
    functions.addFunction("ABS", new AbsFunction());
    functions.addFunction("IF", new IfFunction());
    return functions;
  }

  private final String text;
  private final BigDecimal alpha;
  private final List<Expression> expressions;

  private ExpressionShaping(String text, BigDecimal alpha, List<Expression> expressions) {
    this.text = text;
    this.alpha = alpha;
    this.expressions = expressions;
  }

  /** Whether a shaping is written as an expression, and not named. */
  static boolean isExpression(String shaping) {
    return shaping.matches(".*(\\d|[-+*/^();]).*") && !RewardShapings.names().contains(shaping);
  }

  /**
   * Reads the expression and tries it on an outcome.
   *
   * @param attempts T of the conversations it will see
   * @throws IllegalArgumentException with what is wrong in one line
   */
  static ExpressionShaping parse(String text, double alpha, int attempts) {
    List<Expression> expressions = new ArrayList<>();
    for (String part : text.split(";", -1)) {
      expressions.add(new Expression(part.strip(), LANGUAGE));
    }
    if (expressions.size() != 1 && expressions.size() != attempts) {
      throw refused(
          text,
          "it has %d parts for %d attempts; write one for the last attempt, or one for each"
              .formatted(expressions.size(), attempts));
    }
    ExpressionShaping shaping =
        new ExpressionShaping(text, new BigDecimal(Double.toString(alpha)), expressions);
    Outcome tried = new Outcome(new double[attempts], new boolean[attempts], new int[attempts][1]);
    Set<String> known = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    known.addAll(shaping.values(tried).keySet());
    for (Expression expression : expressions) {
      try {
        expression.validate();
        for (String name : expression.getUsedVariables()) {
          if (!known.contains(name)) {
            throw refused(
                text,
                "it reads \"%s\"; with %d attempts there are %s"
                    .formatted(name, attempts, String.join(", ", known)));
          }
        }
      } catch (BaseException e) {
        throw refused(text, position(e));
      }
    }
    shaping.rewards(tried);
    return shaping;
  }

  private static String position(BaseException e) {
    return "at character %d: %s".formatted(e.getStartPosition(), e.getMessage());
  }

  private static IllegalArgumentException refused(String text, String why) {
    return new IllegalArgumentException("shaping is \"%s\": %s".formatted(text, why));
  }

  @Override
  public String name() {
    return text;
  }

  @Override
  public double[] rewards(Outcome outcome) {
    Map<String, BigDecimal> values = values(outcome);
    double[] rewards = new double[outcome.numAttempts()];
    int first = rewards.length - expressions.size();
    for (int t = 0; t < rewards.length; t++) {
      rewards[t] = t < first ? outcome.score(t) : evaluate(expressions.get(t - first), values);
    }
    return rewards;
  }

  private double evaluate(Expression expression, Map<String, BigDecimal> values) {
    try {
      EvaluationValue value = expression.copy().withValues(values).evaluate();
      if (!value.isNumberValue()) {
        throw refused(
            text,
            "its value is %s, not a number; use if(condition, 1, 0) to count something"
                .formatted(value.getStringValue()));
      }
      double reward = value.getNumberValue().doubleValue();
      if (!Double.isFinite(reward)) {
        throw refused(text, "its value is beyond a number of double precision for " + values);
      }
      return reward;
    } catch (BaseException e) {
      throw refused(text, position(e) + " for " + values);
    }
  }

  private Map<String, BigDecimal> values(Outcome outcome) {
    Map<String, BigDecimal> values = new LinkedHashMap<>();
    for (int t = 0; t < outcome.numAttempts(); t++) {
      int number = t + 1;
      values.put("r" + number, decimal(outcome.score(t)));
      values.put("truncated" + number, flag(outcome.truncated(t)));
      values.put("length" + number, BigDecimal.valueOf(outcome.length(t)));
      if (t > 0) {
        values.put("unchanged" + number, flag(outcome.unchanged(t)));
        values.put("edit" + number, decimal(outcome.editRatio(t)));
      }
    }
    values.put("alpha", alpha);
    return values;
  }

  private static BigDecimal decimal(double value) {
    return new BigDecimal(Double.toString(value));
  }

  private static BigDecimal flag(boolean value) {
    return value ? BigDecimal.ONE : BigDecimal.ZERO;
  }
}
