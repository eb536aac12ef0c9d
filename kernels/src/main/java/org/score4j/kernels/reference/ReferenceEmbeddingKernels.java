package org.score4j.kernels.reference;

import org.score4j.kernels.EmbeddingKernels;
import org.score4j.kernels.Tensor;

/** Copies and additions of rows. */
final class ReferenceEmbeddingKernels implements EmbeddingKernels {
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
    int width = Math.toIntExact(out.shape().rowElements());
    for (int n = 0; n < out.dim0(); n++) {
      long from = (long) Ints.of(rows).get(n) * width;
      Doubles.of(out).put((long) n * width, Doubles.of(x).copy(from, width));
    }
  }

  @Override
  public void scatterAddRows(Tensor dX, Tensor dOut, Tensor rows) {
    int width = Math.toIntExact(dOut.shape().rowElements());
    for (int n = 0; n < dOut.dim0(); n++) {
      long to = (long) Ints.of(rows).get(n) * width;
      for (int d = 0; d < width; d++) {
        Doubles.of(dX).add(to + d, Doubles.of(dOut).get((long) n * width + d));
      }
    }
  }
}
