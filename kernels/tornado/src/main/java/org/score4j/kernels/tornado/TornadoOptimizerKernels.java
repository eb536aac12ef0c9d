package org.score4j.kernels.tornado;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.DType;
import org.score4j.kernels.OptimizerKernels;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/** AdamW with parameters that are their own masters, as all is in single precision. */
final class TornadoOptimizerKernels implements OptimizerKernels {
  /** Threads that share a sum of squares, at most. */
  private static final int MAX_GROUPS = 256;

  private final TornadoScratch scratch;
  private final TornadoTransferKernels transfer;
  private final TornadoKernel adamW;
  private final TornadoKernel sumOfSquares;

  TornadoOptimizerKernels(
      TornadoPlan plan, TornadoScratch scratch, TornadoTransferKernels transfer) {
    this.scratch = scratch;
    this.transfer = transfer;
    adamW = plan.kernel("adamW", OptimizerCode::adamW);
    sumOfSquares = plan.kernel("sumOfSquares", OptimizerCode::sumOfSquares);
  }

  @Override
  public void adamW(
      Tensor param,
      @Nullable Tensor master,
      Tensor firstMoment,
      Tensor secondMoment,
      Tensor grad,
      AdamWStep step) {
    adamW
        .floats(param)
        .floats(firstMoment)
        .floats(secondMoment)
        .floats(grad)
        .i32(param.elements())
        .f32(step.gradScale())
        .f32(step.beta1())
        .f32(1 - step.beta1())
        .f32(step.beta2())
        .f32(1 - step.beta2())
        .f32(1 / (1 - Math.pow(step.beta1(), (double) step.step())))
        .f32(1 / (1 - Math.pow(step.beta2(), (double) step.step())))
        .f32(step.learningRate())
        .f32(step.learningRate() * step.weightDecay())
        .f32(step.eps())
        .launchOver(param.elements());
  }

  /** Shares are summed on the device, their sums in double on the host, in order. */
  @Override
  public double sumOfSquares(Tensor x) {
    int groups = (int) Math.min(MAX_GROUPS, Math.ceilDiv(x.elements(), TornadoKernel.GROUP));
    float[] sums = new float[groups];
    try (TornadoScratch.Frame frame = scratch.frame()) {
      Tensor partial = frame.allocate(DType.F32, Shape.of(groups));
      sumOfSquares.floats(partial).floats(x).i32(x.elements()).launchGroups(groups);
      transfer.download(MemorySegment.ofArray(sums), partial);
    }
    double total = 0;
    for (float sum : sums) {
      total += sum;
    }
    return total;
  }
}
