package org.score4j.training.rewards;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

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

  private record Formula(
      String name, Function<TwoTurnOutcome, TurnRewards> formula, String hackableBecause)
      implements RewardShaping {
    @Override
    public TurnRewards rewards(TwoTurnOutcome outcome) {
      return formula.apply(outcome);
    }

    @Override
    public Optional<String> warning() {
      return hackableBecause.isEmpty()
          ? Optional.empty()
          : Optional.of("shaping " + name + ": " + hackableBecause);
    }
  }

  /**
   * Stage I, equation 3: only r(y2) is rewarded; the first attempt gets no policy gradient, the KL
   * alone holds it.
   */
  public static RewardShaping stageOne() {
    return new Formula("stage1", o -> new TurnRewards(0, o.r2()), "");
  }

  /**
   * Stage II, equation 4 and the shaped reward: r(y1) for the first attempt, r(y2) + α (r(y2) −
   * r(y1)) for the second. The bonus never reaches the first attempt, or the policy would be paid
   * to fail first.
   */
  public static RewardShaping score(double alpha) {
    requireAlpha(alpha);
    return new Formula("score", o -> new TurnRewards(o.r1(), withBonus(o, alpha)), "");
  }

  /**
   * Equation 4 without the bonus: naive two-turn reinforcement learning, and stage II of the
   * ablation "no shaping".
   */
  public static RewardShaping none() {
    return new Formula("none", o -> new TurnRewards(o.r1(), o.r2()), "");
  }

  /** Only the first attempt is rewarded: single-turn reinforcement learning. */
  public static RewardShaping singleTurn() {
    return new Formula("single-turn", o -> new TurnRewards(o.r1(), 0), "");
  }

  /**
   * A fixed reward above 1 for a right second attempt, whatever the first was (a review describes
   * SCoRe's bonus so). With 1 + α it is the plain weight on turn two that α (r2 − r1) amounts to in
   * expectation.
   */
  public static RewardShaping matchBonus(double reward) {
    require("matchBonus", reward, 1, "1 is the shaping none");
    return new Formula("match-bonus", o -> new TurnRewards(o.r1(), reward * o.r2()), "");
  }

  /**
   * r(y2) less a penalty for a second attempt that repeats the first (a review describes SCoRe so;
   * the paper does not punish it). A right answer that is kept pays as well.
   */
  public static RewardShaping repeatPenalty(double penalty) {
    require("repeatPenalty", penalty, 0, "0 is the shaping none");
    return new Formula(
        "repeat-penalty",
        o -> new TurnRewards(o.r1(), o.unchanged() ? o.r2() - penalty : o.r2()),
        "");
  }

  /**
   * An ablation that must not be used to train: the first attempt is paid both turns' rewards,
   * bonus included.
   */
  public static RewardShaping fullReturn(double alpha) {
    requireAlpha(alpha);
    return new Formula(
        "full-return",
        o -> new TurnRewards(o.r1() + withBonus(o, alpha), withBonus(o, alpha)),
        "the bonus reaches the first attempt, which is then paid to fail; in the prototype acc@t1"
            + " fell to 5.9 while delta rose to 76. An ablation only; use score");
  }

  /** The shaping of that name, with its coefficient taken from {@code c}. */
  public static RewardShaping byName(String name, Coefficients c) {
    Function<Coefficients, RewardShaping> maker = BY_NAME.get(name);
    if (maker == null) {
      throw new IllegalArgumentException(
          "shaping: no shaping \"%s\"; choose one of %s"
              .formatted(name, String.join(", ", names())));
    }
    return maker.apply(c);
  }

  /** All names, the paper's first. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(BY_NAME.keySet());
  }

  private static double withBonus(TwoTurnOutcome o, double alpha) {
    return o.r2() + alpha * (o.r2() - o.r1());
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
