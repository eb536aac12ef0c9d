package org.score4j.kernels;

import org.jspecify.annotations.Nullable;

/** The argument checks of {@link Ops}, in one place so that the kernels need none. */
final class Checks {
  private final DType floatType;

  Checks(DType floatType) {
    this.floatType = floatType;
  }

  /**
   * Refuses a tensor whose type is not the backend's or whose rows × columns differ; trailing
   * dimensions are folded into columns.
   */
  void matrix(String op, String what, Tensor x, int rows, long columns) {
    floats(op, what, x);
    if (x.dim0() != rows || x.shape().rowElements() != columns) {
      throw new IllegalArgumentException(
          "%s: %s has shape %s, expected (%d, %d) from the other arguments"
              .formatted(op, what, x.shape(), rows, columns));
    }
  }

  void vector(String op, String what, Tensor x, long elements) {
    floats(op, what, x);
    if (x.elements() != elements) {
      throw new IllegalArgumentException(
          "%s: %s has shape %s, expected %d elements from the other arguments"
              .formatted(op, what, x.shape(), elements));
    }
  }

  void optionalVector(String op, String what, @Nullable Tensor x, long elements) {
    if (x != null) {
      vector(op, what, x, elements);
    }
  }

  void floats(String op, String what, Tensor x) {
    if (x.dtype() != floatType) {
      throw new IllegalArgumentException(
          "%s: %s is %s, this backend computes in %s".formatted(op, what, x.dtype(), floatType));
    }
  }

  void ints(String op, String what, Tensor x, int rows, long columns) {
    if (x.dtype() != DType.I32) {
      throw new IllegalArgumentException(
          "%s: %s is %s, indices must be I32".formatted(op, what, x.dtype()));
    }
    if (x.dim0() != rows || x.shape().rowElements() != columns) {
      throw new IllegalArgumentException(
          "%s: %s has shape %s, expected (%d, %d) from the other arguments"
              .formatted(op, what, x.shape(), rows, columns));
    }
  }

  void sameShape(String op, String what, Tensor x, Tensor like) {
    floats(op, what, x);
    if (x.elements() != like.elements()) {
      throw new IllegalArgumentException(
          "%s: %s has shape %s, expected %s".formatted(op, what, x.shape(), like.shape()));
    }
  }

  // Tensors overlap only inside one allocation, and an allocation is its own identity.
  @SuppressWarnings("ReferenceEquality")
  void distinct(String op, String first, Tensor a, String second, Tensor b) {
    if (a.buffer() == b.buffer()
        && a.byteOffset() < b.byteOffset() + b.byteSize()
        && b.byteOffset() < a.byteOffset() + a.byteSize()) {
      throw new IllegalArgumentException(
          "%s: %s and %s share memory; they must be apart".formatted(op, first, second));
    }
  }

  void positive(String op, String what, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          "%s: %s is %s, it must be positive and finite".formatted(op, what, value));
    }
  }
}
