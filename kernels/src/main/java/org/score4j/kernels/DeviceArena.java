package org.score4j.kernels;

import java.util.Collection;
import java.util.function.Supplier;

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
  private final long start;
  private final long end;
  private long used;
  private long peak;

  /** open: where an arena is listed as long as it is open. */
  DeviceArena(String name, DeviceBuffer buffer, Collection<DeviceArena> open) {
    this(name, buffer, open, 0, buffer.byteSize());
    open.add(this);
  }

  private DeviceArena(
      String name, DeviceBuffer buffer, Collection<DeviceArena> open, long start, long end) {
    this.name = name;
    this.buffer = buffer;
    this.open = open;
    this.start = start;
    this.end = end;
    this.used = start;
    this.peak = start;
  }

  /**
   * The next free piece as an arena, which another thread may use. It is a view: it is not closed,
   * and releasing this arena to a mark before it ends it.
   *
   * @param bytes rounded up to {@link #align}
   */
  public DeviceArena part(long bytes) {
    long from = take(align(bytes), () -> "a part");
    return new DeviceArena(name, buffer, open, from, used);
  }

  /** Bytes a tensor takes up in an arena, alignment included. */
  public static long footprint(DType dtype, Shape shape) {
    return align(shape.elements() * dtype.byteSize());
  }

  /** The next free piece; its content is undefined. */
  public Tensor allocate(DType dtype, Shape shape) {
    long from = take(footprint(dtype, shape), () -> shape + " of " + dtype);
    return new Tensor(buffer, from, dtype, shape);
  }

  private long take(long bytes, Supplier<String> what) {
    if (bytes > freeBytes()) {
      throw new IllegalStateException(
          "arena %s: %s needs %d bytes, %d of %d are free; make the arena larger or the batch smaller"
              .formatted(name, what.get(), bytes, freeBytes(), byteSize()));
    }
    long from = used;
    used += bytes;
    peak = Math.max(peak, used);
    return from;
  }

  /** Bytes not in use. */
  public long freeBytes() {
    return end - used;
  }

  /** A view of memory that is handed out, from a byte offset on. */
  public Tensor view(long byteOffset, DType dtype, Shape shape) {
    return new Tensor(buffer, byteOffset, dtype, shape);
  }

  /** All its memory in rows of {@link #ALIGNMENT_BYTES}, of which its size is a multiple. */
  Tensor whole(DType dtype) {
    // Two dimensions, for there can be more elements than an int counts.
    int rows = Math.toIntExact(byteSize() / ALIGNMENT_BYTES);
    return view(start, dtype, Shape.of(rows, ALIGNMENT_BYTES / dtype.byteSize()));
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
    if (mark < start || mark > used) {
      throw new IllegalArgumentException(
          "arena %s: mark %d is outside %d..%d".formatted(name, mark, start, used));
    }
    used = mark;
  }

  /** What this arena is for, as shown in memory tables. */
  public String name() {
    return name;
  }

  /** Size of the arena. */
  public long byteSize() {
    return end - start;
  }

  /** Most bytes in use at any time so far. */
  public long peakBytes() {
    return peak - start;
  }

  @Override
  public void close() {
    open.remove(this);
    buffer.close();
  }

  /** The next multiple of {@link #ALIGNMENT_BYTES}. */
  public static long align(long bytes) {
    return (bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
  }
}
