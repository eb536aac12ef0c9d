package org.score4j.kernels;

/**
 * Root-mean-square normalisation (arXiv 1910.07467), {@code out = x · rstd · (offset + weight)}
 * with {@code rstd = 1/√(mean(x²) + eps)}. The offset is 0, or 1 where weights are kept as their
 * distance from 1 (Gemma). What is saved for backward as {@code rstd} and the gradients of weights
 * are in the state type.
 *
 * <p>T tokens, D width, H query heads, KV key/value heads, E headDim.
 */
public interface NormKernels {
  /**
   * Normalises each row.
   *
   * @param out (T, D)
   * @param rstd (T), saved for backward
   * @param x (T, D)
   * @param weight (D)
   * @param offset added to the weight
   * @param eps added to the mean square
   */
  void rmsNorm(Tensor out, Tensor rstd, Tensor x, Tensor weight, double offset, double eps);

  /**
   * Residual addition and the norm that follows it: {@code sum = x + delta}, {@code out =
   * rmsNorm(sum)}.
   *
   * @param out (T, D)
   * @param sum (T, D), the residual stream after the addition, saved for backward
   * @param rstd (T), saved for backward
   * @param x (T, D)
   * @param delta (T, D)
   * @param weight (D)
   * @param offset added to the weight
   * @param eps added to the mean square
   */
  void addRmsNorm(
      Tensor out,
      Tensor sum,
      Tensor rstd,
      Tensor x,
      Tensor delta,
      Tensor weight,
      double offset,
      double eps);

  /**
   * Gradient of {@link #rmsNorm}: {@code dX = …}, {@code dWeight += …}.
   *
   * @param dX (T, D)
   * @param dWeight (D), accumulated in the order of the tokens
   * @param dOut (T, D)
   * @param x (T, D)
   * @param weight (D)
   * @param rstd (T)
   * @param offset added to the weight
   */
  void rmsNormBackward(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset);

  /**
   * As {@link #rmsNormBackward}, but {@code dX += …}: the norm's branch joins the gradient already
   * in the residual stream.
   *
   * @param dX (T, D), accumulated
   * @param dWeight (D), accumulated in the order of the tokens
   * @param dOut (T, D)
   * @param x (T, D)
   * @param weight (D)
   * @param rstd (T)
   * @param offset added to the weight
   */
  void rmsNormBackwardAdd(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset);

  /**
   * QK norm (Qwen3, Gemma 3): normalises every query and key head of a token by itself; values are
   * copied.
   *
   * @param out (T, (H+2KV)·E)
   * @param rstd (T, H+KV), saved for backward
   * @param qkv (T, (H+2KV)·E), not the same memory as {@code out}
   * @param qWeight (E)
   * @param kWeight (E)
   * @param offset added to both weights
   * @param eps added to the mean square
   * @param heads head layout
   */
  void qkNorm(
      Tensor out,
      Tensor rstd,
      Tensor qkv,
      Tensor qWeight,
      Tensor kWeight,
      double offset,
      double eps,
      AttentionShape heads);

  /**
   * Gradient of {@link #qkNorm}.
   *
   * @param dQkv (T, (H+2KV)·E), not the same memory as {@code dOut}
   * @param dQWeight (E), accumulated in the order of tokens, then heads
   * @param dKWeight (E), accumulated in the order of tokens, then heads
   * @param dOut (T, (H+2KV)·E)
   * @param qkv (T, (H+2KV)·E)
   * @param qWeight (E)
   * @param kWeight (E)
   * @param rstd (T, H+KV)
   * @param offset added to both weights
   * @param heads head layout
   */
  void qkNormBackward(
      Tensor dQkv,
      Tensor dQWeight,
      Tensor dKWeight,
      Tensor dOut,
      Tensor qkv,
      Tensor qWeight,
      Tensor kWeight,
      Tensor rstd,
      double offset,
      AttentionShape heads);
}
