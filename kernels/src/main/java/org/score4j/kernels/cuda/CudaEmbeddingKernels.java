package org.score4j.kernels.cuda;

import org.score4j.kernels.EmbeddingKernels;
import org.score4j.kernels.Tensor;

/** Copies and additions of rows. */
final class CudaEmbeddingKernels implements EmbeddingKernels {
  /** As {@code THREADS} in embedding.cu. */
  private static final int THREADS = 256;

  private final CudaDevice device;
  private final CudaKernel gatherRows;
  private final CudaKernel embeddingBackward;
  private final CudaKernel scatterAddRows;

  CudaEmbeddingKernels(CudaDevice device) {
    this.device = device;
    CudaModule module = device.module("embedding");
    gatherRows = module.kernel("gather_rows");
    embeddingBackward = module.kernel("embedding_backward");
    scatterAddRows = module.kernel("scatter_add_rows");
  }

  @Override
  public void embedding(Tensor out, Tensor ids, Tensor weight) {
    gatherRows(out, weight, ids);
  }

  @Override
  public void embeddingBackward(Tensor dWeight, Tensor dOut, Tensor ids) {
    addRows(embeddingBackward, dWeight, dOut, ids);
  }

  @Override
  public void gatherRows(Tensor out, Tensor x, Tensor rows) {
    int width = Math.toIntExact(out.shape().rowElements());
    gatherRows
        .pointer(out)
        .pointer(x)
        .pointer(rows)
        .i32(width)
        .launch(out.dim0(), 1, 1, Math.min(THREADS, device.threadsPerRow(width)), 0);
  }

  @Override
  public void scatterAddRows(Tensor dX, Tensor dOut, Tensor rows) {
    addRows(scatterAddRows, dX, dOut, rows);
  }

  private void addRows(CudaKernel kernel, Tensor table, Tensor dOut, Tensor ids) {
    int width = Math.toIntExact(dOut.shape().rowElements());
    int slices = CudaDevice.blocks(width, THREADS * device.vectorLength());
    kernel
        .pointer(table)
        .pointer(dOut)
        .pointer(ids)
        .i32(dOut.dim0())
        .i32(width)
        .launch(dOut.dim0(), slices, 1, THREADS, 0);
  }
}
