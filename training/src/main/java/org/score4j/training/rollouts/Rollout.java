package org.score4j.training.rollouts;

import java.util.List;
import org.score4j.training.tasks.Problem;
import org.score4j.training.verifiers.Verdict;

/**
 * A judged conversation.
 *
 * @param problem that was posed
 * @param trajectory what was given and sampled
 * @param verdicts one per attempt
 */
public record Rollout(Problem problem, Trajectory trajectory, List<Verdict> verdicts) {
  /** Refuses verdicts that are not one per attempt. */
  public Rollout {
    verdicts = List.copyOf(verdicts);
    if (verdicts.size() != trajectory.numAttempts()) {
      throw new IllegalArgumentException(
          "rollout: %d verdicts for %d attempts; each attempt has one"
              .formatted(verdicts.size(), trajectory.numAttempts()));
    }
  }

  /** Number of attempts. */
  public int numAttempts() {
    return verdicts.size();
  }

  /** Whether every attempt could be judged; a verifier's error is never a zero. */
  public boolean isJudged() {
    return verdicts.stream().noneMatch(Verdict::isError);
  }

  /**
   * What rewards and metrics look at.
   *
   * @throws IllegalStateException where an attempt could not be judged
   */
  public Outcome outcome() {
    int attempts = numAttempts();
    double[] scores = new double[attempts];
    boolean[] truncated = new boolean[attempts];
    int[][] ids = new int[attempts][];
    for (int t = 0; t < attempts; t++) {
      scores[t] = verdicts.get(t).score();
      truncated[t] = trajectory.truncated(t);
      ids[t] = trajectory.attempt(t);
    }
    return new Outcome(scores, truncated, ids);
  }
}
