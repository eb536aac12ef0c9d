package org.score4j.training.algorithms;

import org.jspecify.annotations.Nullable;
import org.score4j.core.model.HeadPass;
import org.score4j.training.rollouts.TrajectoryBatch.MicroBatch;

/**
 * Sums over the micro-batches of a step, and the comparison of sampling with learning. Used by one
 * step, then dropped.
 */
final class StepTotals {
  private double loss;
  private final double[] kl = new double[2];
  private double entropy;
  private long predictions;
  private long tokens;
  private long mismatches;
  private double maxDifference;

  void add(
      MicroBatch batch,
      HeadPass.Result result,
      HeadPass.Coefficients coefficients,
      float @Nullable [] logRatios,
      boolean[] included) {
    float[] klCoef = coefficients.kl();
    for (int i = 0; i < result.logProb().length; i++) {
      float learnt = result.logProb()[i];
      float sampled = batch.sampledLogProb()[i];
      // Bits, not values: NaN must not hide and −0 must not pass for 0.
      if (Float.floatToRawIntBits(learnt) != Float.floatToRawIntBits(sampled)) {
        mismatches++;
        maxDifference = Math.max(maxDifference, Math.abs((double) learnt - sampled));
      }
      loss -= (double) coefficients.logProb()[i] * learnt;
      double divergence = klCoef != null ? result.kl()[i] : logRatios != null ? logRatios[i] : 0;
      if (klCoef != null) {
        loss += klCoef[i] * divergence;
      }
      if (included[batch.trajectory()[i]]) {
        kl[batch.turn()[i]] += divergence;
      }
      entropy += result.entropy()[i];
    }
    predictions += result.logProb().length;
    tokens += batch.packed().numTokens();
  }

  /** The surrogate loss whose gradient was taken. */
  double loss() {
    return loss;
  }

  /**
   * KL summed over a turn's tokens, mean over conversations, in nats (the mean log-ratio for the k
   * estimators).
   */
  double kl(int turn, int conversations) {
    return conversations == 0 ? Double.NaN : kl[turn] / conversations;
  }

  /** Mean over sampled tokens, in nats. */
  double meanEntropy() {
    return entropy / predictions;
  }

  long tokens() {
    return tokens;
  }

  /**
   * Sampled tokens whose log-prob in the training pass differs in any bit from the one recorded
   * while sampling.
   */
  long mismatches() {
    return mismatches;
  }

  double maxDifference() {
    return maxDifference;
  }
}
