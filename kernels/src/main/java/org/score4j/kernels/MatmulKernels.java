package org.score4j.kernels;

import org.jspecify.annotations.Nullable;

/**
 * Linear layers. Weights are stored {@code (in, out)}, so the forward pass is {@code x · W}, in one
 * of {@link Backend#weightTypes}.
 *
 * <p>T tokens, K inputs, N outputs.
 */
public interface MatmulKernels {
  /**
   * {@code out = x · weight + bias}.
   *
   * @param out (T, N)
   * @param x (T, K)
   * @param weight (K, N)
   * @param bias (N), or null for none
   */
  void linear(Tensor out, Tensor x, Tensor weight, @Nullable Tensor bias);

  /**
   * {@code dX = dOut · weightᵀ}.
   *
   * @param dX (T, K)
   * @param dOut (T, N)
   * @param weight (K, N)
   */
  void linearBackwardInput(Tensor dX, Tensor dOut, Tensor weight);

  /**
   * {@code dWeight += xᵀ · dOut}, {@code dBias += Σ_t dOut[t]}; on backends that promise it, a
   * chain over the tokens in their order, so that splitting a batch into micro-batches gives the
   * same bits.
   *
   * @param dWeight (K, N), accumulated, in the state type
   * @param dBias (N), accumulated, in the state type, or null for none
   * @param x (T, K)
   * @param dOut (T, N)
   */
  void linearBackwardWeight(Tensor dWeight, @Nullable Tensor dBias, Tensor x, Tensor dOut);
}
