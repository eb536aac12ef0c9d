package org.score4j.training.algorithms;

import java.io.Serial;
import java.util.Map;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Tensor;

/**
 * A loss or gradient that is no number; thrown before the update, so the weights are still those of
 * the step before.
 */
public final class NonFiniteException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * One line for the user.
   *
   * @param where phase and step
   * @param what value seen
   * @param firstBad where it was seen first
   */
  public NonFiniteException(String where, String what, String firstBad) {
    super(
        "%s: %s; first bad: %s; the weights were not updated; lower learningRate or clipNorm and resume from the last checkpoint"
            .formatted(where, what, firstBad));
  }

  /** Name of the first tensor in memory order with a value that is no number. */
  public static String firstBadTensor(Ops ops, Parameters parameters) {
    for (Map.Entry<String, Tensor> entry : parameters.named().entrySet()) {
      if (!Double.isFinite(ops.sumOfSquares(entry.getValue()))) {
        return entry.getKey();
      }
    }
    return "none by itself, the sum of all overflows";
  }
}
