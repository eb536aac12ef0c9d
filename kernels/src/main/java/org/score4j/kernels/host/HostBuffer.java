package org.score4j.kernels.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.score4j.kernels.DeviceBuffer;
import org.score4j.kernels.Tensor;

/** Native host memory, zeroed, aligned to 256 bytes. */
public final class HostBuffer implements DeviceBuffer {
  private static final long ALIGNMENT_BYTES = 256;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;

  /** Allocates {@code bytes} bytes for {@code purpose}, which an error names. */
  public HostBuffer(String purpose, long bytes) {
    try {
      memory = arena.allocate(bytes, ALIGNMENT_BYTES);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new IllegalStateException(
          "host memory: cannot allocate %d bytes for %s; make the batch or the KV cache smaller"
              .formatted(bytes, purpose),
          e);
    }
  }

  @Override
  public long byteSize() {
    return memory.byteSize();
  }

  @Override
  public void close() {
    arena.close();
  }

  /** The memory a tensor on a host backend views. */
  public static MemorySegment segment(Tensor tensor) {
    return of(tensor).memory.asSlice(tensor.byteOffset(), tensor.byteSize());
  }

  /** Raw address of the first element of a tensor on a host backend. */
  public static long address(Tensor tensor) {
    return of(tensor).memory.address() + tensor.byteOffset();
  }

  private static HostBuffer of(Tensor tensor) {
    if (tensor.buffer() instanceof HostBuffer host) {
      return host;
    }
    throw new IllegalArgumentException(
        "tensor of shape %s lives in a %s, not in host memory; it belongs to another backend"
            .formatted(tensor.shape(), tensor.buffer().getClass().getSimpleName()));
  }
}
