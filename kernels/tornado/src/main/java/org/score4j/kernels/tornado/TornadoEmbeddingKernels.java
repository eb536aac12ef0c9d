package org.score4j.kernels.tornado;

import org.score4j.kernels.DType;
import org.score4j.kernels.EmbeddingKernels;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/** Look-ups by row; gradients are gathered along chains of equal indices, without atomics. */
final class TornadoEmbeddingKernels implements EmbeddingKernels {
  private final TornadoScratch scratch;
  private final TornadoKernel gather;
  private final TornadoKernel chain;
  private final TornadoKernel scatterAdd;

  TornadoEmbeddingKernels(TornadoPlan plan, TornadoScratch scratch) {
    this.scratch = scratch;
    gather = plan.kernel("gatherRows", EmbeddingCode::gather);
    chain = plan.kernel("chainRows", EmbeddingCode::chain);
    scatterAdd = plan.kernel("scatterAddRows", EmbeddingCode::scatterAdd);
  }

  @Override
  public void embedding(Tensor out, Tensor ids, Tensor weight) {
    gatherRows(out, weight, ids);
  }

  @Override
  public void embeddingBackward(Tensor dWeight, Tensor dOut, Tensor ids) {
    scatterAddRows(dWeight, dOut, ids);
  }

  @Override
  public void gatherRows(Tensor out, Tensor x, Tensor rows) {
    gather
        .floats(out)
        .floats(x)
        .ints(rows)
        .i32(out.dim0())
        .i32(out.shape().rowElements())
        .launchOver(out.elements());
  }

  @Override
  public void scatterAddRows(Tensor dX, Tensor dOut, Tensor rows) {
    int n = dOut.dim0();
    try (TornadoScratch.Frame frame = scratch.frame()) {
      Tensor next = frame.allocate(DType.I32, Shape.of(n));
      Tensor first = frame.allocate(DType.I32, Shape.of(n));
      chain.ints(next).ints(first).ints(rows).i32(n).launchOver(n);
      scatterAdd
          .floats(dX)
          .floats(dOut)
          .ints(rows)
          .ints(next)
          .ints(first)
          .i32(n)
          .i32(dOut.shape().rowElements())
          .launchOver(dOut.elements());
    }
  }
}
