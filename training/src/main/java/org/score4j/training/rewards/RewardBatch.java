package org.score4j.training.rewards;

import java.util.List;
import org.score4j.training.verifiers.Verdict;

/**
 * The rewards of a batch, samples of one prompt side by side: sample k of prompt p is at p · K + k.
 * A sample one of whose verdicts is an error is not included: its rewards are NaN, and neither
 * gradient nor baseline may use them.
 */
public final class RewardBatch {
  private final double[] turn1;
  private final double[] turn2;
  private final boolean[] included;

  private RewardBatch(int samples) {
    turn1 = new double[samples];
    turn2 = new double[samples];
    included = new boolean[samples];
  }

  /**
   * Shapes a batch.
   *
   * @param shaping the rule
   * @param first verdicts of the first attempts, (samples)
   * @param second verdicts of the second attempts, (samples)
   * @param unchanged whether the second response repeats the first, (samples)
   */
  public static RewardBatch of(
      RewardShaping shaping, List<Verdict> first, List<Verdict> second, boolean[] unchanged) {
    int samples = first.size();
    if (second.size() != samples || unchanged.length != samples) {
      throw new IllegalArgumentException(
          "rewards: %d first verdicts, %d second ones and %d flags; each sample has one of each"
              .formatted(samples, second.size(), unchanged.length));
    }
    RewardBatch batch = new RewardBatch(samples);
    for (int i = 0; i < samples; i++) {
      batch.included[i] = !first.get(i).isError() && !second.get(i).isError();
      if (batch.included[i]) {
        TurnRewards rewards =
            shaping.rewards(TwoTurnOutcome.of(first.get(i), second.get(i), unchanged[i]));
        batch.turn1[i] = rewards.turn1();
        batch.turn2[i] = rewards.turn2();
      } else {
        batch.turn1[i] = Double.NaN;
        batch.turn2[i] = Double.NaN;
      }
    }
    return batch;
  }

  /** Rewards of turn 1 (a copy), (samples). */
  public double[] turn1() {
    return turn1.clone();
  }

  /** Rewards of turn 2 (a copy), (samples). */
  public double[] turn2() {
    return turn2.clone();
  }

  /** Which samples were judged in both turns (a copy), (samples). */
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
