package org.score4j.kernels.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.score4j.kernels.BFloat16;
import org.score4j.kernels.DType;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * The elements of an F64 tensor, or of weights in BF16 that are only read, by flat row-major index.
 *
 * @param memory what the tensor views
 * @param narrow whether it is BF16
 */
record Doubles(MemorySegment memory, boolean narrow) {
  static Doubles of(Tensor tensor) {
    return new Doubles(HostBuffer.segment(tensor), tensor.dtype() == DType.BF16);
  }

  double get(long index) {
    if (narrow) {
      return BFloat16.toFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, index));
    }
    return memory.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
  }

  void set(long index, double value) {
    memory.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
  }

  void add(long index, double value) {
    set(index, get(index) + value);
  }

  /** A copy of the elements {@code from .. from+count}. */
  double[] copy(long from, int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = get(from + i);
    }
    return values;
  }

  /** Writes all {@code values} to the elements {@code to .. to+values.length}. */
  void put(long to, double[] values) {
    for (int i = 0; i < values.length; i++) {
      set(to + i, values[i]);
    }
  }
}
