package org.score4j.kernels.reference;

import org.score4j.kernels.ActivationKernels;
import org.score4j.kernels.Tensor;

/** SwiGLU. With {@code σ = 1/(1+e^-z)}: {@code silu = z·σ}, {@code silu' = σ·(1 + z·(1−σ))}. */
final class ReferenceActivationKernels implements ActivationKernels {
  @Override
  public void swiglu(Tensor out, Tensor gateUp) {
    Doubles outs = Doubles.of(out);
    Doubles in = Doubles.of(gateUp);
    int width = Math.toIntExact(out.shape().rowElements());
    for (int t = 0; t < out.dim0(); t++) {
      for (int f = 0; f < width; f++) {
        double gate = in.get(2L * t * width + f);
        double up = in.get((2L * t + 1) * width + f);
        outs.set((long) t * width + f, gate * sigmoid(gate) * up);
      }
    }
  }

  @Override
  public void swigluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    Doubles dIn = Doubles.of(dGateUp);
    Doubles dOuts = Doubles.of(dOut);
    Doubles in = Doubles.of(gateUp);
    int width = Math.toIntExact(dOut.shape().rowElements());
    for (int t = 0; t < dOut.dim0(); t++) {
      for (int f = 0; f < width; f++) {
        long gateAt = 2L * t * width + f;
        long upAt = (2L * t + 1) * width + f;
        double gate = in.get(gateAt);
        double up = in.get(upAt);
        double d = dOuts.get((long) t * width + f);
        double s = sigmoid(gate);
        dIn.set(gateAt, d * up * s * (1 + gate * (1 - s)));
        dIn.set(upAt, d * gate * s);
      }
    }
  }

  private static double sigmoid(double z) {
    return 1 / (1 + Math.exp(-z));
  }
}
