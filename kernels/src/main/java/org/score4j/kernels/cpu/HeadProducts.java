package org.score4j.kernels.cpu;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * The matrix products of the language-model head, on blocks of rows whose logits fit a fixed amount
 * of memory.
 *
 * <p>A logit is a chain over the width, dHidden over the vocabulary, dHead over the rows in order,
 * whatever the blocks and threads are.
 */
final class HeadProducts implements AutoCloseable {
  /**
   * Logits held at once, 16 MiB; the vocabulary may exceed it, then rows come {@link #MIN_ROWS} at
   * a time.
   */
  private static final int MAX_LOGITS = 1 << 22;

  private static final int MIN_ROWS = 24;

  /** Multiply-adds worth a task. */
  private static final long MIN_WORK = 1 << 17;

  private final CpuThreadPool pool;
  private final CpuFrozenWeights frozen;
  private @Nullable Arena arena;
  private long address;
  private long capacity;

  HeadProducts(CpuThreadPool pool, CpuFrozenWeights frozen) {
    this.pool = pool;
    this.frozen = frozen;
  }

  /** Rows per block for a vocabulary. */
  static int blockRows(int vocabulary) {
    return Math.max(MIN_ROWS, MAX_LOGITS / Lanes.roundUp(vocabulary));
  }

  /** Memory of {@code floats} floats; what it held before is lost when it grows. */
  long memory(long floats) {
    if (floats > capacity) {
      close();
      Arena grown = Arena.ofShared();
      arena = grown;
      address = grown.allocate(floats * Float.BYTES, 64).address();
      capacity = floats;
    }
    return address;
  }

  @Override
  public void close() {
    if (arena != null) {
      arena.close();
      arena = null;
      capacity = 0;
    }
  }

  /**
   * {@code z = hidden[firstRow ..] · headᵀ}, (rows, roundUp(vocabulary)); the padding is not
   * written.
   */
  void logits(long z, Tensor hidden, Tensor head, int firstRow, int rows) {
    int width = Math.toIntExact(head.shape().rowElements());
    int vocabulary = head.dim0();
    int stride = Lanes.roundUp(vocabulary);
    long x = HostBuffer.address(hidden) + 4L * firstRow * width;
    WeightAddress w = WeightAddress.of(head);
    FrozenPanels panels = rows == 1 ? null : frozen.transposedPanels(pool, w, vocabulary, width);
    split(
        rows,
        vocabulary,
        width,
        (thread, i, m, j, n) -> {
          long c = at(z, i, stride, j);
          long a = at(x, i, width, 0);
          if (panels != null) {
            float[] s = pool.floats(thread, SgemmPacked.blockFloats(m, width));
            SgemmPacked.product(s, panels, c, stride, a, width, j, n, m, vocabulary, width);
          } else {
            SgemmScratch s = SgemmScratch.of(pool, thread, m, n, width);
            CpuSgemm.nt(s, c, stride, a, width, w.at(j, width, 0), width, m, n, width, false);
          }
        });
  }

  /** {@code dHidden[firstRow ..] = dZ · head}. */
  void hiddenGradient(Tensor dHidden, long dZ, Tensor head, int firstRow, int rows) {
    int width = Math.toIntExact(head.shape().rowElements());
    int vocabulary = head.dim0();
    int stride = Lanes.roundUp(vocabulary);
    long dX = HostBuffer.address(dHidden) + 4L * firstRow * width;
    WeightAddress w = WeightAddress.of(head);
    split(
        rows,
        width,
        vocabulary,
        (thread, i, m, j, n) ->
            CpuSgemm.nn(
                SgemmScratch.of(pool, thread, m, n, vocabulary),
                at(dX, i, width, j),
                width,
                at(dZ, i, stride, 0),
                stride,
                w.at(0, width, j),
                width,
                m,
                n,
                vocabulary,
                false));
  }

  /** {@code dHead += dZᵀ · hidden[firstRow ..]}. */
  void headGradient(Tensor dHead, long dZ, Tensor hidden, int firstRow, int rows) {
    int width = Math.toIntExact(dHead.shape().rowElements());
    int vocabulary = dHead.dim0();
    int stride = Lanes.roundUp(vocabulary);
    long dW = HostBuffer.address(dHead);
    long x = HostBuffer.address(hidden) + 4L * firstRow * width;
    split(
        vocabulary,
        width,
        rows,
        (thread, i, m, j, n) ->
            CpuSgemm.tn(
                SgemmScratch.of(pool, thread, m, n, rows),
                at(dW, i, width, j),
                width,
                at(dZ, 0, 0, i),
                stride,
                at(x, 0, 0, j),
                width,
                m,
                n,
                rows,
                true));
  }

  /** A rectangle of a product: m rows from i, n columns from j. */
  private interface Rectangle {
    void compute(int thread, int i, int m, int j, int n);
  }

  /** Cuts an (m, n) product over k by its longer side. */
  private void split(int m, int n, int k, Rectangle product) {
    long parts = Math.clamp((long) m * n * k / MIN_WORK, 1, pool.numThreads());
    boolean byRows = m >= n || m / parts >= 8L * CpuSgemm.ROWS;
    int unit = byRows ? CpuSgemm.ROWS : CpuSgemm.PANEL;
    int grain = Math.toIntExact(Math.ceilDiv(Math.ceilDiv(byRows ? m : n, parts), unit)) * unit;
    pool.run(
        Math.ceilDiv(byRows ? m : n, grain),
        (task, thread) -> {
          int from = task * grain;
          int i = byRows ? from : 0;
          int j = byRows ? 0 : from;
          int rows = byRows ? Math.min(grain, m - from) : m;
          int columns = byRows ? n : Math.min(grain, n - from);
          product.compute(thread, i, rows, j, columns);
        });
  }

  private static long at(long base, int row, int stride, int column) {
    return base + Float.BYTES * ((long) row * stride + column);
  }
}
