package org.score4j.kernels.tornado;

import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.RopeKernels;
import org.score4j.kernels.Tensor;

/** Rotary embedding; the gradient is the rotation with the opposite sine. */
final class TornadoRopeKernels implements RopeKernels {
  private final TornadoKernel rope;

  TornadoRopeKernels(TornadoPlan plan) {
    rope = plan.kernel("rope", RopeCode::rope);
  }

  @Override
  public void rope(Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    rotate(qkv, positions, cos, sin, heads, 1);
  }

  @Override
  public void ropeBackward(
      Tensor dQkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    rotate(dQkv, positions, cos, sin, heads, -1);
  }

  private void rotate(
      Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads, int direction) {
    int rotated = heads.numHeads() + heads.numKvHeads();
    int half = heads.headDim() / 2;
    rope.floats(qkv)
        .ints(positions)
        .floats(cos)
        .floats(sin)
        .i32(qkv.dim0())
        .i32(rotated)
        .i32(half)
        .i32(heads.qkvWidth())
        .i32(direction)
        .launchOver((long) qkv.dim0() * rotated * half);
  }
}
