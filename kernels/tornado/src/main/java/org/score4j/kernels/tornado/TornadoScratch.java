package org.score4j.kernels.tornado;

import java.util.ArrayList;
import java.util.List;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Device memory that an op needs while it runs. A launch waits for its kernel, so it is taken when
 * an op begins and given back when the op ends; that is bookkeeping on the host alone.
 */
final class TornadoScratch {
  private final TornadoMemory memory;

  TornadoScratch(TornadoMemory memory) {
    this.memory = memory;
  }

  /** What one op takes. */
  Frame frame() {
    return new Frame();
  }

  /** Owns its tensors. */
  final class Frame implements AutoCloseable {
    private final List<TornadoBuffer> buffers = new ArrayList<>();

    private Frame() {}

    /** Content undefined. */
    Tensor allocate(DType dtype, Shape shape) {
      long bytes = Math.max(DeviceArena.footprint(dtype, shape), DeviceArena.ALIGNMENT_BYTES);
      TornadoBuffer buffer = memory.newBuffer("scratch memory of the kernels", bytes);
      buffers.add(buffer);
      return new Tensor(buffer, 0, dtype, shape);
    }

    @Override
    public void close() {
      buffers.forEach(TornadoBuffer::close);
    }
  }
}
