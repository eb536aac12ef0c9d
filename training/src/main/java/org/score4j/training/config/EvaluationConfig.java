package org.score4j.training.config;

import org.score4j.training.settings.Ranges;

/**
 * Evaluation on held-out problems.
 *
 * @param attempts at each problem, at least 1
 * @param everySteps steps between evaluations during training; 0 for only at the end of a phase
 * @param problems how many held-out problems are used during training; the end of a phase uses all
 * @param sampledTemperature temperature of the sampled evaluation beside the greedy one; 0 leaves
 *     it out
 */
public record EvaluationConfig(
    int attempts, int everySteps, int problems, double sampledTemperature) {
  /** Refuses negative counts. */
  public EvaluationConfig {
    Ranges.atLeast("evaluation.attempts", attempts, 1);
    Ranges.atLeast("evaluation.everySteps", everySteps, 0);
    Ranges.atLeast("evaluation.problems", problems, 1);
    Ranges.notNegative("evaluation.sampledTemperature", sampledTemperature);
  }
}
