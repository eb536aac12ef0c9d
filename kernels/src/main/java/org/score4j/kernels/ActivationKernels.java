package org.score4j.kernels;

/** Gated activations. T tokens, F width of the feed-forward layer. */
public interface ActivationKernels {
  /**
   * SwiGLU (arXiv 2002.05202): {@code out = silu(gate) · up}, {@code silu(z) = z/(1+e^-z)}.
   *
   * @param out (T, F)
   * @param gateUp (T, 2F), gates first
   */
  void swiglu(Tensor out, Tensor gateUp);

  /**
   * Gradient of {@link #swiglu}.
   *
   * @param dGateUp (T, 2F)
   * @param dOut (T, F)
   * @param gateUp (T, 2F)
   */
  void swigluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp);

  /**
   * GEGLU (arXiv 2002.05202) with the tanh form of GELU: {@code out = gelu(gate) · up}, {@code
   * gelu(z) = z/2 · (1 + tanh(√(2/π) · (z + 0.044715 z³)))}.
   *
   * @param out (T, F)
   * @param gateUp (T, 2F), gates first
   */
  void geglu(Tensor out, Tensor gateUp);

  /**
   * Gradient of {@link #geglu}.
   *
   * @param dGateUp (T, 2F)
   * @param dOut (T, F)
   * @param gateUp (T, 2F)
   */
  void gegluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp);
}
