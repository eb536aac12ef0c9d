package org.score4j.kernels.cpu;

import org.score4j.kernels.EmbeddingKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Look-ups by row. Gradients are split by columns, so that each column keeps the order of the
 * tokens.
 */
final class CpuEmbeddingKernels implements EmbeddingKernels {
  private static final int ROW_GRAIN = 64;

  /**
   * Columns per task of the gradients: a cache line, so that threads never write to the same one.
   */
  private static final int COLUMNS = Lanes.COUNT;

  private final CpuThreadPool pool;

  CpuEmbeddingKernels(CpuThreadPool pool) {
    this.pool = pool;
  }

  @Override
  public void embedding(Tensor out, Tensor ids, Tensor weight) {
    gather(out, weight, ids);
  }

  @Override
  public void embeddingBackward(Tensor dWeight, Tensor dOut, Tensor ids) {
    scatterAdd(dWeight, dOut, ids);
  }

  @Override
  public void gatherRows(Tensor out, Tensor x, Tensor rows) {
    gather(out, x, rows);
  }

  @Override
  public void scatterAddRows(Tensor dX, Tensor dOut, Tensor rows) {
    scatterAdd(dX, dOut, rows);
  }

  private void gather(Tensor out, Tensor table, Tensor rows) {
    int width = Math.toIntExact(out.shape().rowElements());
    long outAt = HostBuffer.address(out);
    WeightAddress tableAt = WeightAddress.of(table);
    long rowsAt = HostBuffer.address(rows);
    RowBlocks.run(
        pool,
        out.dim0(),
        ROW_GRAIN,
        (from, to, worker) -> {
          for (int n = from; n < to; n++) {
            long copy = outAt + 4L * n * width;
            long row = tableAt.at(HostMemory.getInt(rowsAt + 4L * n), width, 0).address();
            if (tableAt.narrow()) {
              NarrowMemory.copy(copy, row, width);
            } else {
              Lanes.copy(copy, row, width);
            }
          }
        });
  }

  private void scatterAdd(Tensor table, Tensor dOut, Tensor rows) {
    int width = Math.toIntExact(dOut.shape().rowElements());
    int n = dOut.dim0();
    long tableAt = HostBuffer.address(table);
    long dOutAt = HostBuffer.address(dOut);
    long rowsAt = HostBuffer.address(rows);
    RowBlocks.run(
        pool,
        (width + COLUMNS - 1) / COLUMNS,
        Math.max(1, ROW_GRAIN * COLUMNS / Math.max(n, 1)),
        (from, to, worker) -> {
          int first = from * COLUMNS;
          int columns = Math.min(to * COLUMNS, width) - first;
          for (int i = 0; i < n; i++) {
            long row = HostMemory.getInt(rowsAt + 4L * i);
            Lanes.add(
                tableAt + 4 * (row * width + first),
                dOutAt + 4 * ((long) i * width + first),
                columns);
          }
        });
  }
}
