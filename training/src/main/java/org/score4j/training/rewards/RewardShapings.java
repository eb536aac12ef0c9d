package org.score4j.training.rewards;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.score4j.training.rollouts.Outcome;

/**
 * The shapings. {@code stage1}, {@code score} and {@code none} are the paper's (stage I, stage II,
 * stage II with α = 0); the others exist to be compared with them.
 */
public final class RewardShapings {
  private static final Map<String, Function<Coefficients, RewardShaping>> BY_NAME =
      new LinkedHashMap<>();

  static {
    BY_NAME.put("stage1", c -> stageOne());
    BY_NAME.put("score", c -> score(c.alpha()));
    BY_NAME.put("none", c -> none());
    BY_NAME.put("single-turn", c -> singleTurn());
    BY_NAME.put("match-bonus", c -> matchBonus(c.matchBonus()));
    BY_NAME.put("repeat-penalty", c -> repeatPenalty(c.repeatPenalty()));
    BY_NAME.put("full-return", c -> fullReturn(c.alpha()));
  }

  private RewardShapings() {}

  /**
   * The numbers in the formulas.
   *
   * @param alpha α of the bonus; the paper has 10
   * @param matchBonus what {@code match-bonus} pays for a right second attempt, above 1
   * @param repeatPenalty what {@code repeat-penalty} takes for an unchanged second attempt, above 0
   */
  public record Coefficients(double alpha, double matchBonus, double repeatPenalty) {
    /** α of the paper; 2 and 1 are the smallest whole numbers that fit the other two. */
    public static final Coefficients DEFAULTS = new Coefficients(10, 2, 1);
  }

  /** R_t of attempt t, from 0. */
  private interface Formula {
    double reward(Outcome outcome, int attempt);
  }

  private record Named(String name, Formula formula, String hackableBecause)
      implements RewardShaping {
    @Override
    public double[] rewards(Outcome outcome) {
      double[] rewards = new double[outcome.numAttempts()];
      for (int t = 0; t < rewards.length; t++) {
        rewards[t] = formula.reward(outcome, t);
      }
      return rewards;
    }

    @Override
    public Optional<String> warning() {
      return hackableBecause.isEmpty()
          ? Optional.empty()
          : Optional.of("shaping " + name + ": " + hackableBecause);
    }
  }

  /**
   * Stage I, equation 3: R_T = r(y_T), 0 for the attempts before it, which get no policy gradient:
   * the KL alone holds them.
   */
  public static RewardShaping stageOne() {
    return new Named("stage1", (o, t) -> t == o.numAttempts() - 1 ? o.score(t) : 0, "");
  }

  /**
   * Stage II, equation 4 and the shaped reward: R_1 = r(y_1), R_t = r(y_t) + α (r(y_t) −
   * r(y_{t−1})). The bonus never reaches the attempt before, or the policy would be paid to fail
   * first.
   */
  public static RewardShaping score(double alpha) {
    requireAlpha(alpha);
    return new Named("score", (o, t) -> withBonus(o, t, alpha), "");
  }

  /**
   * R_t = r(y_t), equation 4 without the bonus: naive multi-turn reinforcement learning, and stage
   * II of the ablation "no shaping".
   */
  public static RewardShaping none() {
    return new Named("none", Outcome::score, "");
  }

  /** Only the first attempt is rewarded: single-turn reinforcement learning. */
  public static RewardShaping singleTurn() {
    return new Named("single-turn", (o, t) -> t == 0 ? o.score(t) : 0, "");
  }

  /**
   * A fixed reward above 1 for a right further attempt, whatever the one before was (a review
   * describes SCoRe's bonus so). With 1 + α it is the plain weight on attempt two that α (r2 − r1)
   * amounts to in expectation.
   */
  public static RewardShaping matchBonus(double reward) {
    require("matchBonus", reward, 1, "1 is the shaping none");
    return new Named("match-bonus", (o, t) -> t == 0 ? o.score(t) : reward * o.score(t), "");
  }

  /**
   * r(y_t) less a penalty for an attempt that repeats the one before (a review describes SCoRe so;
   * the paper does not punish it). A right answer that is kept pays as well.
   */
  public static RewardShaping repeatPenalty(double penalty) {
    require("repeatPenalty", penalty, 0, "0 is the shaping none");
    return new Named(
        "repeat-penalty", (o, t) -> o.unchanged(t) ? o.score(t) - penalty : o.score(t), "");
  }

  /**
   * An ablation that must not be used to train: every attempt is paid its own reward and those of
   * all later ones, bonuses included.
   */
  public static RewardShaping fullReturn(double alpha) {
    requireAlpha(alpha);
    return new Named(
        "full-return",
        (o, t) -> {
          double sum = 0;
          for (int later = t; later < o.numAttempts(); later++) {
            sum += withBonus(o, later, alpha);
          }
          return sum;
        },
        "the bonus reaches the first attempt, which is then paid to fail; in the prototype acc@t1"
            + " fell to 5.9 while delta rose to 76. An ablation only; use score");
  }

  /**
   * The shaping of that name, with its coefficient taken from {@code c}; or, where the name is an
   * expression such as {@code r2 + 10*(r2 - r1)}, what that says (docs/metrics.md has the names it
   * may read).
   *
   * @param attempts of the conversations it will see
   */
  public static RewardShaping byName(String name, Coefficients c, int attempts) {
    Function<Coefficients, RewardShaping> maker = BY_NAME.get(name);
    if (maker != null) {
      return maker.apply(c);
    }
    if (ExpressionShaping.isExpression(name)) {
      return ExpressionShaping.parse(name, c.alpha(), attempts);
    }
    throw new IllegalArgumentException(
        "shaping: no shaping \"%s\"; choose one of %s, or write an expression such as r2 + 10*(r2 - r1)"
            .formatted(name, String.join(", ", names())));
  }

  /** All names, the paper's first. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(BY_NAME.keySet());
  }

  private static double withBonus(Outcome o, int t, double alpha) {
    return t == 0 ? o.score(t) : o.score(t) + alpha * (o.score(t) - o.score(t - 1));
  }

  private static void requireAlpha(double alpha) {
    if (!(alpha >= 0) || Double.isInfinite(alpha)) {
      throw new IllegalArgumentException(
          "shaping: alpha is %s, it must be a number of at least 0; the paper has 10"
              .formatted(alpha));
    }
  }

  private static void require(String key, double value, double above, String hint) {
    if (!(value > above) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          "shaping: %s is %s, it must be above %s; %s".formatted(key, value, above, hint));
    }
  }
}
