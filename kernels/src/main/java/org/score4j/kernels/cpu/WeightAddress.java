package org.score4j.kernels.cpu;

import org.score4j.kernels.DType;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Where a matrix lies that products read, and as what: F32, or BF16, which is the upper half of an
 * F32 and widened exactly as it is read. All arithmetic behind the reading is the same, so both
 * give the same bits.
 *
 * @param address of the first element
 * @param narrow whether it is BF16
 */
public record WeightAddress(long address, boolean narrow) {
  /** Of a tensor in F32 or BF16. */
  static WeightAddress of(Tensor tensor) {
    return new WeightAddress(HostBuffer.address(tensor), tensor.dtype() == DType.BF16);
  }

  /** Of single precision. */
  public static WeightAddress single(long address) {
    return new WeightAddress(address, false);
  }

  /** The element at a row of {@code ld} elements and a column. */
  WeightAddress at(int row, int ld, int column) {
    return new WeightAddress(address + elementBytes() * ((long) row * ld + column), narrow);
  }

  int elementBytes() {
    return narrow ? NarrowMemory.BYTES : Float.BYTES;
  }
}
