package org.score4j.training.config;

import org.score4j.training.tasks.MixtureProbabilities;

/**
 * Supervised training of the base model on the task's mixture.
 *
 * @param steps updates; 0 leaves the phase out
 * @param batchSize examples per update
 * @param microBatchTokens most tokens computed at once; changes memory and speed, never the result
 * @param optimizer AdamW and its schedule
 * @param mixture what second attempts of an untrained model look like
 */
public record SupervisedConfig(
    int steps,
    int batchSize,
    int microBatchTokens,
    OptimizerConfig optimizer,
    MixtureProbabilities mixture) {
  /** Refuses empty batches. */
  public SupervisedConfig {
    Ranges.atLeast("base.steps", steps, 0);
    Ranges.atLeast("base.batchSize", batchSize, 1);
    Ranges.atLeast("base.microBatchTokens", microBatchTokens, 16);
  }
}
