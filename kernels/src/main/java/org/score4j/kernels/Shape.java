package org.score4j.kernels;

/**
 * Dimensions of a dense row-major tensor of rank one to three; unused trailing dimensions are 1.
 *
 * @param rank number of dimensions in use
 * @param dim0 outermost dimension
 * @param dim1 second dimension, 1 if the rank is one
 * @param dim2 third dimension, 1 if the rank is at most two
 */
public record Shape(int rank, int dim0, int dim1, int dim2) {

  /** Refuses negative dimensions and ranks outside one to three. */
  public Shape {
    if (rank < 1 || rank > 3) {
      throw new IllegalArgumentException("shape: rank " + rank + " is outside 1..3");
    }
    if (dim0 < 0 || dim1 < 0 || dim2 < 0) {
      throw new IllegalArgumentException(
          "shape: negative dimension in (%d, %d, %d)".formatted(dim0, dim1, dim2));
    }
  }

  /** A vector of {@code dim0} elements. */
  public static Shape of(int dim0) {
    return new Shape(1, dim0, 1, 1);
  }

  /** A matrix (dim0, dim1). */
  public static Shape of(int dim0, int dim1) {
    return new Shape(2, dim0, dim1, 1);
  }

  /** A tensor (dim0, dim1, dim2). */
  public static Shape of(int dim0, int dim1, int dim2) {
    return new Shape(3, dim0, dim1, dim2);
  }

  /** Number of elements. */
  public long elements() {
    return (long) dim0 * dim1 * dim2;
  }

  /** Elements in one row, that is, per step of the outermost dimension. */
  public long rowElements() {
    return (long) dim1 * dim2;
  }

  @Override
  public String toString() {
    return switch (rank) {
      case 1 -> "(" + dim0 + ")";
      case 2 -> "(" + dim0 + ", " + dim1 + ")";
      default -> "(" + dim0 + ", " + dim1 + ", " + dim2 + ")";
    };
  }
}
