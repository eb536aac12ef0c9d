package org.score4j.kernels;

import java.util.Collection;

/**
 * Owner of one large allocation handed out in aligned pieces. A program has a handful of them
 * (weights, training state, activations, KV cache), allocated before the first step, so that no
 * step allocates. Mutable, for one thread at a time.
 */
public final class DeviceArena implements AutoCloseable {
  /**
   * Every tensor starts at a multiple of this many bytes: a cache line on CPUs, and what GPUs want
   * for coalesced access.
   */
  public static final int ALIGNMENT_BYTES = 256;

  private final String name;
  private final DeviceBuffer buffer;
  private final Collection<DeviceArena> open;
  private long used;
  private long peak;

  /** open: where an arena is listed as long as it is open. */
  DeviceArena(String name, DeviceBuffer buffer, Collection<DeviceArena> open) {
    this.name = name;
    this.buffer = buffer;
    this.open = open;
    open.add(this);
  }

  /** Bytes a tensor takes up in an arena, alignment included. */
  public static long footprint(DType dtype, Shape shape) {
    return align(shape.elements() * dtype.byteSize());
  }

  /** The next free piece; its content is undefined. */
  public Tensor allocate(DType dtype, Shape shape) {
    long bytes = footprint(dtype, shape);
    if (used + bytes > buffer.byteSize()) {
      throw new IllegalStateException(
          "arena %s: %s of %s needs %d bytes, %d of %d are free; make the arena larger or the batch smaller"
              .formatted(name, shape, dtype, bytes, buffer.byteSize() - used, buffer.byteSize()));
    }
    Tensor tensor = new Tensor(buffer, used, dtype, shape);
    used += bytes;
    peak = Math.max(peak, used);
    return tensor;
  }

  /** A view of memory that is handed out, from a byte offset on. */
  public Tensor view(long byteOffset, DType dtype, Shape shape) {
    return new Tensor(buffer, byteOffset, dtype, shape);
  }

  /** A position to return to with {@link #release}. */
  public long mark() {
    return used;
  }

  /**
   * Frees everything allocated since {@code mark}; tensors allocated since then must not be used
   * any more.
   */
  public void release(long mark) {
    if (mark < 0 || mark > used) {
      throw new IllegalArgumentException(
          "arena %s: mark %d is outside 0..%d".formatted(name, mark, used));
    }
    used = mark;
  }

  /** What this arena is for, as shown in memory tables. */
  public String name() {
    return name;
  }

  /** Size of the arena. */
  public long byteSize() {
    return buffer.byteSize();
  }

  /** Most bytes in use at any time so far. */
  public long peakBytes() {
    return peak;
  }

  @Override
  public void close() {
    open.remove(this);
    buffer.close();
  }

  private static long align(long bytes) {
    return (bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
  }
}
