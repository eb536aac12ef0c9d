package org.score4j.kernels.cpu;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Weights that are promised not to change for a while, copied to the panels of the matrix product
 * when first used: so the many small products of sampling need not copy them each time. The arrays
 * are kept for the next promise over the same weights. Shared by the lanes of a backend.
 */
final class CpuFrozenWeights {
  /** The part of the heap that copies may take up. */
  private static final int HEAP_SHARE = 4;

  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private final long maxFloats;
  private Map<Long, Copy> copies = new HashMap<>();
  private long floats;
  private boolean frozen;

  /** Panels of one weight; {@code current} once they hold its present values. */
  private static final class Copy {
    private float[] panels = new float[0];
    private boolean transposed;
    private boolean current;
  }

  CpuFrozenWeights() {
    this(Runtime.getRuntime().maxMemory() / HEAP_SHARE / Float.BYTES);
  }

  /** Weights that would need more than {@code maxFloats} in all are not copied. */
  CpuFrozenWeights(long maxFloats) {
    this.maxFloats = maxFloats;
  }

  /** Begins a promise. */
  synchronized void freeze(Collection<Tensor> weights) {
    if (frozen) {
      throw new IllegalStateException("freeze: the weights frozen before are not released yet");
    }
    Map<Long, Copy> next = new HashMap<>();
    floats = 0;
    for (Tensor weight : weights) {
      long at = HostBuffer.address(weight);
      Copy copy = copies.getOrDefault(at, new Copy());
      copy.current = false;
      floats += copy.panels.length;
      next.put(at, copy);
    }
    copies = next;
    frozen = true;
  }

  /** Ends the promise. */
  synchronized void release() {
    frozen = false;
  }

  /**
   * Panels of the weight (k, n) at an address; null if it is not frozen or there is no room.
   *
   * @param pool of the caller, which makes the copy if there is none yet
   */
  float @Nullable [] panels(CpuThreadPool pool, long weight, int k, int n) {
    return panels(pool, weight, k, n, false);
  }

  /** Panels of the transpose of the weight (n, k) at an address; null as above. */
  float @Nullable [] transposedPanels(CpuThreadPool pool, long weight, int n, int k) {
    return panels(pool, weight, k, n, true);
  }

  private synchronized float @Nullable [] panels(
      CpuThreadPool pool, long weight, int k, int n, boolean transposed) {
    Copy copy = frozen ? copies.get(weight) : null;
    if (copy == null) {
      return null;
    }
    long needed = CpuSgemm.packedFloats(n, k);
    if (copy.current) {
      return copy.transposed == transposed && copy.panels.length == needed ? copy.panels : null;
    }
    if (copy.panels.length != needed) {
      if (needed > MAX_ARRAY || floats - copy.panels.length + needed > maxFloats) {
        return null;
      }
      floats += needed - copy.panels.length;
      copy.panels = new float[(int) needed];
    }
    float[] panels = copy.panels;
    pool.run(
        Math.ceilDiv(n, CpuSgemm.PANEL),
        (panel, thread) -> CpuSgemm.pack(panels, weight, transposed, panel, n, k));
    copy.transposed = transposed;
    copy.current = true;
    return panels;
  }
}
