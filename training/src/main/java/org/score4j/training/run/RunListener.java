package org.score4j.training.run;

import java.util.List;
import org.score4j.training.evaluation.AttemptMetrics;

/**
 * Told what happens in a run: the metrics file, the samples file, the live view. Called on the
 * training thread, in order.
 */
public interface RunListener {
  /** A phase begins at {@code firstStep} (above 1 after a resume). */
  default void phaseStarted(String phase, int firstStep, int totalSteps) {}

  /** A step is done. */
  default void stepDone(StepReport report) {}

  /** Conversations of a step, sampled in training. */
  default void samples(String phase, int step, List<AttemptPair> pairs) {}

  /**
   * An evaluation is done.
   *
   * @param phase that was trained
   * @param step after which it was made
   * @param decoding {@code greedy}, or {@code sampled}
   * @param metrics over all its problems
   */
  default void evaluated(String phase, int step, String decoding, AttemptMetrics metrics) {}

  /** A state is about to be saved; what was told before must outlast this process. */
  default void saving() {}

  /** A line for people: a warning, or where something was written. */
  default void notice(String line) {}
}
