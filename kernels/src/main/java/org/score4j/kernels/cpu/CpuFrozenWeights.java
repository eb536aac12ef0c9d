package org.score4j.kernels.cpu;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Weights that are promised not to change for a while, copied to the panels of the matrix product
 * when first used: so the many small products of sampling need not copy them each time. The memory
 * is kept for the next promise over the same weights. Shared by the lanes of a backend.
 */
final class CpuFrozenWeights implements AutoCloseable {
  /** The part of the heap's largest size that copies, which lie beside it, may take up. */
  private static final int HEAP_SHARE = 4;

  private static final int ALIGNMENT_BYTES = 64;

  private final long maxBytes;
  private Map<WeightAddress, Copy> copies = Map.of();
  private @Nullable HostBuffer memory;
  private long used;
  private int promises;

  /** Panels of one weight; {@code current} once they hold its present values. */
  private static final class Copy {
    private final int rows;
    private final int columns;
    private @Nullable FrozenPanels panels;
    private long offset;
    private long bytes;
    private boolean transposed;
    private boolean current;
    private boolean wanted;

    Copy(int rows, int columns) {
      this.rows = rows;
      this.columns = columns;
    }
  }

  CpuFrozenWeights() {
    this(Runtime.getRuntime().maxMemory() / HEAP_SHARE);
  }

  /** Weights that would need more than so many bytes in all are not copied. */
  CpuFrozenWeights(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Begins a promise, or one within that of more weights, which keeps the copies made so far. */
  synchronized void freeze(Collection<Tensor> weights) {
    Map<WeightAddress, Copy> next = new HashMap<>();
    for (Tensor weight : weights) {
      if (weight.shape().rank() == 2) {
        int columns = Math.toIntExact(weight.shape().rowElements());
        next.put(WeightAddress.of(weight), new Copy(weight.dim0(), columns));
      }
    }
    if (promises > 0) {
      if (!copies.keySet().containsAll(next.keySet())) {
        throw new IllegalStateException("freeze: the weights frozen before are not released yet");
      }
      copies.values().forEach(copy -> copy.wanted = false);
    } else if (sameSizes(next)) {
      for (Copy copy : copies.values()) {
        copy.current = false;
        copy.wanted = false;
      }
    } else {
      free();
      copies = next;
    }
    promises++;
  }

  /** Memory that was freed and allocated again may have the address, but hold another weight. */
  private boolean sameSizes(Map<WeightAddress, Copy> next) {
    return next.size() == copies.size()
        && next.entrySet().stream()
            .allMatch(
                entry -> {
                  Copy copy = copies.get(entry.getKey());
                  return copy != null
                      && copy.rows == entry.getValue().rows
                      && copy.columns == entry.getValue().columns;
                });
  }

  /** Ends the promise begun last. */
  synchronized void release() {
    promises--;
  }

  /**
   * Panels of the weight (k, n) in its own type; null if it is not frozen or there is no room, and
   * when one in BF16 is asked for the first time.
   *
   * @param pool of the caller, which makes the copy if there is none yet
   */
  @Nullable FrozenPanels panels(CpuThreadPool pool, WeightAddress weight, int k, int n) {
    return panels(pool, weight, k, n, false);
  }

  /** Panels of the transpose of the weight (n, k); null as above. */
  @Nullable FrozenPanels transposedPanels(CpuThreadPool pool, WeightAddress weight, int n, int k) {
    return panels(pool, weight, k, n, true);
  }

  private synchronized @Nullable FrozenPanels panels(
      CpuThreadPool pool, WeightAddress weight, int k, int n, boolean transposed) {
    Copy copy = promises > 0 ? copies.get(weight) : null;
    if (copy == null
        || copy.rows != (transposed ? n : k)
        || copy.columns != (transposed ? k : n)
        || (copy.current && copy.transposed != transposed)) {
      return null;
    }
    if (copy.current) {
      return copy.panels;
    }
    if (weight.narrow() && !copy.wanted) {
      // Prefill of one sequence, say: a copy for one pass would double the memory for nothing.
      copy.wanted = true;
      return null;
    }
    HostBuffer all = place(copy, bytes(n, k, weight.narrow()));
    if (all == null) {
      return null;
    }
    FrozenPanels panels = new FrozenPanels(all.address() + copy.offset, weight.narrow());
    pool.run(
        Math.ceilDiv(n, panels.width()),
        (panel, thread) -> SgemmPacked.pack(panels, weight, transposed, panel, n, k));
    copy.panels = panels;
    copy.transposed = transposed;
    copy.current = true;
    return panels;
  }

  /** Sets the offset of a copy in the memory returned; null if there is no room left. */
  private @Nullable HostBuffer place(Copy copy, long bytes) {
    if (copy.bytes < bytes && bytes > maxBytes - used) {
      return null;
    }
    HostBuffer all = memory;
    if (all == null) {
      all = HostBuffer.inHugePages("copies of frozen weights", Math.min(maxBytes, bytesOfAll()));
      memory = all;
    }
    if (copy.bytes < bytes) {
      copy.offset = used;
      copy.bytes = bytes;
      used += bytes;
    }
    return all;
  }

  /** Address space for all, whichever of them are used transposed; only what is used is memory. */
  private long bytesOfAll() {
    long sum = 0;
    for (Map.Entry<WeightAddress, Copy> entry : copies.entrySet()) {
      Copy copy = entry.getValue();
      boolean narrow = entry.getKey().narrow();
      sum += bytes(copy.columns, copy.rows, narrow) + bytes(copy.rows, copy.columns, narrow);
    }
    return sum;
  }

  private static long bytes(int n, int k, boolean narrow) {
    long bytes = SgemmPacked.bytes(n, k, narrow);
    return Math.ceilDiv(bytes, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  }

  private void free() {
    copies = Map.of();
    used = 0;
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }

  @Override
  public synchronized void close() {
    free();
  }
}
