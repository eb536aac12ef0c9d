package org.score4j.kernels.cuda;

import org.score4j.kernels.DType;
import org.score4j.kernels.SamplingKernels;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Gumbel-max sampling over {@link LogitChunks chunks} of logits: products by cuBLAS, and {@code
 * sampling.cu} that reduces a chunk to the best token of each row.
 */
final class CudaSamplingKernels implements SamplingKernels {
  private static final int THREADS = 256;

  /** Floats of a slot, as in {@code sampling.cu}. */
  private static final int FIELDS = 8;

  private final CudaDevice device;
  private final Workspace workspace;
  private final CudaGemm gemm;
  private final long budgetBytes;
  private final CudaKernel choices;
  private final CudaKernel outputs;
  private final CudaKernel truncation;
  private final CudaKernel softCap;

  CudaSamplingKernels(CudaDevice device, Workspace workspace, CudaGemm gemm) {
    this(device, workspace, gemm, LogitChunks.budgetBytes(device));
  }

  /**
   * Sampling with a bound on its logits.
   *
   * @param budgetBytes of logits held at once
   */
  CudaSamplingKernels(CudaDevice device, Workspace workspace, CudaGemm gemm, long budgetBytes) {
    this.device = device;
    this.workspace = workspace;
    this.gemm = gemm;
    this.budgetBytes = budgetBytes;
    CudaModule module = device.module("sampling");
    choices = module.kernel("sampling_choices");
    outputs = module.kernel("sampling_outputs");
    truncation = module.kernel("sampling_truncate");
    softCap = device.module("loss").kernel("head_soft_cap");
  }

  @Override
  public void sample(
      Tensor ids,
      Tensor logProbs,
      Tensor hidden,
      Tensor head,
      Tensor randomness,
      double temperature,
      double softCap) {
    int rows = hidden.dim0();
    if (rows == 0) {
      return;
    }
    int vocabulary = head.dim0();
    LogitChunks chunks =
        LogitChunks.of(rows, vocabulary, Float.BYTES, budgetBytes, false, device.multiprocessors());
    float inverseTemperature = (float) (temperature == 0 ? 1 : 1 / temperature);
    long mark = workspace.mark();
    try {
      Tensor buffer = workspace.allocate(DType.F32, Shape.of(chunks.chunkElements()));
      Tensor partial =
          workspace.allocate(DType.F32, Shape.of(chunks.rowsPerChunk(), chunks.slots(), FIELDS));
      for (int from = 0; from < rows; from += chunks.rowsPerChunk()) {
        int to = Math.min(rows, from + chunks.rowsPerChunk());
        for (int first = 0, slot = 0; first < vocabulary; slot += chunks.splits()) {
          int columns = Math.min(chunks.columnsPerChunk(), vocabulary - first);
          Tensor logits = LogitChunks.matrix(buffer, to - from, columns);
          Tensor weight = head.rows(first, first + columns);
          float factor = softCap > 0 ? 1 : inverseTemperature;
          gemm.multiply(logits, false, hidden.rows(from, to), true, weight, factor, 0);
          if (softCap > 0) {
            CudaLossKernels.cap(device, this.softCap, logits, (float) softCap, inverseTemperature);
          }
          choices
              .pointer(partial)
              .pointer(logits)
              .pointer(randomness.rows(from, to))
              .i32(first)
              .i32(columns)
              .i32(slot)
              .i32(chunks.slots())
              .i32(temperature == 0 ? 1 : 0)
              .launch(to - from, chunks.splits(), 1, chunks.threads(), 0);
          first += columns;
        }
        outputs
            .pointer(ids.rows(from, to))
            .pointer(logProbs.rows(from, to))
            .pointer(partial)
            .i32(to - from)
            .i32(chunks.slots())
            .launch((to - from + THREADS - 1) / THREADS, 1, 1, THREADS, 0);
      }
    } finally {
      workspace.release(mark);
    }
  }

  @Override
  public void truncate(Tensor logits, int topK, double topP) {
    if (logits.dim0() == 0) {
      return;
    }
    truncation
        .pointer(logits)
        .i32(logits.dim1())
        .i32(topK)
        .f32((float) topP)
        .launch(logits.dim0(), 1, 1, THREADS, 0);
  }
}
