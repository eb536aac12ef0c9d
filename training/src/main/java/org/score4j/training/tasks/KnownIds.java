package org.score4j.training.tasks;

import org.score4j.core.model.ModelConfig;
import org.score4j.training.settings.ConfigException;

/**
 * Refuses ids a model has no embedding of. A tokenizer may have special tokens above it, such as an
 * image's, which are no fault until a text uses one.
 */
public final class KnownIds {
  private KnownIds() {}

  /** Checks everything a task asks. */
  public static void require(Task task, ModelConfig model) {
    for (Problem problem : task.trainingProblems()) {
      require(task, model, problem.promptIds(), "training problem %d".formatted(problem.index()));
    }
    for (Problem problem : task.heldOutProblems()) {
      require(task, model, problem.promptIds(), "held-out problem %d".formatted(problem.index()));
    }
    require(task, model, task.correctionIds(), "the correction instruction");
  }

  /** Checks supervised rows as they are drawn. */
  public static SupervisedRows checked(Task task, ModelConfig model, SupervisedRows rows) {
    return (step, row) -> {
      SupervisedExample example = rows.example(step, row);
      require(task, model, example.ids(), "a supervised row of step %d".formatted(step + 1));
      return example;
    };
  }

  /** Checks ids; what: whose they are, for the message. */
  public static void require(Task task, ModelConfig model, int[] ids, String what) {
    for (int id : ids) {
      if (id >= model.vocabSize()) {
        throw new ConfigException(
            "task %s: %s has the token \"%s\", id %d, and the model a vocab_size of %d: there is no embedding of it; take the token out of the text, or use the model's own tokenizer"
                .formatted(task.name(), what, task.tokenizer().token(id), id, model.vocabSize()));
      }
    }
  }
}
