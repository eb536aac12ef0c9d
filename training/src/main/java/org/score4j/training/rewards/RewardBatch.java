package org.score4j.training.rewards;

import java.util.Arrays;
import java.util.List;
import org.score4j.training.rollouts.Rollout;

/**
 * The rewards of a batch, samples of one prompt side by side: sample k of prompt p is at p · K + k.
 * A conversation one of whose verdicts is an error is not included: its rewards are NaN, and
 * neither gradient nor baseline may use them.
 */
public final class RewardBatch {
  private final double[][] rewards;
  private final boolean[] included;

  private RewardBatch(int attempts, int samples) {
    rewards = new double[attempts][samples];
    included = new boolean[samples];
  }

  /** Shapes a batch of conversations, all of the same number of attempts. */
  public static RewardBatch of(RewardShaping shaping, List<Rollout> rollouts) {
    int attempts = rollouts.getFirst().numAttempts();
    RewardBatch batch = new RewardBatch(attempts, rollouts.size());
    for (int i = 0; i < rollouts.size(); i++) {
      Rollout rollout = rollouts.get(i);
      if (rollout.numAttempts() != attempts) {
        throw new IllegalArgumentException(
            "rewards: conversation %d has %d attempts and the first %d; a batch has the same number in each"
                .formatted(i, rollout.numAttempts(), attempts));
      }
      batch.included[i] = rollout.isJudged();
      double[] shaped = batch.included[i] ? shaping.rewards(rollout.outcome()) : new double[0];
      for (int t = 0; t < attempts; t++) {
        batch.rewards[t][i] = batch.included[i] ? shaped[t] : Double.NaN;
      }
    }
    return batch;
  }

  /** R_t of every sample (a copy), (attempts, samples). */
  public double[][] rewards() {
    return Arrays.stream(rewards).map(double[]::clone).toArray(double[][]::new);
  }

  /** Which samples were judged in all attempts (a copy), (samples). */
  public boolean[] included() {
    return included.clone();
  }

  /** The number of samples left out because a verifier failed. */
  public int numExcluded() {
    int count = 0;
    for (boolean in : included) {
      count += in ? 0 : 1;
    }
    return count;
  }
}
