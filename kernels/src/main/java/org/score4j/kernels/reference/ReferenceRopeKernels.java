package org.score4j.kernels.reference;

import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.RopeKernels;
import org.score4j.kernels.Tensor;

/** Rotates the pair (i, i + headDim/2) of every query and key head by its position's angle. */
final class ReferenceRopeKernels implements RopeKernels {
  @Override
  public void rope(Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    rotate(qkv, positions, cos, sin, heads, 1);
  }

  @Override
  public void ropeBackward(
      Tensor dQkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    rotate(dQkv, positions, cos, sin, heads, -1);
  }

  private static void rotate(
      Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads, int direction) {
    Doubles x = Doubles.of(qkv);
    int half = heads.headDim() / 2;
    for (int t = 0; t < qkv.dim0(); t++) {
      long position = Ints.of(positions).get(t);
      for (int h = 0; h < heads.numHeads() + heads.numKvHeads(); h++) {
        long head = (long) t * heads.qkvWidth() + (long) h * heads.headDim();
        for (int i = 0; i < half; i++) {
          double c = Doubles.of(cos).get(position * half + i);
          double s = direction * Doubles.of(sin).get(position * half + i);
          double first = x.get(head + i);
          double second = x.get(head + half + i);
          x.set(head + i, first * c - second * s);
          x.set(head + half + i, second * c + first * s);
        }
      }
    }
  }
}
