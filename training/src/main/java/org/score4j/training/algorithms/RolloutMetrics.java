package org.score4j.training.algorithms;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.score4j.training.rollouts.Rollout;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.verifiers.Verdict;

/** What a step's conversations say about the policy, before any shaping. */
final class RolloutMetrics {
  private RolloutMetrics() {}

  /**
   * Adds per attempt t, from 1: {@code reward_t}, the mean score of what could be judged; {@code
   * truncated_t}, a share; {@code length_t}, mean tokens; from the second attempt on {@code
   * unchanged_t}, the share that repeats the attempt before. And {@code delta}, the mean score of
   * the last attempt less that of the first; {@code verifier_errors}, conversations left out.
   */
  static void report(Map<String, Double> metrics, List<Rollout> rollouts) {
    int attempts = rollouts.getFirst().numAttempts();
    double[] scores = new double[attempts];
    for (int t = 0; t < attempts; t++) {
      scores[t] = meanScore(rollouts, t);
      metrics.put("reward_t" + (t + 1), scores[t]);
    }
    metrics.put("delta", attempts == 1 ? Double.NaN : scores[attempts - 1] - scores[0]);
    double n = rollouts.size();
    for (int t = 0; t < attempts; t++) {
      int truncated = 0;
      int unchanged = 0;
      long length = 0;
      for (Rollout rollout : rollouts) {
        Trajectory trajectory = rollout.trajectory();
        truncated += trajectory.truncated(t) ? 1 : 0;
        length += trajectory.attempt(t).length;
        unchanged +=
            t > 0 && Arrays.equals(trajectory.attempt(t - 1), trajectory.attempt(t)) ? 1 : 0;
      }
      metrics.put("length_t" + (t + 1), length / n);
      metrics.put("truncated_t" + (t + 1), truncated / n);
      if (t > 0) {
        metrics.put("unchanged_t" + (t + 1), unchanged / n);
      }
    }
    metrics.put(
        "verifier_errors", (double) rollouts.stream().filter(each -> !each.isJudged()).count());
  }

  /** Share of conversations of which an attempt hit its length limit. */
  static double truncatedShare(List<Rollout> rollouts) {
    return (double) rollouts.stream().filter(each -> each.trajectory().truncated()).count()
        / rollouts.size();
  }

  private static double meanScore(List<Rollout> rollouts, int attempt) {
    double sum = 0;
    int judged = 0;
    for (Rollout rollout : rollouts) {
      Verdict verdict = rollout.verdicts().get(attempt);
      if (!verdict.isError()) {
        sum += verdict.score();
        judged++;
      }
    }
    return judged == 0 ? Double.NaN : sum / judged;
  }
}
