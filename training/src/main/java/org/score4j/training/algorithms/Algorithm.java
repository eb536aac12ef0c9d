package org.score4j.training.algorithms;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.score4j.training.rollouts.Transcript;
import org.score4j.training.settings.ConfigException;

/**
 * A phase of training, step by step. A step is a function of weights, optimiser, step number and
 * run seed; nothing else is remembered.
 */
public interface Algorithm {
  /**
   * What a step reports.
   *
   * @param metrics by their names in docs/metrics.md
   * @param tokens trained on
   * @param transcripts of some of its conversations, for people
   */
  record StepResult(Map<String, Double> metrics, long tokens, List<Transcript> transcripts) {}

  /**
   * Looks at what it would learn from, before the first step of the phase; not called again when a
   * run is resumed later in the phase.
   *
   * @param notices takes what people should know
   * @throws ConfigException where nothing can be learnt
   */
  default void prepare(Consumer<String> notices) {}

  /**
   * Runs a step and updates the weights.
   *
   * @param step from 0
   */
  StepResult step(int step);
}
