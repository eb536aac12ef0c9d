package org.score4j.training.algorithms;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.score4j.core.model.HeadPass;
import org.score4j.training.rollouts.TrajectoryBatch.MicroBatch;

/**
 * Sums over the micro-batches of a step, and the comparison of sampling with learning. Used by one
 * step, then dropped.
 */
final class StepTotals {
  private double loss;
  private final double[] kl;
  private double entropy;
  private long predictions;
  private long tokens;
  private long mismatches;
  private Worst worst = new Worst(0, 0, 0, 0);
  private float[] differences = new float[1024];

  /** Sums over conversations of so many attempts. */
  StepTotals(int attempts) {
    kl = new double[attempts];
  }

  /**
   * The token about which sampling and learning disagree most.
   *
   * @param trajectory index of its conversation
   * @param prediction its place among the sampled tokens of that conversation, from 0
   * @param sampled log-prob when it was drawn
   * @param learnt log-prob in the training pass
   */
  record Worst(int trajectory, int prediction, double sampled, double learnt) {
    /** In nats; NaN where either is. */
    double difference() {
      return Math.abs(learnt - sampled);
    }
  }

  void add(
      MicroBatch batch,
      HeadPass.Result result,
      HeadPass.Coefficients coefficients,
      float @Nullable [] logRatios,
      boolean[] included) {
    float[] klCoef = coefficients.kl();
    int already = Math.toIntExact(predictions);
    int before = 0;
    if (differences.length < already + result.logProb().length) {
      differences =
          Arrays.copyOf(
              differences, Math.max(2 * differences.length, already + result.logProb().length));
    }
    for (int i = 0; i < result.logProb().length; i++) {
      float learnt = result.logProb()[i];
      float sampled = batch.sampledLogProb()[i];
      before = i > 0 && batch.trajectory()[i - 1] == batch.trajectory()[i] ? before + 1 : 0;
      differences[already + i] = Math.abs(learnt - sampled);
      // Bits, not values: NaN must not hide and −0 must not pass for 0.
      if (Float.floatToRawIntBits(learnt) != Float.floatToRawIntBits(sampled)) {
        mismatches++;
        Worst here = new Worst(batch.trajectory()[i], before, sampled, learnt);
        // Negated, so that NaN is the worst of all.
        if (!(here.difference() <= worst.difference()) && !Double.isNaN(worst.difference())) {
          worst = here;
        }
      }
      loss -= (double) coefficients.logProb()[i] * learnt;
      double divergence = klCoef != null ? result.kl()[i] : logRatios != null ? logRatios[i] : 0;
      if (klCoef != null) {
        loss += klCoef[i] * divergence;
      }
      if (included[batch.trajectory()[i]]) {
        kl[batch.attempt()[i]] += divergence;
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
   * KL summed over an attempt's tokens, mean over conversations, in nats (the mean log-ratio for
   * the k estimators).
   */
  double kl(int attempt, int conversations) {
    return conversations == 0 ? Double.NaN : kl[attempt] / conversations;
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

  Worst worst() {
    return worst;
  }

  /** Of the differences between sampling and learning, over all sampled tokens, in nats. */
  double differenceQuantile(double share) {
    int n = Math.toIntExact(predictions);
    if (n == 0 || mismatches == 0) {
      return 0;
    }
    float[] sorted = Arrays.copyOf(differences, n);
    Arrays.sort(sorted);
    return sorted[(int) Math.ceil(share * n) - 1];
  }
}
