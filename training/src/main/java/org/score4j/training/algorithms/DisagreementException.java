package org.score4j.training.algorithms;

import java.io.Serial;
import org.score4j.core.generation.PathComparison;

/**
 * Sampling and learning disagree about a token by more than the configured bound; thrown before the
 * update, so the weights are still those of the step before.
 */
public final class DisagreementException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * One line for the user.
   *
   * @param where phase and step
   * @param worst the token that differs most
   * @param bound of the config
   * @param layers how far that conversation's hidden states are apart
   */
  DisagreementException(String where, StepTotals.Worst worst, double bound, PathComparison layers) {
    super(
        ("%s: sampling and training give token %d of conversation %d log-probs %.6g and %.6g,"
             + " further apart than generation.maxLogProbDifference %s; the weights were not"
             + " updated. Residual stream through the cache against packed, largest difference of"
             + " largest value: %s. The first layer that stands out names the kernels at fault; if"
             + " the backend's precision explains it, raise the bound")
            .formatted(
                where,
                worst.prediction(),
                worst.trajectory(),
                worst.sampled(),
                worst.learnt(),
                bound,
                layers));
  }
}
