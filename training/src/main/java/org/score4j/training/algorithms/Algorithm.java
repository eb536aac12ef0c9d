package org.score4j.training.algorithms;

import java.util.List;
import java.util.Map;
import org.score4j.training.run.AttemptPair;

/**
 * A phase of training, step by step. A step is a function of weights, optimiser, step number and
 * run seed; nothing else is remembered.
 */
public interface Algorithm {
  /**
   * What a step reports.
   *
   * @param metrics by their names in docs/metrics.md
   * @param tokens sampled and trained on
   * @param pairs conversations, for people
   * @param objective training reward, or minus the loss: the larger the better
   */
  record StepResult(
      Map<String, Double> metrics, long tokens, List<AttemptPair> pairs, double objective) {}

  /**
   * Runs a step and updates the weights.
   *
   * @param step from 0
   */
  StepResult step(int step);
}
