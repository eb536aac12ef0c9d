package org.score4j.kernels.cuda;

import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.DType;
import org.score4j.kernels.NormKernels;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * RMSNorm of rows and of heads. Gradients of weights come in two stages: each block sums a run of
 * tokens, then the runs are added in their order.
 */
final class CudaNormKernels implements NormKernels {
  private static final int HEAD_THREADS = 256;
  private static final int WARP = 32;

  /** Threads and columns of a block of {@code add_partials}. */
  private static final int COLUMN_THREADS = 256;

  private static final int COLUMNS = 32;

  /** Runs of tokens per multiprocessor: enough blocks to hide waiting, few enough partial sums. */
  private static final int RUNS = 4;

  private final CudaDevice device;
  private final Workspace workspace;
  private final CudaKernel rmsNorm;
  private final CudaKernel addRmsNorm;
  private final CudaKernel rmsNormBackward;
  private final CudaKernel addPartials;
  private final CudaKernel qkNorm;
  private final CudaKernel qkNormBackward;

  CudaNormKernels(CudaDevice device, Workspace workspace) {
    this.device = device;
    this.workspace = workspace;
    CudaModule module = device.module("norm");
    rmsNorm = module.kernel("rms_norm");
    addRmsNorm = module.kernel("add_rms_norm");
    rmsNormBackward = module.kernel("rms_norm_backward");
    addPartials = module.kernel("add_partials");
    qkNorm = module.kernel("qk_norm");
    qkNormBackward = module.kernel("qk_norm_backward");
  }

  @Override
  public void rmsNorm(Tensor out, Tensor rstd, Tensor x, Tensor weight, double offset, double eps) {
    int width = Math.toIntExact(weight.elements());
    rmsNorm
        .pointer(out)
        .pointer(rstd)
        .pointer(x)
        .pointer(weight)
        .i32(width)
        .f32((float) offset)
        .f32((float) eps)
        .launch(x.dim0(), 1, 1, device.threadsPerRow(width), 0);
  }

  @Override
  public void addRmsNorm(
      Tensor out,
      Tensor sum,
      Tensor rstd,
      Tensor x,
      Tensor delta,
      Tensor weight,
      double offset,
      double eps) {
    int width = Math.toIntExact(weight.elements());
    addRmsNorm
        .pointer(out)
        .pointer(sum)
        .pointer(rstd)
        .pointer(x)
        .pointer(delta)
        .pointer(weight)
        .i32(width)
        .f32((float) offset)
        .f32((float) eps)
        .launch(x.dim0(), 1, 1, device.threadsPerRow(width), 0);
  }

  @Override
  public void rmsNormBackward(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset) {
    rmsNormBackward(dX, dWeight, dOut, x, weight, rstd, offset, false);
  }

  @Override
  public void rmsNormBackwardAdd(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset) {
    rmsNormBackward(dX, dWeight, dOut, x, weight, rstd, offset, true);
  }

  private void rmsNormBackward(
      Tensor dX,
      Tensor dWeight,
      Tensor dOut,
      Tensor x,
      Tensor weight,
      Tensor rstd,
      double offset,
      boolean addToDX) {
    int tokens = x.dim0();
    if (tokens == 0) {
      return;
    }
    int width = Math.toIntExact(weight.elements());
    int perRun = CudaDevice.blocks(tokens, device.multiprocessors() * RUNS);
    int runs = CudaDevice.blocks(tokens, perRun);
    long mark = workspace.mark();
    try {
      Tensor partials = workspace.allocate(DType.F32, Shape.of(runs, width));
      rmsNormBackward
          .pointer(dX)
          .pointer(partials)
          .pointer(dOut)
          .pointer(x)
          .pointer(weight)
          .pointer(rstd)
          .i32(tokens)
          .i32(width)
          .i32(perRun)
          .i32(addToDX ? 1 : 0)
          .f32((float) offset)
          .launch(runs, 1, 1, device.threadsPerRow(width), width * Float.BYTES);
      addPartials(dWeight, partials);
    } finally {
      workspace.release(mark);
    }
  }

  @Override
  public void qkNorm(
      Tensor out,
      Tensor rstd,
      Tensor qkv,
      Tensor qWeight,
      Tensor kWeight,
      double offset,
      double eps,
      AttentionShape heads) {
    long allHeads = (long) qkv.dim0() * (heads.numHeads() + 2 * heads.numKvHeads());
    qkNorm
        .pointer(out)
        .pointer(rstd)
        .pointer(qkv)
        .pointer(qWeight)
        .pointer(kWeight)
        .i32(qkv.dim0())
        .i32(heads.numHeads())
        .i32(heads.numKvHeads())
        .i32(heads.headDim())
        .f32((float) offset)
        .f32((float) eps)
        .launch(CudaDevice.blocks(allHeads, HEAD_THREADS / WARP), 1, 1, HEAD_THREADS, 0);
  }

  @Override
  public void qkNormBackward(
      Tensor dQkv,
      Tensor dQWeight,
      Tensor dKWeight,
      Tensor dOut,
      Tensor qkv,
      Tensor qWeight,
      Tensor kWeight,
      Tensor rstd,
      double offset,
      AttentionShape heads) {
    int tokens = qkv.dim0();
    if (tokens == 0) {
      return;
    }
    int perRun = CudaDevice.blocks(tokens, device.multiprocessors() * RUNS);
    int runs = CudaDevice.blocks(tokens, perRun);
    long mark = workspace.mark();
    try {
      Tensor qPartials = workspace.allocate(DType.F32, Shape.of(runs, heads.headDim()));
      Tensor kPartials = workspace.allocate(DType.F32, Shape.of(runs, heads.headDim()));
      qkNormBackward
          .pointer(dQkv)
          .pointer(qPartials)
          .pointer(kPartials)
          .pointer(dOut)
          .pointer(qkv)
          .pointer(qWeight)
          .pointer(kWeight)
          .pointer(rstd)
          .i32(tokens)
          .i32(heads.numHeads())
          .i32(heads.numKvHeads())
          .i32(heads.headDim())
          .i32(perRun)
          .f32((float) offset)
          .launch(
              runs, 1, 1, HEAD_THREADS, HEAD_THREADS / WARP * 2 * heads.headDim() * Float.BYTES);
      addPartials(dQWeight, qPartials);
      addPartials(dKWeight, kPartials);
    } finally {
      workspace.release(mark);
    }
  }

  private void addPartials(Tensor dWeight, Tensor partials) {
    addPartials
        .pointer(dWeight)
        .pointer(partials)
        .i32(partials.dim0())
        .i32(partials.dim1())
        .launch(CudaDevice.blocks(partials.dim1(), COLUMNS), 1, 1, COLUMN_THREADS, 0);
  }
}
