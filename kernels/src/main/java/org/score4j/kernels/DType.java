package org.score4j.kernels;

/** Element types a tensor can hold on a device. */
public enum DType {
  /** IEEE single precision: the cpu backend's arithmetic. */
  F32(4),
  /** IEEE double precision: the reference backend's arithmetic. */
  F64(8),
  /** bfloat16: storage and matmul inputs on GPUs, never accumulated in. */
  BF16(2),
  /** 32-bit signed integers: token ids, row indices, page tables. */
  I32(4);

  private final int byteSize;

  DType(int byteSize) {
    this.byteSize = byteSize;
  }

  /** Bytes per element. */
  public int byteSize() {
    return byteSize;
  }

  /** Whether this is one of the floating point types. */
  public boolean isFloat() {
    return this != I32;
  }
}
