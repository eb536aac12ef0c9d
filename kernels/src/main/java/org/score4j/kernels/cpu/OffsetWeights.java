package org.score4j.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Norm weights with their offset added, made anew at every call: they are few, and the loops over
 * rows stay those of plain weights.
 */
final class OffsetWeights {
  private static final int ALIGNMENT = 64;

  private MemorySegment memory = MemorySegment.NULL;

  /** Where the weights plus {@code offset} lie until the next call; the tensor itself for 0. */
  long address(Tensor weight, double offset) {
    long from = HostBuffer.address(weight);
    if (offset == 0) {
      return from;
    }
    int n = Math.toIntExact(weight.elements());
    if (memory.byteSize() < 4L * n) {
      memory = Arena.ofAuto().allocate(4L * n, ALIGNMENT);
    }
    long to = memory.address();
    for (int i = 0; i < n; i++) {
      HostMemory.setFloat(to + 4L * i, HostMemory.getFloat(from + 4L * i) + (float) offset);
    }
    return to;
  }
}
