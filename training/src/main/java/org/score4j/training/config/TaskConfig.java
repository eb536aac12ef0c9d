package org.score4j.training.config;

/**
 * What is learnt.
 *
 * @param name of the task, {@code chain-arithmetic}
 * @param operations operations per problem
 * @param multiplyProbability probability that an operation is a product
 * @param trainProblems problems reinforcement learning draws from
 * @param heldOutProblems problems only evaluation sees
 * @param problemSeed which problems these are; not the run's seed, so that seeds share the test set
 */
public record TaskConfig(
    String name,
    int operations,
    double multiplyProbability,
    int trainProblems,
    int heldOutProblems,
    long problemSeed) {
  /** Refuses tasks that cannot be generated. */
  public TaskConfig {
    Ranges.atLeast("task.operations", operations, 1);
    Ranges.probability("task.multiplyProbability", multiplyProbability);
    Ranges.atLeast("task.trainProblems", trainProblems, 1);
    Ranges.atLeast("task.heldOutProblems", heldOutProblems, 1);
  }
}
