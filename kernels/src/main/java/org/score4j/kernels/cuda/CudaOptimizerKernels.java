package org.score4j.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.DType;
import org.score4j.kernels.OptimizerKernels;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/** AdamW in one pass, the gradient's factor included; the sum of squares in double. */
final class CudaOptimizerKernels implements OptimizerKernels {
  /** As {@code SUM_THREADS} in optimizer.cu. */
  private static final int THREADS = 256;

  /** Elements per block of the sum at least, and blocks at most: both decide on its bits. */
  private static final int SUM_ELEMENTS = 16 * THREADS;

  private static final int MAX_PARTIALS = 1024;

  private final CudaDevice device;
  private final Workspace workspace;
  private final CudaTransferKernels transfer;
  private final CudaKernel adamW;
  private final CudaKernel squarePartials;
  private final CudaKernel sumPartials;
  private final double[] total = new double[1];

  CudaOptimizerKernels(CudaDevice device, Workspace workspace, CudaTransferKernels transfer) {
    this.device = device;
    this.workspace = workspace;
    this.transfer = transfer;
    CudaModule module = device.module("optimizer");
    adamW = module.kernel("adam_w");
    squarePartials = module.kernel("square_partials");
    sumPartials = module.kernel("sum_partials");
  }

  @Override
  public void adamW(
      Tensor param,
      @Nullable Tensor master,
      Tensor firstMoment,
      Tensor secondMoment,
      Tensor grad,
      AdamWStep step) {
    long n = param.elements();
    adamW
        .pointer(param)
        .pointer(master == null ? param : master)
        .pointer(firstMoment)
        .pointer(secondMoment)
        .pointer(grad)
        .i64(n)
        .f32((float) step.gradScale())
        .f32((float) step.beta1())
        .f32((float) (1 - step.beta1()))
        .f32((float) step.beta2())
        .f32((float) (1 - step.beta2()))
        .f32((float) (1 / (1 - StrictMath.pow(step.beta1(), (double) step.step()))))
        .f32((float) (1 / (1 - StrictMath.pow(step.beta2(), (double) step.step()))))
        .f32((float) step.eps())
        .f32((float) (-step.learningRate() * step.weightDecay()))
        .f32((float) -step.learningRate())
        .launch(device.loopingBlocks(n, THREADS * device.vectorLength()), 1, 1, THREADS, 0);
  }

  @Override
  public double sumOfSquares(Tensor x) {
    int blocks = Math.max(1, Math.min(MAX_PARTIALS, CudaDevice.blocks(x.elements(), SUM_ELEMENTS)));
    long mark = workspace.mark();
    try {
      Tensor partials = workspace.allocate(DType.F64, Shape.of(blocks));
      Tensor sum = workspace.allocate(DType.F64, Shape.of(1));
      squarePartials
          .pointer(partials)
          .pointer(x)
          .i64(x.elements())
          .launch(blocks, 1, 1, THREADS, 0);
      sumPartials.pointer(sum).pointer(partials).i32(blocks).launch(1, 1, 1, THREADS, 0);
      transfer.download(MemorySegment.ofArray(total), sum);
      return total[0];
    } finally {
      workspace.release(mark);
    }
  }
}
