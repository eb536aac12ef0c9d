package org.score4j.kernels.reference;

import org.score4j.kernels.ActivationKernels;
import org.score4j.kernels.Tensor;

/**
 * SwiGLU and GEGLU. With {@code σ = 1/(1+e^-z)}: {@code silu = z·σ}, {@code silu' = σ·(1 +
 * z·(1−σ))}. With {@code u = √(2/π)·(z + 0.044715 z³)} and {@code t = tanh(u)}: {@code gelu =
 * z/2·(1+t)}, {@code gelu' = (1+t)/2 + z/2·(1−t²)·u'}.
 */
final class ReferenceActivationKernels implements ActivationKernels {
  private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
  private static final double CUBE = 0.044715;

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

  @Override
  public void geglu(Tensor out, Tensor gateUp) {
    Doubles outs = Doubles.of(out);
    Doubles in = Doubles.of(gateUp);
    int width = Math.toIntExact(out.shape().rowElements());
    for (int t = 0; t < out.dim0(); t++) {
      for (int f = 0; f < width; f++) {
        double gate = in.get(2L * t * width + f);
        double up = in.get((2L * t + 1) * width + f);
        outs.set((long) t * width + f, gate * (1 + Math.tanh(geluArgument(gate))) / 2 * up);
      }
    }
  }

  @Override
  public void gegluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    Doubles dIn = Doubles.of(dGateUp);
    Doubles dOuts = Doubles.of(dOut);
    Doubles in = Doubles.of(gateUp);
    int width = Math.toIntExact(dOut.shape().rowElements());
    for (int t = 0; t < dOut.dim0(); t++) {
      for (int f = 0; f < width; f++) {
        long gateAt = 2L * t * width + f;
        long upAt = (2L * t + 1) * width + f;
        double gate = in.get(gateAt);
        double d = dOuts.get((long) t * width + f);
        double tanh = Math.tanh(geluArgument(gate));
        double slope = (1 - tanh * tanh) * geluArgumentSlope(gate);
        // Far out the slope is 0, whatever the gate.
        double bend = slope == 0 ? 0 : gate * slope;
        dIn.set(gateAt, d * in.get(upAt) * (1 + tanh + bend) / 2);
        dIn.set(upAt, d * gate * (1 + tanh) / 2);
      }
    }
  }

  private static double geluArgument(double z) {
    return SQRT_2_OVER_PI * (z + CUBE * z * z * z);
  }

  private static double geluArgumentSlope(double z) {
    return SQRT_2_OVER_PI * (1 + 3 * CUBE * z * z);
  }

  private static double sigmoid(double z) {
    return 1 / (1 + Math.exp(-z));
  }
}
