package org.score4j.training.rollouts;

import java.util.List;
import org.score4j.training.tasks.Problem;

/** Where scores come from: judges whole conversations, each attempt of each. */
public interface RewardSource {
  /**
   * Judges conversations.
   *
   * @param problems posed, (conversations)
   * @param trajectories one for each problem, all of the same number of attempts
   * @return in the same order
   */
  List<Rollout> score(List<Problem> problems, List<Trajectory> trajectories);
}
