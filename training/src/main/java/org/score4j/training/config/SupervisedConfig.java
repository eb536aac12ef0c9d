package org.score4j.training.config;

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
    int steps, int batchSize, int microBatchTokens, OptimizerConfig optimizer, MixtureConfig mixture) {
  /** Refuses empty batches. */
  public SupervisedConfig {
    Ranges.atLeast("base.steps", steps, 0);
    Ranges.atLeast("base.batchSize", batchSize, 1);
    Ranges.atLeast("base.microBatchTokens", microBatchTokens, 16);
  }

  /**
   * Probabilities of the supervised mixture; see the README's section on the task.
   *
   * @param twoTurn share of two-turn transcripts
   * @param slip attempt 1 misreads the last step
   * @param slipProduct the same where the last step is a product
   * @param corruptAnswer a transcript's draft has its answer replaced at random
   * @param corruptWorking a transcript's draft has one running result replaced
   * @param fix attempt 2 repairs the draft
   * @param nudge attempt 2 adds one to the draft's answer
   * @param nudgeDifference the same where the last step is a difference
   */
  public record MixtureConfig(
      double twoTurn,
      double slip,
      double slipProduct,
      double corruptAnswer,
      double corruptWorking,
      double fix,
      double nudge,
      double nudgeDifference) {
    /** Refuses what is no probability. */
    public MixtureConfig {
      Ranges.probability("base.mixture.twoTurn", twoTurn);
      Ranges.probability("base.mixture.slip", slip);
      Ranges.probability("base.mixture.slipProduct", slipProduct);
      Ranges.probability("base.mixture.corruptAnswer", corruptAnswer);
      Ranges.probability("base.mixture.corruptWorking", corruptWorking);
      Ranges.probability("base.mixture.fix", fix);
      Ranges.probability("base.mixture.nudge", nudge);
      Ranges.probability("base.mixture.nudgeDifference", nudgeDifference);
      Ranges.probability("base.mixture.fix + nudge", fix + Math.max(nudge, nudgeDifference));
    }
  }
}
