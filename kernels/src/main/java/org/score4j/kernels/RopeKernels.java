package org.score4j.kernels;

/**
 * Rotary position embedding (arXiv 2104.09864) in Hugging Face's half-split form: element {@code i}
 * of a head pairs with element {@code i + headDim/2}. Angles come from tables made once on the host
 * in double and kept in the state type, so no backend needs trigonometry.
 */
public interface RopeKernels {
  /**
   * Rotates the query and key heads in place; values stay.
   *
   * @param qkv (tokens, (numHeads + 2·numKvHeads)·headDim), in place
   * @param positions (tokens) I32, each below maxPositions
   * @param cos (maxPositions, headDim/2)
   * @param sin (maxPositions, headDim/2)
   * @param heads head layout
   */
  void rope(Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads);

  /**
   * Gradient of {@link #rope}: the opposite rotation, in place.
   *
   * @param dQkv (tokens, (numHeads + 2·numKvHeads)·headDim), in place
   * @param positions (tokens) I32
   * @param cos (maxPositions, headDim/2)
   * @param sin (maxPositions, headDim/2)
   * @param heads head layout
   */
  void ropeBackward(Tensor dQkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads);
}
