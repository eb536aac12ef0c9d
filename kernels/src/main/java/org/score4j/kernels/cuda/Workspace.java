package org.score4j.kernels.cuda;

import java.util.ArrayList;
import java.util.List;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Device memory that an op needs while it runs, handed out as from a stack. It grows to what the
 * largest op needs and then stays, so that steps after the first allocate nothing. Since ops follow
 * each other on one stream, memory released by one may be taken by the next at once. Mutable, for
 * one thread at a time.
 *
 * <pre>
 * long mark = workspace.mark();
 * try {
 *   Tensor partials = workspace.allocate(DType.F32, Shape.of(blocks, width));
 *   …
 * } finally {
 *   workspace.release(mark);
 * }
 * </pre>
 */
final class Workspace {
  private static final long MIN_BLOCK_BYTES = 8 << 20;

  /** A mark is the number of a block and a position in it. */
  private static final int POSITION_BITS = 48;

  private final CudaDevice device;
  private final List<CudaBuffer> blocks = new ArrayList<>();
  private int block;
  private long used;

  Workspace(CudaDevice device) {
    this.device = device;
  }

  /** The next free piece, aligned as in an arena; its content is undefined. */
  Tensor allocate(DType dtype, Shape shape) {
    long bytes = DeviceArena.footprint(dtype, shape);
    while (block < blocks.size() && used + bytes > blocks.get(block).byteSize()) {
      block++;
      used = 0;
    }
    if (block == blocks.size()) {
      grow(bytes);
    }
    Tensor tensor = new Tensor(blocks.get(block), used, dtype, shape);
    used += bytes;
    return tensor;
  }

  /** A position to return to with {@link #release}. */
  long mark() {
    return (long) block << POSITION_BITS | used;
  }

  /** Frees everything allocated since {@code mark}. */
  void release(long mark) {
    block = (int) (mark >>> POSITION_BITS);
    used = mark & ((1L << POSITION_BITS) - 1);
  }

  /** Bytes held. */
  long byteSize() {
    return blocks.stream().mapToLong(CudaBuffer::byteSize).sum();
  }

  /** Blocks are never moved or freed: a captured graph goes on using their addresses. */
  private void grow(long bytes) {
    long previous = blocks.isEmpty() ? 0 : blocks.getLast().byteSize();
    long size = Math.max(bytes, Math.max(2 * previous, MIN_BLOCK_BYTES));
    blocks.add(device.newBuffer("workspace of the kernels", size));
    used = 0;
  }
}
