package org.score4j.kernels.cuda;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.DType;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * The language-model head: products by cuBLAS, a {@link LogitChunks chunk} of logits at a time, and
 * {@code loss.cu} around them. Where the vocabulary takes several chunks the logits are computed
 * twice, once for the statistics of a row and once for its gradient.
 */
final class CudaLossKernels implements LossKernels {
  private static final int THREADS = 256;

  /** Floats of a slot, as in {@code loss.cu}. */
  private static final int FIELDS = 8;

  private final CudaDevice device;
  private final Workspace workspace;
  private final CudaGemm gemm;
  private final long budgetBytes;
  private final CudaKernel statistics;
  private final CudaKernel headOutputs;
  private final CudaKernel headGradient;
  private final CudaKernel softCap;
  private final CudaKernel round;

  CudaLossKernels(CudaDevice device, Workspace workspace, CudaGemm gemm) {
    this(device, workspace, gemm, LogitChunks.budgetBytes(device));
  }

  /**
   * The head with a bound on its logits.
   *
   * @param budgetBytes of logits and their gradients held at once
   */
  CudaLossKernels(CudaDevice device, Workspace workspace, CudaGemm gemm, long budgetBytes) {
    this.device = device;
    this.workspace = workspace;
    this.gemm = gemm;
    this.budgetBytes = budgetBytes;
    CudaModule module = device.module("loss");
    statistics = module.kernel("head_statistics");
    headOutputs = module.kernel("head_outputs");
    headGradient = module.kernel("head_gradient");
    softCap = module.kernel("head_soft_cap");
    round = module.kernel("head_round");
  }

  /** The arguments of a call that stay the same for all chunks. */
  private record Head(
      HeadOutputs outputs,
      @Nullable HeadGradients gradients,
      Tensor hidden,
      Tensor weight,
      Tensor targets,
      @Nullable HeadReference reference,
      float inverseTemperature,
      float softCap) {
    /** The same for some of the rows. */
    Head rows(int from, int to) {
      return new Head(
          new HeadOutputs(
              outputs.logProb().rows(from, to),
              outputs.entropy().rows(from, to),
              rows(outputs.kl(), from, to),
              rows(outputs.refLogProb(), from, to)),
          gradients == null
              ? null
              : new HeadGradients(
                  gradients.dHidden().rows(from, to),
                  gradients.dHead(),
                  gradients.logProbCoef().rows(from, to),
                  rows(gradients.klCoef(), from, to),
                  rows(gradients.entropyCoef(), from, to)),
          hidden.rows(from, to),
          weight,
          targets.rows(from, to),
          reference == null
              ? null
              : new HeadReference(reference.hidden().rows(from, to), reference.head()),
          inverseTemperature,
          softCap);
    }

    private static @Nullable Tensor rows(@Nullable Tensor tensor, int from, int to) {
      return tensor == null ? null : tensor.rows(from, to);
    }
  }

  /**
   * Scratch memory of one chunk of rows.
   *
   * @param logits of the policy, and in single precision also their gradient
   * @param refLogits of the reference
   * @param dLogits gradient of the logits in the type of the products
   * @param partial statistics of each slot
   * @param rowStatistics joined
   */
  private record Scratch(
      Tensor logits,
      @Nullable Tensor refLogits,
      @Nullable Tensor dLogits,
      Tensor partial,
      Tensor rowStatistics) {}

  @Override
  public void lmHead(
      HeadOutputs outputs,
      @Nullable HeadGradients gradients,
      Tensor hidden,
      Tensor head,
      Tensor targets,
      @Nullable HeadReference reference,
      double inverseTemperature,
      double softCap) {
    int rows = hidden.dim0();
    if (rows == 0) {
      return;
    }
    boolean rounded = device.floatType() != DType.F32;
    int bytesPerLogit =
        Float.BYTES * (reference == null ? 1 : 2)
            + (gradients != null && rounded ? device.floatType().byteSize() : 0);
    LogitChunks chunks =
        LogitChunks.of(
            rows,
            head.dim0(),
            bytesPerLogit,
            budgetBytes,
            gradients != null,
            device.multiprocessors());
    long mark = workspace.mark();
    try {
      Shape logits = Shape.of(chunks.chunkElements());
      Scratch scratch =
          new Scratch(
              workspace.allocate(DType.F32, logits),
              reference == null ? null : workspace.allocate(DType.F32, logits),
              gradients != null && rounded ? workspace.allocate(device.floatType(), logits) : null,
              workspace.allocate(
                  DType.F32, Shape.of(chunks.rowsPerChunk(), chunks.slots(), FIELDS)),
              workspace.allocate(DType.F32, Shape.of(chunks.rowsPerChunk(), FIELDS)));
      Head all =
          new Head(
              outputs,
              gradients,
              hidden,
              head,
              targets,
              reference,
              (float) inverseTemperature,
              (float) softCap);
      for (int from = 0; from < rows; from += chunks.rowsPerChunk()) {
        int to = Math.min(rows, from + chunks.rowsPerChunk());
        rows(all.rows(from, to), scratch, chunks);
      }
    } finally {
      workspace.release(mark);
    }
  }

  /** Everything for one chunk of rows. */
  private void rows(Head head, Scratch scratch, LogitChunks chunks) {
    int rows = head.hidden().dim0();
    int vocabulary = chunks.vocabulary();
    for (int first = 0, slot = 0; first < vocabulary; slot += chunks.splits()) {
      int columns = Math.min(chunks.columnsPerChunk(), vocabulary - first);
      logits(head, scratch, first, columns);
      statistics
          .pointer(scratch.partial())
          .pointer(scratch.logits())
          .pointer(scratch.refLogits())
          .pointer(head.targets())
          .i32(first)
          .i32(columns)
          .i32(slot)
          .i32(chunks.slots())
          .launch(rows, chunks.splits(), 1, chunks.threads(), 0);
      first += columns;
    }
    headOutputs
        .pointer(head.outputs().logProb())
        .pointer(head.outputs().entropy())
        .pointer(head.outputs().kl())
        .pointer(head.outputs().refLogProb())
        .pointer(scratch.rowStatistics())
        .pointer(scratch.partial())
        .i32(rows)
        .i32(chunks.slots())
        .launch((rows + THREADS - 1) / THREADS, 1, 1, THREADS, 0);
    if (head.gradients() != null) {
      backward(head, head.gradients(), scratch, chunks);
    }
  }

  /** {@code dHidden = dLogits · head}, {@code dHead += dLogitsᵀ · hidden}, chunk by chunk. */
  private void backward(Head head, HeadGradients gradients, Scratch scratch, LogitChunks chunks) {
    int rows = head.hidden().dim0();
    int vocabulary = chunks.vocabulary();
    boolean single = chunks.columnChunks() == 1;
    // Sums over several chunks are rounded once, at the end.
    boolean summed = scratch.dLogits() != null && !single;
    Tensor dHidden = gradients.dHidden();
    long mark = workspace.mark();
    try {
      Tensor sums = summed ? workspace.allocate(DType.F32, dHidden.shape()) : dHidden;
      for (int first = 0; first < vocabulary; first += chunks.columnsPerChunk()) {
        int columns = Math.min(chunks.columnsPerChunk(), vocabulary - first);
        if (!single) {
          logits(head, scratch, first, columns);
        }
        Tensor buffer = scratch.dLogits() == null ? scratch.logits() : scratch.dLogits();
        Tensor dLogits = LogitChunks.matrix(buffer, rows, columns);
        headGradient
            .pointer(dLogits)
            .pointer(scratch.logits())
            .pointer(scratch.refLogits())
            .pointer(scratch.rowStatistics())
            .pointer(head.targets())
            .pointer(gradients.logProbCoef())
            .pointer(gradients.klCoef())
            .pointer(gradients.entropyCoef())
            .i32(first)
            .i32(columns)
            .f32(head.softCap() * head.inverseTemperature())
            .launch(rows, chunks.splits(), 1, chunks.threads(), 0);
        float factor = head.inverseTemperature();
        Tensor weight = head.weight().rows(first, first + columns);
        gemm.multiply(sums, false, dLogits, false, weight, factor, first == 0 ? 0 : 1);
        if (gradients.dHead() != null) {
          Tensor dWeight = gradients.dHead().rows(first, first + columns);
          gemm.multiply(dWeight, true, dLogits, false, head.hidden(), factor, 1);
        }
      }
      if (summed) {
        long count = sums.elements();
        round
            .pointer(dHidden)
            .pointer(sums)
            .i64(count)
            .launch(Math.toIntExact((count + THREADS - 1) / THREADS), 1, 1, THREADS, 0);
      }
    } finally {
      workspace.release(mark);
    }
  }

  /** Logits of both models for some columns, capped, times the inverse temperature. */
  private void logits(Head head, Scratch scratch, int first, int columns) {
    int rows = head.hidden().dim0();
    logits(
        head,
        LogitChunks.matrix(scratch.logits(), rows, columns),
        head.hidden(),
        head.weight().rows(first, first + columns));
    HeadReference reference = head.reference();
    if (reference != null && scratch.refLogits() != null) {
      logits(
          head,
          LogitChunks.matrix(scratch.refLogits(), rows, columns),
          reference.hidden(),
          reference.head().rows(first, first + columns));
    }
  }

  private void logits(Head head, Tensor logits, Tensor hidden, Tensor weight) {
    boolean capped = head.softCap() > 0;
    float factor = capped ? 1 : head.inverseTemperature();
    gemm.multiply(logits, false, hidden, true, weight, factor, 0);
    if (capped) {
      cap(device, softCap, logits, head.softCap(), head.inverseTemperature());
    }
  }

  /** Caps logits and multiplies them with {@code factor}, by kernel {@code head_soft_cap}. */
  static void cap(CudaDevice device, CudaKernel softCap, Tensor logits, float cap, float factor) {
    long count = logits.elements();
    softCap
        .pointer(logits)
        .f32(cap)
        .f32(factor)
        .i64(count)
        .launch(device.loopingBlocks(count, THREADS), 1, 1, THREADS, 0);
  }
}
