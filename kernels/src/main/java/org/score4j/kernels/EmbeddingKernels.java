package org.score4j.kernels;

/** Table look-ups by row. T tokens, D width, V vocabulary. */
public interface EmbeddingKernels {
  /**
   * {@code out[t] = weight[ids[t]]}.
   *
   * @param out (T, D)
   * @param ids (T) I32, each in 0..V-1
   * @param weight (V, D)
   */
  void embedding(Tensor out, Tensor ids, Tensor weight);

  /**
   * {@code dWeight[ids[t]] += dOut[t]}, in the order of the tokens.
   *
   * @param dWeight (V, D), accumulated, in the state type
   * @param dOut (T, D)
   * @param ids (T) I32
   */
  void embeddingBackward(Tensor dWeight, Tensor dOut, Tensor ids);

  /**
   * {@code out[n] = x[rows[n]]}; a row may be read several times.
   *
   * @param out (N, D)
   * @param x (T, D)
   * @param rows (N) I32, each in 0..T-1
   */
  void gatherRows(Tensor out, Tensor x, Tensor rows);

  /**
   * {@code dX[rows[n]] += dOut[n]}, in the order of n. An exception to the rule: this activation
   * gradient accumulates, because several n may name one row; fill {@code dX} with zeros first.
   *
   * @param dX (T, D), accumulated
   * @param dOut (N, D)
   * @param rows (N) I32
   */
  void scatterAddRows(Tensor dX, Tensor dOut, Tensor rows);
}
