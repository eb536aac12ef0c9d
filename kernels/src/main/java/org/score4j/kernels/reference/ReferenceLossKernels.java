package org.score4j.kernels.reference;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.Tensor;

/** The language-model head, a row at a time. */
final class ReferenceLossKernels implements LossKernels {
  @Override
  public void lmHead(
      HeadOutputs outputs,
      @Nullable HeadGradients gradients,
      Tensor hidden,
      Tensor head,
      Tensor targets,
      @Nullable HeadReference reference,
      double inverseTemperature,
      double softCap) {
    LogitRows policyRows = new LogitRows(hidden, head, softCap);
    @Nullable LogitRows referenceRows =
        reference == null ? null : new LogitRows(reference.hidden(), reference.head(), softCap);
    for (int n = 0; n < hidden.dim0(); n++) {
      int target = Ints.of(targets).get(n);
      double[] z = policyRows.logits(n, inverseTemperature);
      double[] logPi = LogitRows.logSoftmax(z.clone());
      double @Nullable [] logRef =
          referenceRows == null
              ? null
              : LogitRows.logSoftmax(referenceRows.logits(n, inverseTemperature));

      double entropy = 0;
      double kl = 0;
      for (int v = 0; v < logPi.length; v++) {
        double pi = Math.exp(logPi[v]);
        entropy -= pi * logPi[v];
        kl += logRef == null ? 0 : pi * (logPi[v] - logRef[v]);
      }
      Doubles.of(outputs.logProb()).set(n, logPi[target]);
      Doubles.of(outputs.entropy()).set(n, entropy);
      if (outputs.kl() != null) {
        Doubles.of(outputs.kl()).set(n, kl);
      }
      if (outputs.refLogProb() != null && logRef != null) {
        Doubles.of(outputs.refLogProb()).set(n, logRef[target]);
      }
      if (gradients != null) {
        double[] dZ = dLogits(gradients, n, target, logPi, logRef, kl, entropy);
        for (int v = 0; v < dZ.length; v++) {
          dZ[v] *= policyRows.slope(z[v], inverseTemperature);
        }
        backward(gradients, n, dZ, hidden, head);
      }
    }
  }

  /** {@code dLoss/dz_v}, the equation of {@link LossKernels}. */
  private static double[] dLogits(
      HeadGradients gradients,
      int row,
      int target,
      double[] logPi,
      double @Nullable [] logRef,
      double kl,
      double entropy) {
    double logProbCoef = Doubles.of(gradients.logProbCoef()).get(row);
    double klCoef = gradients.klCoef() == null ? 0 : Doubles.of(gradients.klCoef()).get(row);
    double entropyCoef =
        gradients.entropyCoef() == null ? 0 : Doubles.of(gradients.entropyCoef()).get(row);
    double[] dZ = new double[logPi.length];
    for (int v = 0; v < dZ.length; v++) {
      double pi = Math.exp(logPi[v]);
      dZ[v] = logProbCoef * (pi - (v == target ? 1 : 0));
      if (logRef != null && gradients.klCoef() != null) {
        dZ[v] += klCoef * pi * (logPi[v] - logRef[v] - kl);
      }
      if (gradients.entropyCoef() != null) {
        dZ[v] += entropyCoef * pi * (logPi[v] + entropy);
      }
    }
    return dZ;
  }

  /**
   * {@code dHidden[row] = Σ_v dY_v · head[v]}, {@code dHead[v] += dY_v · hidden[row]}, with the
   * gradient of the products {@code y = hidden · headᵀ}.
   */
  private static void backward(
      HeadGradients gradients, int row, double[] dY, Tensor hidden, Tensor head) {
    int width = Math.toIntExact(head.shape().rowElements());
    double[] h = Doubles.of(hidden).copy((long) row * width, width);
    double[] dH = new double[width];
    Doubles w = Doubles.of(head);
    Doubles dW = gradients.dHead() == null ? null : Doubles.of(gradients.dHead());
    for (int v = 0; v < dY.length; v++) {
      double d = dY[v];
      for (int i = 0; i < width; i++) {
        dH[i] += d * w.get((long) v * width + i);
        if (dW != null) {
          dW.add((long) v * width + i, d * h[i]);
        }
      }
    }
    Doubles.of(gradients.dHidden()).put((long) row * width, dH);
  }
}
