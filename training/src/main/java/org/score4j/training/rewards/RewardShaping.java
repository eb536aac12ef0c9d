package org.score4j.training.rewards;

import java.util.Optional;
import org.score4j.training.rollouts.Outcome;

/**
 * A rule that turns the outcome of a conversation into one reward per attempt. {@link
 * RewardShapings} has them by name.
 */
public interface RewardShaping {
  /** The name in configs. */
  String name();

  /**
   * The rewards R_t of one conversation, (attempts). Only y_t's tokens are multiplied by R_t: there
   * is no discounting and no sum across attempts (SCoRe, appendix A.4).
   */
  double[] rewards(Outcome outcome);

  /**
   * One line to print before training with a shaping that is known to be hackable; empty for the
   * others.
   */
  default Optional<String> warning() {
    return Optional.empty();
  }
}
