package org.score4j.training.config;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.score4j.training.settings.ConfigException;
import org.score4j.training.settings.Ranges;
import org.score4j.training.tasks.ChainArithmeticSettings;
import org.score4j.training.tasks.ChainArithmeticTask;
import org.score4j.training.tasks.MixtureProbabilities;
import org.score4j.training.tasks.Task;
import org.score4j.training.tasks.TextTasks;

/**
 * What is learnt.
 *
 * @param name of the task: chain-arithmetic, with the keys up to problemSeed, or a task on text
 * @param operations operations per problem
 * @param multiplyProbability probability that an operation is a product
 * @param trainProblems problems reinforcement learning draws from
 * @param heldOutProblems problems only evaluation sees
 * @param problemSeed which problems these are; not the run's seed, so that seeds share the test set
 * @param mixture what the rows of supervised training of chain-arithmetic look like
 * @param text what tasks on text need
 */
public record TaskConfig(
    String name,
    int operations,
    double multiplyProbability,
    int trainProblems,
    int heldOutProblems,
    long problemSeed,
    MixtureProbabilities mixture,
    TextTaskConfig text) {
  private static final String CHAIN_ARITHMETIC = "chain-arithmetic";

  /** Refuses tasks that cannot be generated. */
  public TaskConfig {
    if (!name.equals(CHAIN_ARITHMETIC) && !TextTasks.NAMES.contains(name)) {
      throw new ConfigException(
          "task.name is '%s'; the tasks are %s, %s"
              .formatted(name, CHAIN_ARITHMETIC, String.join(", ", TextTasks.NAMES)));
    }
    if (text.columns().haveTwoAttempts() && !name.equals("jsonl")) {
      throw new ConfigException(
          "task.text.columns.first is '%s', but task.name is %s; only jsonl reads it, leave first and revision empty"
              .formatted(text.columns().first(), name));
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

  /**
   * The task; draws or reads its problems.
   *
   * @param model Hugging Face folder whose tokenizer a task on text needs; may be empty for others
   * @param log takes what is worth saying
   */
  public Task open(String model, Consumer<String> log) {
    if (!isText()) {
      return new ChainArithmeticTask(
          new ChainArithmeticSettings(
              operations, multiplyProbability, trainProblems, heldOutProblems, problemSeed),
          mixture);
    }
    if (model.isEmpty()) {
      throw new ConfigException(
          "task.name is %s, but model.path is empty; tasks on text need the tokenizer of a Hugging Face folder"
              .formatted(name));
    }
    return text.open(name, Path.of(model), log);
  }
}
