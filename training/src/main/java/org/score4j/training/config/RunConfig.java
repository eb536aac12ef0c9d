package org.score4j.training.config;

import java.util.regex.Pattern;

/**
 * A whole run: a supervised base, then stage I, then stage II; a phase of 0 steps is left out.
 *
 * @param name of the run, first part of its folder's name
 * @param seed of everything random
 * @param task what is learnt
 * @param model the transformer, new or from a folder
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
    SupervisedConfig base,
    StageConfig stage1,
    StageConfig stage2,
    GenerationConfig generation,
    EvaluationConfig evaluation,
    CheckpointConfig checkpoints) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  /** Refuses names that are no part of a folder's name. */
  public RunConfig {
    if (!NAME.matcher(name).matches()) {
      throw new ConfigException(
          "name is \"%s\"; it is part of the run folder's name: use at most 64 letters, digits, '.', '_' and '-', beginning with a letter or digit"
              .formatted(name));
    }
  }
}
