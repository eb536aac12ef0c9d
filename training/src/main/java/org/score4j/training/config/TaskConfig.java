package org.score4j.training.config;

import org.score4j.training.tasks.ChainArithmeticSettings;
import org.score4j.training.tasks.ChainArithmeticTask;

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
  private static final String CHAIN_ARITHMETIC = "chain-arithmetic";

  /** Refuses tasks that cannot be generated. */
  public TaskConfig {
    if (!name.equals(CHAIN_ARITHMETIC)) {
      throw new ConfigException(
          "task.name is '%s'; the tasks are chain-arithmetic".formatted(name));
    }
    Ranges.atLeast("task.operations", operations, 1);
    Ranges.probability("task.multiplyProbability", multiplyProbability);
    Ranges.atLeast("task.trainProblems", trainProblems, 1);
    Ranges.atLeast("task.heldOutProblems", heldOutProblems, 1);
  }

  /** Whether its problems are texts, and the tokenizer the model's. */
  public boolean isText() {
    return !name.equals(CHAIN_ARITHMETIC);
  }

  /** The task; draws its problems. */
  public ChainArithmeticTask open() {
    return new ChainArithmeticTask(
        new ChainArithmeticSettings(
            operations, multiplyProbability, trainProblems, heldOutProblems, problemSeed));
  }
}
