package org.score4j.kernels.reference;

import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.NormKernels;
import org.score4j.kernels.Tensor;

/**
 * RMSNorm of rows and of heads.
 *
 * <p>Backward: with {@code g = dOut · (offset + weight)} and {@code x̂ = x · rstd}, {@code dX =
 * rstd · (g − x̂ · mean(g · x̂))}.
 */
final class ReferenceNormKernels implements NormKernels {
  @Override
  public void rmsNorm(Tensor out, Tensor rstd, Tensor x, Tensor weight, double offset, double eps) {
    int width = Math.toIntExact(weight.elements());
    double[] w = weights(weight, offset);
    for (int t = 0; t < x.dim0(); t++) {
      double[] row = Doubles.of(x).copy((long) t * width, width);
      Doubles.of(rstd).set(t, normalise(row, w, eps));
      Doubles.of(out).put((long) t * width, row);
    }
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
    Doubles sums = Doubles.of(sum);
    Doubles xs = Doubles.of(x);
    Doubles deltas = Doubles.of(delta);
    for (long i = 0; i < x.elements(); i++) {
      sums.set(i, xs.get(i) + deltas.get(i));
    }
    rmsNorm(out, rstd, sum, weight, offset, eps);
  }

  @Override
  public void rmsNormBackward(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset) {
    rmsNormBackward(dX, dWeight, dOut, x, weight, rstd, offset, false);
  }

  @Override
  public void rmsNormBackwardAdd(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset) {
    rmsNormBackward(dX, dWeight, dOut, x, weight, rstd, offset, true);
  }

  private static void rmsNormBackward(
      Tensor dX,
      Tensor dWeight,
      Tensor dOut,
      Tensor x,
      Tensor weight,
      Tensor rstd,
      double offset,
      boolean addToDX) {
    int width = Math.toIntExact(weight.elements());
    double[] w = weights(weight, offset);
    Doubles dXs = Doubles.of(dX);
    for (int t = 0; t < x.dim0(); t++) {
      long at = (long) t * width;
      double[] dRow = Doubles.of(dOut).copy(at, width);
      double[] row = Doubles.of(x).copy(at, width);
      normaliseBackward(dRow, Doubles.of(dWeight), row, w, Doubles.of(rstd).get(t));
      for (int d = 0; d < width; d++) {
        dXs.set(at + d, addToDX ? dXs.get(at + d) + dRow[d] : dRow[d]);
      }
    }
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
    int headDim = heads.headDim();
    int normed = heads.numHeads() + heads.numKvHeads();
    double[] qW = weights(qWeight, offset);
    double[] kW = weights(kWeight, offset);
    for (int t = 0; t < qkv.dim0(); t++) {
      for (int h = 0; h < normed + heads.numKvHeads(); h++) {
        long at = (long) t * heads.qkvWidth() + (long) h * headDim;
        double[] head = Doubles.of(qkv).copy(at, headDim);
        if (h < normed) {
          double r = normalise(head, h < heads.numHeads() ? qW : kW, eps);
          Doubles.of(rstd).set((long) t * normed + h, r);
        }
        Doubles.of(out).put(at, head);
      }
    }
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
    int headDim = heads.headDim();
    int normed = heads.numHeads() + heads.numKvHeads();
    double[] qW = weights(qWeight, offset);
    double[] kW = weights(kWeight, offset);
    for (int t = 0; t < qkv.dim0(); t++) {
      for (int h = 0; h < normed + heads.numKvHeads(); h++) {
        long at = (long) t * heads.qkvWidth() + (long) h * headDim;
        double[] dHead = Doubles.of(dOut).copy(at, headDim);
        if (h < normed) {
          boolean query = h < heads.numHeads();
          normaliseBackward(
              dHead,
              Doubles.of(query ? dQWeight : dKWeight),
              Doubles.of(qkv).copy(at, headDim),
              query ? qW : kW,
              Doubles.of(rstd).get((long) t * normed + h));
        }
        Doubles.of(dQkv).put(at, dHead);
      }
    }
  }

  private static double[] weights(Tensor weight, double offset) {
    double[] w = Doubles.of(weight).copy(0, Math.toIntExact(weight.elements()));
    for (int d = 0; d < w.length; d++) {
      w[d] += offset;
    }
    return w;
  }

  /** Normalises {@code x} in place and returns {@code rstd}. */
  private static double normalise(double[] x, double[] weight, double eps) {
    double squares = 0;
    for (double value : x) {
      squares += value * value;
    }
    double rstd = 1 / Math.sqrt(squares / x.length + eps);
    for (int d = 0; d < x.length; d++) {
      x[d] = x[d] * rstd * weight[d];
    }
    return rstd;
  }

  /**
   * Turns {@code d} from the gradient of the output into that of {@code x}; adds to {@code
   * dWeight}.
   */
  private static void normaliseBackward(
      double[] d, Doubles dWeight, double[] x, double[] weight, double rstd) {
    double mean = 0;
    for (int i = 0; i < d.length; i++) {
      dWeight.add(i, d[i] * x[i] * rstd);
      mean += d[i] * weight[i] * x[i] * rstd / d.length;
    }
    for (int i = 0; i < d.length; i++) {
      d[i] = rstd * (d[i] * weight[i] - x[i] * rstd * mean);
    }
  }
}
