package org.score4j.kernels.tornado;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.MatmulKernels;
import org.score4j.kernels.Tensor;

/** Linear layers. */
final class TornadoMatmulKernels implements MatmulKernels {
  private final TornadoGemm gemm;
  private final TornadoKernel columnSums;

  TornadoMatmulKernels(TornadoPlan plan, TornadoGemm gemm) {
    this.gemm = gemm;
    columnSums = plan.kernel("columnSums", MatmulCode::columnSums);
  }

  @Override
  public void linear(Tensor out, Tensor x, Tensor weight, @Nullable Tensor bias) {
    gemm.multiply(out, false, x, false, weight, 1, bias);
  }

  @Override
  public void linearBackwardInput(Tensor dX, Tensor dOut, Tensor weight) {
    gemm.multiply(dX, false, dOut, true, weight, 1, null);
  }

  @Override
  public void linearBackwardWeight(Tensor dWeight, @Nullable Tensor dBias, Tensor x, Tensor dOut) {
    gemm.accumulate(dWeight, true, x, false, dOut);
    if (dBias != null) {
      int columns = dOut.dim1();
      columnSums.floats(dBias).floats(dOut).i32(dOut.dim0()).i32(columns).launchOver(columns);
    }
  }
}
