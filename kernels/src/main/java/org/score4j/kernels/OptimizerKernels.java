package org.score4j.kernels;

import org.jspecify.annotations.Nullable;

/** What an optimiser step needs, on flat tensors of any shape. */
public interface OptimizerKernels {
  /**
   * Scalars of one AdamW step (arXiv 1711.05101).
   *
   * @param learningRate step size
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param eps added to the root of the second moment
   * @param weightDecay decoupled decay: param −= learningRate · weightDecay · param
   * @param step number of this update, from 1, for the bias corrections
   * @param gradScale factor of the gradient, for clipping
   */
  record AdamWStep(
      double learningRate,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      long step,
      double gradScale) {}

  /**
   * One update in place, computed in the state type: g = gradScale·grad; m = β1 m + (1−β1) g; v =
   * β2 v + (1−β2) g²; param −= lr·wd·param; param −= lr · (m/(1−β1^t)) / (√(v/(1−β2^t)) + eps).
   *
   * @param param any shape; where it is not of the state type, rounded from the updated master
   * @param master same shape, the weights in the state type; null where {@code param} is of that
   *     type itself
   * @param firstMoment same shape, in the state type
   * @param secondMoment same shape, in the state type
   * @param grad same shape, in the state type
   * @param step scalars
   */
  void adamW(
      Tensor param,
      @Nullable Tensor master,
      Tensor firstMoment,
      Tensor secondMoment,
      Tensor grad,
      AdamWStep step);

  /**
   * Sum of squares in an order that depends on the number of elements alone; waits for the device.
   * NaN or infinite if any element is.
   *
   * @param x any shape, in the state type
   */
  double sumOfSquares(Tensor x);
}
