package org.score4j.kernels.tornado;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.NormKernels;
import org.score4j.kernels.Tensor;

/** RMSNorm and QK norm; gradients of weights come first, as dX may be the memory of dOut. */
final class TornadoNormKernels implements NormKernels {
  private final TornadoKernel rmsNorm;
  private final TornadoKernel rmsNormBackward;
  private final TornadoKernel rmsNormBackwardWeight;
  private final TornadoKernel qkNorm;
  private final TornadoKernel qkNormBackward;
  private final TornadoKernel qkNormBackwardWeight;

  TornadoNormKernels(TornadoPlan plan) {
    rmsNorm = plan.kernel("rmsNorm", NormCode::rmsNorm);
    rmsNormBackward = plan.kernel("rmsNormBackward", NormCode::rmsNormBackward);
    rmsNormBackwardWeight = plan.kernel("rmsNormBackwardWeight", NormCode::rmsNormBackwardWeight);
    qkNorm = plan.kernel("qkNorm", NormCode::qkNorm);
    qkNormBackward = plan.kernel("qkNormBackward", NormCode::qkNormBackward);
    qkNormBackwardWeight = plan.kernel("qkNormBackwardWeight", NormCode::qkNormBackwardWeight);
  }

  @Override
  public void rmsNorm(Tensor out, Tensor rstd, Tensor x, Tensor weight, double offset, double eps) {
    norm(out, null, rstd, x, null, weight, offset, eps);
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
    norm(out, sum, rstd, x, delta, weight, offset, eps);
  }

  private void norm(
      Tensor out,
      @Nullable Tensor sum,
      Tensor rstd,
      Tensor x,
      @Nullable Tensor delta,
      Tensor weight,
      double offset,
      double eps) {
    rmsNorm
        .floats(out)
        .floats(rstd)
        .floats(x)
        .floats(weight)
        .i32(weight.elements())
        .floats(delta)
        .floats(sum)
        .f32(eps)
        .f32(offset)
        .launchGroups(x.dim0());
  }

  @Override
  public void rmsNormBackward(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset) {
    backward(dX, dWeight, dOut, x, weight, rstd, offset, false);
  }

  @Override
  public void rmsNormBackwardAdd(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset) {
    backward(dX, dWeight, dOut, x, weight, rstd, offset, true);
  }

  private void backward(
      Tensor dX,
      Tensor dWeight,
      Tensor dOut,
      Tensor x,
      Tensor weight,
      Tensor rstd,
      double offset,
      boolean accumulate) {
    long width = weight.elements();
    rmsNormBackwardWeight
        .floats(dWeight)
        .floats(dOut)
        .floats(x)
        .floats(rstd)
        .i32(x.dim0())
        .i32(width)
        .launchOver(width);
    rmsNormBackward
        .floats(dX)
        .floats(dOut)
        .floats(x)
        .floats(weight)
        .floats(rstd)
        .i32(width)
        .i32(accumulate ? 1 : 0)
        .f32(offset)
        .launchGroups(x.dim0());
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
    qkNorm
        .floats(out)
        .floats(rstd)
        .floats(qkv)
        .floats(qWeight)
        .floats(kWeight)
        .i32(heads.numHeads())
        .i32(heads.numKvHeads())
        .i32(heads.headDim())
        .f32(eps)
        .f32(offset)
        .launchGroups(qkv.elements() / heads.headDim());
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
    qkNormBackwardWeight
        .floats(dQWeight)
        .floats(dKWeight)
        .floats(dOut)
        .floats(qkv)
        .floats(rstd)
        .i32(heads.numHeads())
        .i32(heads.numKvHeads())
        .i32(heads.headDim())
        .i32(qkv.dim0())
        .launchOver(2L * heads.headDim());
    qkNormBackward
        .floats(dQkv)
        .floats(dOut)
        .floats(qkv)
        .floats(qWeight)
        .floats(kWeight)
        .floats(rstd)
        .i32(heads.numHeads())
        .i32(heads.numKvHeads())
        .i32(heads.headDim())
        .f32(offset)
        .launchGroups(qkv.elements() / heads.headDim());
  }
}
