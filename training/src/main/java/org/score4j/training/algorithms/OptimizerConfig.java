package org.score4j.training.algorithms;

import org.score4j.core.optim.AdamW;
import org.score4j.core.optim.LearningRate;
import org.score4j.training.settings.Ranges;

/**
 * AdamW and its schedule.
 *
 * @param learningRate peak
 * @param schedule constant, linear or cosine
 * @param warmupSteps of linear warm-up
 * @param finalFraction share of the peak that is never undercut
 * @param adamBeta1 decay of the first moment
 * @param adamBeta2 decay of the second moment
 * @param adamEps added to the root of the second moment
 * @param weightDecay decoupled decay of matrices
 * @param clipNorm largest global gradient norm
 */
public record OptimizerConfig(
    double learningRate,
    String schedule,
    int warmupSteps,
    double finalFraction,
    double adamBeta1,
    double adamBeta2,
    double adamEps,
    double weightDecay,
    double clipNorm) {
  /** Refuses constants with which Adam does not work. */
  public OptimizerConfig {
    Ranges.positive("learningRate", learningRate);
    LearningRate.Shape.byName(schedule);
    Ranges.atLeast("warmupSteps", warmupSteps, 0);
    Ranges.probability("finalFraction", finalFraction);
    new AdamW.Settings(adamBeta1, adamBeta2, adamEps, weightDecay, clipNorm);
  }

  /** The optimiser's constants. */
  public AdamW.Settings settings() {
    return new AdamW.Settings(adamBeta1, adamBeta2, adamEps, weightDecay, clipNorm);
  }

  /** The schedule over {@code steps} steps. */
  public LearningRate rate(int steps) {
    return new LearningRate(
        learningRate,
        warmupSteps,
        LearningRate.Shape.byName(schedule),
        finalFraction,
        Math.max(1, steps));
  }
}
