package org.score4j.kernels.cuda;

import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.RopeKernels;
import org.score4j.kernels.Tensor;

/** Rotates query and key heads in place, a block per token. */
final class CudaRopeKernels implements RopeKernels {
  private static final int THREADS = 256;

  private final CudaDevice device;
  private final CudaKernel rope;

  CudaRopeKernels(CudaDevice device) {
    this.device = device;
    rope = device.module("rope").kernel("rope");
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
    rope.pointer(qkv)
        .pointer(positions)
        .pointer(cos)
        .pointer(sin)
        .i32(rotated)
        .i32(heads.qkvWidth())
        .i32(half)
        .f32(direction)
        .launch(qkv.dim0(), 1, 1, Math.min(THREADS, device.threadsPerRow(rotated * half)), 0);
  }
}
