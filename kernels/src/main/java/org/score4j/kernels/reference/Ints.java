package org.score4j.kernels.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * The elements of an I32 tensor by flat row-major index.
 *
 * @param memory what the tensor views
 */
record Ints(MemorySegment memory) {
  static Ints of(Tensor tensor) {
    return new Ints(HostBuffer.segment(tensor));
  }

  int get(long index) {
    return memory.getAtIndex(ValueLayout.JAVA_INT, index);
  }

  void set(long index, int value) {
    memory.setAtIndex(ValueLayout.JAVA_INT, index, value);
  }
}
