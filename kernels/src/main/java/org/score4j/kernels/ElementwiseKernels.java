package org.score4j.kernels;

/** Element by element, on tensors of any (equal) shape. */
public interface ElementwiseKernels {
  /** {@code x = value}; floating point tensors. */
  void fill(Tensor x, double value);

  /** {@code out = a + b}; {@code out} may be {@code a} or {@code b}. */
  void add(Tensor out, Tensor a, Tensor b);

  /** {@code out = factor · x}; {@code out} may be {@code x}. */
  void scale(Tensor out, Tensor x, double factor);

  /** {@code out = cap · tanh(x/cap)}; {@code out} may be {@code x}. */
  void softCap(Tensor out, Tensor x, double cap);

  /** {@code out = x}, converting between floating point types where they differ. */
  void cast(Tensor out, Tensor x);
}
