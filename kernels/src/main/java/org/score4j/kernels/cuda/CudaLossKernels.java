package org.score4j.kernels.cuda;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.Tensor;

/** Language-model head: not written yet. */
final class CudaLossKernels implements LossKernels {
  CudaLossKernels(CudaDevice device, Workspace workspace, CudaGemm gemm) {}

  @Override
  public void lmHead(
      HeadOutputs outputs,
      @Nullable HeadGradients gradients,
      Tensor hidden,
      Tensor head,
      Tensor targets,
      @Nullable HeadReference reference,
      double inverseTemperature) {
    throw new UnsupportedOperationException("cuda: lmHead");
  }
}
