package org.score4j.kernels.reference;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.MatmulKernels;
import org.score4j.kernels.Tensor;

/** Linear layers; every sum runs over its index in ascending order. */
final class ReferenceMatmulKernels implements MatmulKernels {
  @Override
  public void linear(Tensor out, Tensor x, Tensor weight, @Nullable Tensor bias) {
    Doubles outs = Doubles.of(out);
    Doubles xs = Doubles.of(x);
    Doubles w = Doubles.of(weight);
    @Nullable Doubles b = bias == null ? null : Doubles.of(bias);
    int inputs = weight.dim0();
    int outputs = weight.dim1();
    for (int t = 0; t < x.dim0(); t++) {
      double[] row = new double[outputs];
      for (int k = 0; k < inputs; k++) {
        double xk = xs.get((long) t * inputs + k);
        for (int n = 0; n < outputs; n++) {
          row[n] += xk * w.get((long) k * outputs + n);
        }
      }
      for (int n = 0; n < outputs && b != null; n++) {
        row[n] += b.get(n);
      }
      outs.put((long) t * outputs, row);
    }
  }

  @Override
  public void linearBackwardInput(Tensor dX, Tensor dOut, Tensor weight) {
    Doubles dXs = Doubles.of(dX);
    Doubles dOuts = Doubles.of(dOut);
    Doubles w = Doubles.of(weight);
    int inputs = weight.dim0();
    int outputs = weight.dim1();
    for (int t = 0; t < dOut.dim0(); t++) {
      for (int k = 0; k < inputs; k++) {
        double sum = 0;
        for (int n = 0; n < outputs; n++) {
          sum += dOuts.get((long) t * outputs + n) * w.get((long) k * outputs + n);
        }
        dXs.set((long) t * inputs + k, sum);
      }
    }
  }

  @Override
  public void linearBackwardWeight(Tensor dWeight, @Nullable Tensor dBias, Tensor x, Tensor dOut) {
    Doubles dW = Doubles.of(dWeight);
    @Nullable Doubles dB = dBias == null ? null : Doubles.of(dBias);
    Doubles xs = Doubles.of(x);
    Doubles dOuts = Doubles.of(dOut);
    int inputs = dWeight.dim0();
    int outputs = dWeight.dim1();
    for (int t = 0; t < x.dim0(); t++) {
      double[] dRow = dOuts.copy((long) t * outputs, outputs);
      for (int k = 0; k < inputs; k++) {
        double xk = xs.get((long) t * inputs + k);
        for (int n = 0; n < outputs; n++) {
          dW.add((long) k * outputs + n, xk * dRow[n]);
        }
      }
      for (int n = 0; n < outputs && dB != null; n++) {
        dB.add(n, dRow[n]);
      }
    }
  }
}
