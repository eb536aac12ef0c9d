package org.score4j.training.algorithms;

import org.score4j.training.rewards.KlPenalty;
import org.score4j.training.rewards.RewardShapings;
import org.score4j.training.settings.ConfigException;
import org.score4j.training.settings.Ranges;

/**
 * A stage of reinforcement learning.
 *
 * @param steps updates; 0 leaves the stage out
 * @param promptsPerStep problems per update
 * @param samplesPerPrompt K, conversations per problem; at least 2 for leave-one-out baselines
 * @param attempts at each problem: 2 as in the paper, 1 for single-turn reinforcement learning, or
 *     more
 * @param shaping named reward shaping: {@code stage1} rewards the last attempt alone, {@code score}
 *     adds the bonus, {@code none} rewards every attempt plainly; others as listed by the error for
 *     an unknown name; or an expression: {@code r2 + 10*(r2 - r1) - 0.1*truncated2}
 * @param alpha α, weight of the bonus r(y_t) − r(y_{t−1})
 * @param matchBonus what shaping {@code match-bonus} pays for a right further attempt
 * @param repeatPenalty what shaping {@code repeat-penalty} takes for an unchanged further attempt
 * @param beta1 β1, KL coefficient of every attempt
 * @param beta2 β2, further KL coefficient of all attempts but the last (stage I)
 * @param klEstimator {@code exact}, {@code k1}, {@code k2} or {@code k3}
 * @param klPlacement {@code loss} or {@code reward}
 * @param temperature of sampling, and of the distribution that is learnt
 * @param microBatchTokens most tokens computed at once; changes memory and speed, never the result
 * @param optimizer AdamW and its schedule
 * @param signal when to warn or refuse before the first step
 */
public record ScoreConfig(
    int steps,
    int promptsPerStep,
    int samplesPerPrompt,
    int attempts,
    String shaping,
    double alpha,
    double matchBonus,
    double repeatPenalty,
    double beta1,
    double beta2,
    String klEstimator,
    String klPlacement,
    double temperature,
    int microBatchTokens,
    OptimizerConfig optimizer,
    SignalConfig signal)
    implements PhaseSettings {
  /** Refuses what cannot be trained with. */
  public ScoreConfig {
    Ranges.atLeast("steps", steps, 0);
    Ranges.atLeast("promptsPerStep", promptsPerStep, 1);
    if (samplesPerPrompt < 2) {
      throw new ConfigException(
          "samplesPerPrompt is %d; a leave-one-out baseline needs at least 2 samples of a prompt"
              .formatted(samplesPerPrompt));
    }
    Ranges.atLeast("attempts", attempts, 1);
    Ranges.notNegative("alpha", alpha);
    Ranges.notNegative("matchBonus", matchBonus);
    Ranges.notNegative("repeatPenalty", repeatPenalty);
    Ranges.notNegative("beta1", beta1);
    Ranges.notNegative("beta2", beta2);
    Ranges.positive("temperature", temperature);
    try {
      RewardShapings.byName(
          shaping, new RewardShapings.Coefficients(alpha, matchBonus, repeatPenalty), attempts);
      KlPenalty.of(klEstimator, klPlacement);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
    Ranges.atLeast("microBatchTokens", microBatchTokens, 16);
  }

  /** A micro-batch, or one group that is larger. */
  @Override
  public int trainingTokens(int longestSequence) {
    return Math.max(microBatchTokens, samplesPerPrompt * longestSequence);
  }

  /**
   * The check before the first step.
   *
   * @param prompts problems sampled for it
   * @param warnZeroVariance share of groups without reward variance above which to warn
   * @param refuseZeroVariance the same, above which to refuse: nothing can be learnt
   * @param refuseTruncated share of truncated responses above which to refuse
   */
  public record SignalConfig(
      int prompts, double warnZeroVariance, double refuseZeroVariance, double refuseTruncated) {
    /** Refuses what is no share. */
    public SignalConfig {
      Ranges.atLeast("signal.prompts", prompts, 1);
      Ranges.probability("signal.warnZeroVariance", warnZeroVariance);
      Ranges.probability("signal.refuseZeroVariance", refuseZeroVariance);
      Ranges.probability("signal.refuseTruncated", refuseTruncated);
    }
  }
}
