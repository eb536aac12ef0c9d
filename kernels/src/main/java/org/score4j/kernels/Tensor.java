package org.score4j.kernels;

/**
 * A dense row-major view of device memory. It owns nothing and has no maths: {@link DeviceArena}
 * owns, {@link Ops} computes.
 *
 * @param buffer the memory viewed
 * @param byteOffset where the first element lies in the buffer
 * @param dtype element type
 * @param shape dimensions
 */
public record Tensor(DeviceBuffer buffer, long byteOffset, DType dtype, Shape shape) {

  /** Refuses a view that leaves its buffer. */
  public Tensor {
    long bytes = shape.elements() * dtype.byteSize();
    if (byteOffset < 0 || byteOffset + bytes > buffer.byteSize()) {
      throw new IllegalArgumentException(
          "tensor: %s of %s at byte %d does not fit a buffer of %d bytes"
              .formatted(shape, dtype, byteOffset, buffer.byteSize()));
    }
  }

  /** Number of elements. */
  public long elements() {
    return shape.elements();
  }

  /** Size of the viewed memory. */
  public long byteSize() {
    return elements() * dtype.byteSize();
  }

  /** Outermost dimension. */
  public int dim0() {
    return shape.dim0();
  }

  /** Second dimension. */
  public int dim1() {
    return shape.dim1();
  }

  /** Third dimension. */
  public int dim2() {
    return shape.dim2();
  }

  /**
   * The rows {@code from} (inclusive) to {@code to} (exclusive) of the outermost dimension, sharing
   * this tensor's memory.
   */
  public Tensor rows(int from, int to) {
    if (from < 0 || to < from || to > shape.dim0()) {
      throw new IllegalArgumentException(
          "tensor: rows %d..%d of a tensor with shape %s".formatted(from, to, shape));
    }
    Shape slice = new Shape(shape.rank(), to - from, shape.dim1(), shape.dim2());
    return new Tensor(
        buffer, byteOffset + from * shape.rowElements() * dtype.byteSize(), dtype, slice);
  }

  /** The same memory with other dimensions. */
  public Tensor reshape(Shape other) {
    if (other.elements() != elements()) {
      throw new IllegalArgumentException(
          "tensor: cannot view shape %s as %s, element counts differ".formatted(shape, other));
    }
    return new Tensor(buffer, byteOffset, dtype, other);
  }
}
