package org.score4j.training.config;

import java.util.List;
import java.util.regex.Pattern;

/**
 * A whole run: a supervised base, then stage I, then stage II; a phase of 0 steps is left out.
 *
 * @param name of the run, first part of its folder's name
 * @param seed of everything random
 * @param task what is learnt
 * @param model the transformer, new or from a folder
 * @param lora low-rank adapters instead of full fine-tuning
 * @param base supervised training of the base model
 * @param stage1 SCoRe stage I
 * @param stage2 SCoRe stage II
 * @param generation limits of sampling
 * @param evaluation on held-out problems
 * @param checkpoints when the training state is saved
 */
public record RunConfig(
    String name,
    long seed,
    TaskConfig task,
    ModelSection model,
    LoraSection lora,
    SupervisedConfig base,
    StageConfig stage1,
    StageConfig stage2,
    GenerationConfig generation,
    EvaluationConfig evaluation,
    CheckpointConfig checkpoints) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  /** Most attempts at a problem, in training and evaluation. */
  public int attempts() {
    int most = evaluation.attempts();
    for (StageConfig stage : List.of(stage1, stage2)) {
      most = stage.steps() == 0 ? most : Math.max(most, stage.attempts());
    }
    return most;
  }

  /** Refuses names that are no part of a folder's name, and adapters without a model. */
  public RunConfig {
    if (!NAME.matcher(name).matches()) {
      throw new ConfigException(
          "name is \"%s\"; it is part of the run folder's name: use at most 64 letters, digits, '.', '_' and '-', beginning with a letter or digit"
              .formatted(name));
    }
    if (lora.rank() > 0 && model.path().isEmpty()) {
      throw new ConfigException(
          "lora.rank is %d, but model.path is empty; adapters need a model to adapt"
              .formatted(lora.rank()));
    }
    if (lora.rank() > 0 && !model.referencePath().isEmpty()) {
      throw new ConfigException(
          "model.referencePath is %s, but with lora.rank above 0 the reference is the model itself; leave it empty"
              .formatted(model.referencePath()));
    }
  }
}
