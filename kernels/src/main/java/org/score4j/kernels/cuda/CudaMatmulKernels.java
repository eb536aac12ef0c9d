package org.score4j.kernels.cuda;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.DType;
import org.score4j.kernels.MatmulKernels;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Linear layers by cuBLAS; the bias is there before the product, so that the sum is rounded once.
 */
final class CudaMatmulKernels implements MatmulKernels {
  private static final int THREADS = 256;
  private static final int WARP = 32;

  /** Rows a block of the bias gradient sums at least, eight for each of its warps. */
  private static final int MIN_ROWS = 64;

  private final CudaDevice device;
  private final Workspace workspace;
  private final CudaGemm gemm;
  private final CudaKernel broadcastBias;
  private final CudaKernel biasPartials;
  private final CudaKernel addPartials;

  CudaMatmulKernels(CudaDevice device, Workspace workspace, CudaGemm gemm) {
    this.device = device;
    this.workspace = workspace;
    this.gemm = gemm;
    CudaModule module = device.module("matmul");
    broadcastBias = module.kernel("broadcast_bias");
    biasPartials = module.kernel("bias_partials");
    addPartials = module.kernel("add_partials");
  }

  @Override
  public void linear(Tensor out, Tensor x, Tensor weight, @Nullable Tensor bias) {
    if (bias != null) {
      int width = weight.dim1();
      broadcastBias
          .pointer(out)
          .pointer(bias)
          .i32(width)
          .launch(out.dim0(), 1, 1, Math.min(THREADS, device.threadsPerRow(width)), 0);
    }
    gemm.multiply(out, false, x, false, weight, 1, bias == null ? 0 : 1);
  }

  @Override
  public void linearBackwardInput(Tensor dX, Tensor dOut, Tensor weight) {
    gemm.multiply(dX, false, dOut, true, weight, 1, 0);
  }

  @Override
  public void linearBackwardWeight(Tensor dWeight, @Nullable Tensor dBias, Tensor x, Tensor dOut) {
    gemm.multiply(dWeight, true, x, false, dOut, 1, 1);
    if (dBias != null && x.dim0() > 0) {
      addBiasGradient(dBias, dOut);
    }
  }

  private void addBiasGradient(Tensor dBias, Tensor dOut) {
    int rows = dOut.dim0();
    int width = Math.toIntExact(dBias.elements());
    int slices = CudaDevice.blocks(width, WARP * device.vectorLength());
    int wanted = Math.max(1, 4 * device.multiprocessors() / slices);
    int perRun = Math.max(MIN_ROWS, CudaDevice.blocks(rows, wanted));
    int runs = CudaDevice.blocks(rows, perRun);
    long mark = workspace.mark();
    try {
      Tensor partials = workspace.allocate(DType.F32, Shape.of(runs, width));
      biasPartials
          .pointer(partials)
          .pointer(dOut)
          .i32(rows)
          .i32(width)
          .i32(perRun)
          .launch(slices, runs, 1, THREADS, 0);
      addPartials
          .pointer(dBias)
          .pointer(partials)
          .i32(runs)
          .i32(width)
          .launch(CudaDevice.blocks(width, WARP), 1, 1, THREADS, 0);
    } finally {
      workspace.release(mark);
    }
  }
}
