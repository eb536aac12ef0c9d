package org.score4j.training.algorithms;

import org.jspecify.annotations.Nullable;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.Parameters;
import org.score4j.core.optim.AdamW;
import org.score4j.kernels.Ops;

/**
 * A policy being trained: weights, gradients, optimiser and, for reinforcement learning, the frozen
 * reference. A view for the algorithms; the run owns everything in it.
 *
 * @param ops of the device
 * @param weights of the policy
 * @param gradients accumulated within a step
 * @param shards how the gradient of a step is summed
 * @param optimizer of the current phase
 * @param reference π_ref, null in supervised training
 * @param headPass forward and backward
 */
public record Learner(
    Ops ops,
    Parameters weights,
    Parameters gradients,
    GradientShards shards,
    AdamW optimizer,
    @Nullable Parameters reference,
    HeadPass headPass) {

  /** The frozen reference, or an error where there is none. */
  public Parameters requireReference() {
    if (reference == null) {
      throw new IllegalStateException("learner: this algorithm needs a reference model");
    }
    return reference;
  }

  /**
   * Checks the gradient and updates the weights.
   *
   * @param where phase and step, for the error
   * @return the global gradient norm before clipping
   */
  public double update(double learningRate, String where) {
    double norm = optimizer.gradientNorm(gradients);
    if (!Double.isFinite(norm)) {
      throw new NonFiniteException(
          where, "gradient norm " + norm, NonFiniteException.firstBadTensor(ops, gradients));
    }
    optimizer.step(weights, gradients, norm, learningRate);
    return norm;
  }
}
