package org.score4j.training.algorithms;

import org.score4j.training.settings.Ranges;

/**
 * Supervised training on the task's examples.
 *
 * @param steps updates; 0 leaves the phase out
 * @param batchSize examples per update
 * @param microBatchTokens most tokens computed at once; changes memory and speed, never the result
 * @param optimizer AdamW and its schedule
 */
public record SupervisedConfig(
    int steps, int batchSize, int microBatchTokens, OptimizerConfig optimizer)
    implements PhaseSettings {
  /** Refuses empty batches. */
  public SupervisedConfig {
    Ranges.atLeast("steps", steps, 0);
    Ranges.atLeast("batchSize", batchSize, 1);
    Ranges.atLeast("microBatchTokens", microBatchTokens, 16);
  }

  /** A micro-batch, or one example that is larger. */
  @Override
  public int trainingTokens(int longestSequence) {
    return Math.max(microBatchTokens, longestSequence);
  }
}
