package org.score4j.kernels.cpu;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.MatmulKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/** Linear layers; see {@link CpuLinear}. */
final class CpuMatmulKernels implements MatmulKernels {
  private final CpuThreadPool pool;
  private final CpuFrozenWeights frozen;

  CpuMatmulKernels(CpuThreadPool pool, CpuFrozenWeights frozen) {
    this.pool = pool;
    this.frozen = frozen;
  }

  @Override
  public void linear(Tensor out, Tensor x, Tensor weight, @Nullable Tensor bias) {
    CpuLinear.forward(
        pool,
        frozen,
        HostBuffer.address(out),
        HostBuffer.address(x),
        WeightAddress.of(weight),
        bias == null ? 0 : HostBuffer.address(bias),
        x.dim0(),
        weight.dim0(),
        Math.toIntExact(weight.shape().rowElements()));
  }

  @Override
  public void linearBackwardInput(Tensor dX, Tensor dOut, Tensor weight) {
    CpuLinear.backwardInput(
        pool,
        HostBuffer.address(dX),
        HostBuffer.address(dOut),
        WeightAddress.of(weight),
        dOut.dim0(),
        weight.dim0(),
        Math.toIntExact(weight.shape().rowElements()));
  }

  @Override
  public void linearBackwardWeight(Tensor dWeight, @Nullable Tensor dBias, Tensor x, Tensor dOut) {
    CpuLinear.backwardWeight(
        pool,
        HostBuffer.address(dWeight),
        dBias == null ? 0 : HostBuffer.address(dBias),
        HostBuffer.address(x),
        HostBuffer.address(dOut),
        x.dim0(),
        dWeight.dim0(),
        Math.toIntExact(dWeight.shape().rowElements()));
  }
}
