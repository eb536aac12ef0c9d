package org.score4j.kernels.reference;

import org.score4j.kernels.Tensor;

/**
 * One row of logits at a time, shared by the loss and by sampling so that both give the same
 * log-probabilities.
 */
final class LogitRows {
  private final Doubles hidden;
  private final Doubles head;
  private final int width;
  private final int vocab;
  private final double softCap;

  LogitRows(Tensor hidden, Tensor head, double softCap) {
    this.softCap = softCap;
    this.hidden = Doubles.of(hidden);
    this.head = Doubles.of(head);
    this.width = Math.toIntExact(head.shape().rowElements());
    this.vocab = head.dim0();
  }

  /** {@code z_v = capped(hidden[row] · head[v]) · inverseTemperature} for all v. */
  double[] logits(int row, double inverseTemperature) {
    double[] h = hidden.copy((long) row * width, width);
    double[] z = new double[vocab];
    for (int v = 0; v < vocab; v++) {
      double sum = 0;
      for (int d = 0; d < width; d++) {
        sum += h[d] * head.get((long) v * width + d);
      }
      z[v] = inverseTemperature * (softCap == 0 ? sum : softCap * Math.tanh(sum / softCap));
    }
    return z;
  }

  /** dz_v/d(hidden[row] · head[v]) for z as {@link #logits} gives it. */
  double slope(double z, double inverseTemperature) {
    if (softCap == 0) {
      return inverseTemperature;
    }
    double tanh = z / inverseTemperature / softCap;
    return inverseTemperature * (1 - tanh * tanh);
  }

  /** {@code log softmax(z)}, in place. */
  static double[] logSoftmax(double[] z) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : z) {
      max = Math.max(max, value);
    }
    double sum = 0;
    for (double value : z) {
      sum += Math.exp(value - max);
    }
    double logSumExp = max + Math.log(sum);
    for (int v = 0; v < z.length; v++) {
      z[v] -= logSumExp;
    }
    return z;
  }
}
