package org.score4j.kernels.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.score4j.kernels.DeviceBuffer;
import org.score4j.kernels.Tensor;

/** Native host memory, zeroed, aligned to at least 256 bytes. */
public final class HostBuffer implements DeviceBuffer {
  private static final long ALIGNMENT_BYTES = 256;
  private static final long HUGE_PAGE_BYTES = 2L << 20;

  /** Smaller ones are cleared at once in less time than the C library takes to be found. */
  private static final long LAZY_BYTES = 4L << 20;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;

  /** Allocates {@code bytes} bytes for {@code purpose}, which an error names. */
  public HostBuffer(String purpose, long bytes) {
    this(purpose, bytes, ALIGNMENT_BYTES);
  }

  /** The same in huge pages where the system has them: for what is read over and over. */
  public static HostBuffer inHugePages(String purpose, long bytes) {
    HostBuffer buffer = new HostBuffer(purpose, bytes, HUGE_PAGE_BYTES);
    LazyMemory.ofThisMachine().ifPresent(lazy -> lazy.adviseHugePages(buffer.memory));
    return buffer;
  }

  private HostBuffer(String purpose, long bytes, long alignment) {
    try {
      memory = allocate(arena, bytes, alignment);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new IllegalStateException(
          "host memory: cannot allocate %d bytes for %s; make the batch or the KV cache smaller"
              .formatted(bytes, purpose),
          e);
    }
  }

  private static MemorySegment allocate(Arena arena, long bytes, long alignment) {
    Optional<LazyMemory> lazy = LazyMemory.ofThisMachine();
    if (bytes < LAZY_BYTES || bytes > Long.MAX_VALUE - alignment || lazy.isEmpty()) {
      return arena.allocate(bytes, alignment);
    }
    MemorySegment memory =
        lazy.get()
            .allocate(bytes + alignment, arena)
            .orElseThrow(() -> new OutOfMemoryError("calloc of " + bytes + " bytes"));
    return memory.asSlice(-memory.address() & (alignment - 1), bytes);
  }

  @Override
  public long byteSize() {
    return memory.byteSize();
  }

  /** Raw address of the first byte. */
  public long address() {
    return memory.address();
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
