package org.score4j.training.rewards;

import java.util.Optional;

/**
 * A rule that turns the scores of two attempts into one reward per turn. {@link RewardShapings} has
 * them by name.
 */
public interface RewardShaping {
  /** The name in configs. */
  String name();

  /** The rewards of one sample. */
  TurnRewards rewards(TwoTurnOutcome outcome);

  /**
   * One line to print before training with a shaping that is known to be hackable; empty for the
   * others.
   */
  default Optional<String> warning() {
    return Optional.empty();
  }
}
