package org.score4j.kernels.cpu;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Tensor;

/**
 * Weights that are promised not to change for a while, copied to the panels of the matrix product
 * when first used: so the many small products of sampling need not copy them each time. The arrays
 * are kept for the next promise over the same weights. Shared by the lanes of a backend.
 */
final class CpuFrozenWeights {
  /** The part of the heap that copies may take up. */
  private static final int HEAP_SHARE = 4;

  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private final long maxWords;
  private Map<WeightAddress, Copy> copies = new HashMap<>();
  private long words;
  private boolean frozen;
  private boolean distant;

  /** Panels of one weight; {@code current} once they hold its present values. */
  private static final class Copy {
    private FrozenPanels panels = SgemmPacked.allocate(0, false, false);
    private boolean transposed;
    private boolean current;
    private boolean wanted;
  }

  CpuFrozenWeights() {
    this(Runtime.getRuntime().maxMemory() / HEAP_SHARE / Integer.BYTES);
  }

  /** Weights that would need more than so many words of 32 bits in all are not copied. */
  CpuFrozenWeights(long maxWords) {
    this.maxWords = maxWords;
  }

  /** Begins a promise. */
  synchronized void freeze(Collection<Tensor> weights) {
    if (frozen) {
      throw new IllegalStateException("freeze: the weights frozen before are not released yet");
    }
    Map<WeightAddress, Copy> next = new HashMap<>();
    words = 0;
    distant = weights.stream().mapToLong(Tensor::byteSize).sum() > CpuBackend.CACHE_BYTES;
    for (Tensor weight : weights) {
      WeightAddress at = WeightAddress.of(weight);
      Copy copy = copies.getOrDefault(at, new Copy());
      copy.current = false;
      copy.wanted = false;
      copy.panels = copy.panels.withDistant(distant);
      words += copy.panels.length();
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
    Copy copy = frozen ? copies.get(weight) : null;
    if (copy == null) {
      return null;
    }
    long needed = SgemmPacked.words(n, k, weight.narrow());
    if (copy.current) {
      return copy.transposed == transposed && copy.panels.length() == needed ? copy.panels : null;
    }
    if (weight.narrow() && !copy.wanted) {
      // Prefill of one sequence, say: a copy for one pass would double the memory for nothing.
      copy.wanted = true;
      return null;
    }
    if (copy.panels.length() != needed) {
      if (needed > MAX_ARRAY || words - copy.panels.length() + needed > maxWords) {
        return null;
      }
      words += needed - copy.panels.length();
      copy.panels = SgemmPacked.allocate((int) needed, weight.narrow(), distant);
    }
    FrozenPanels panels = copy.panels;
    pool.run(
        Math.ceilDiv(n, CpuSgemm.PANEL),
        (panel, thread) -> SgemmPacked.pack(panels, weight, transposed, panel, n, k));
    copy.transposed = transposed;
    copy.current = true;
    return panels;
  }
}
