package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.score4j.kernels.ActivationKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/** SwiGLU and GEGLU, a vector of features at a time. */
final class CpuActivationKernels implements ActivationKernels {
  private static final int ROW_GRAIN = 8;

  /** 2·√(2/π), the factor of z in 2u = 2·√(2/π)·(z + 0.044715 z³). */
  private static final float GELU_LINEAR = (float) (2 * Math.sqrt(2 / Math.PI));

  /** The factor of z³. */
  private static final float GELU_CUBE = (float) (2 * Math.sqrt(2 / Math.PI) * 0.044715);

  private static final float GELU_FAR = 10f;

  private final CpuThreadPool pool;

  CpuActivationKernels(CpuThreadPool pool) {
    this.pool = pool;
  }

  @Override
  public void swiglu(Tensor out, Tensor gateUp) {
    int width = Math.toIntExact(out.shape().rowElements());
    long outAt = HostBuffer.address(out);
    long gateUpAt = HostBuffer.address(gateUp);
    RowBlocks.run(
        pool,
        out.dim0(),
        ROW_GRAIN,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            forward(outAt + 4L * t * width, gateUpAt + 8L * t * width, width);
          }
        });
  }

  private static void forward(long out, long gate, int n) {
    long up = gate + 4L * n;
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      store(out + 4L * i, silu(load(gate + 4L * i)).mul(load(up + 4L * i)));
    }
    if (i < n) {
      VectorMask<Float> tail = Lanes.tail(i, n);
      Lanes.store(
          out + 4L * i,
          silu(Lanes.load(gate + 4L * i, tail)).mul(Lanes.load(up + 4L * i, tail)),
          tail);
    }
  }

  /** z/(1+e^-z). */
  private static FloatVector silu(FloatVector z) {
    return z.div(CpuMath.exp(z.neg()).add(1f));
  }

  @Override
  public void swigluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    int width = Math.toIntExact(dOut.shape().rowElements());
    long dGateUpAt = HostBuffer.address(dGateUp);
    long dOutAt = HostBuffer.address(dOut);
    long gateUpAt = HostBuffer.address(gateUp);
    RowBlocks.run(
        pool,
        dOut.dim0(),
        ROW_GRAIN,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            backward(
                dGateUpAt + 8L * t * width,
                dOutAt + 4L * t * width,
                gateUpAt + 8L * t * width,
                width);
          }
        });
  }

  /** With σ = 1/(1+e^-z): dUp = dOut·z·σ, dGate = dOut·up·σ·(1 + z·(1−σ)). */
  private static void backward(long dGate, long dOut, long gate, int n) {
    long up = gate + 4L * n;
    long dUp = dGate + 4L * n;
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector z = load(gate + 4L * i);
      FloatVector d = load(dOut + 4L * i);
      FloatVector sigmoid = sigmoid(z);
      FloatVector u = load(up + 4L * i);
      store(dUp + 4L * i, d.mul(z.mul(sigmoid)));
      store(dGate + 4L * i, dGate(d, u, z, sigmoid));
    }
    if (i < n) {
      VectorMask<Float> tail = Lanes.tail(i, n);
      FloatVector z = Lanes.load(gate + 4L * i, tail);
      FloatVector d = Lanes.load(dOut + 4L * i, tail);
      FloatVector sigmoid = sigmoid(z);
      FloatVector u = Lanes.load(up + 4L * i, tail);
      Lanes.store(dUp + 4L * i, d.mul(z.mul(sigmoid)), tail);
      Lanes.store(dGate + 4L * i, dGate(d, u, z, sigmoid), tail);
    }
  }

  private static FloatVector sigmoid(FloatVector z) {
    return FloatVector.broadcast(SPECIES, 1f).div(CpuMath.exp(z.neg()).add(1f));
  }

  private static FloatVector dGate(
      FloatVector d, FloatVector u, FloatVector z, FloatVector sigmoid) {
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    return d.mul(u).mul(sigmoid).mul(one.sub(sigmoid).fma(z, one));
  }

  @Override
  public void geglu(Tensor out, Tensor gateUp) {
    int width = Math.toIntExact(out.shape().rowElements());
    long outAt = HostBuffer.address(out);
    long gateUpAt = HostBuffer.address(gateUp);
    RowBlocks.run(
        pool,
        out.dim0(),
        ROW_GRAIN,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            gegluRow(outAt + 4L * t * width, gateUpAt + 8L * t * width, width);
          }
        });
  }

  private static void gegluRow(long out, long gate, int n) {
    long up = gate + 4L * n;
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      store(out + 4L * i, gelu(load(gate + 4L * i)).mul(load(up + 4L * i)));
    }
    if (i < n) {
      VectorMask<Float> tail = Lanes.tail(i, n);
      FloatVector z = Lanes.load(gate + 4L * i, tail);
      Lanes.store(out + 4L * i, gelu(z).mul(Lanes.load(up + 4L * i, tail)), tail);
    }
  }

  /** z/2·(1 + tanh u) = z/(1 + e^-2u). */
  private static FloatVector gelu(FloatVector z) {
    return z.div(CpuMath.exp(minusTwoU(z)).add(1f));
  }

  private static FloatVector minusTwoU(FloatVector z) {
    return z.mul(z).mul(GELU_CUBE).add(GELU_LINEAR).mul(z).neg();
  }

  @Override
  public void gegluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    int width = Math.toIntExact(dOut.shape().rowElements());
    long dGateUpAt = HostBuffer.address(dGateUp);
    long dOutAt = HostBuffer.address(dOut);
    long gateUpAt = HostBuffer.address(gateUp);
    RowBlocks.run(
        pool,
        dOut.dim0(),
        ROW_GRAIN,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            gegluBackwardRow(
                dGateUpAt + 8L * t * width,
                dOutAt + 4L * t * width,
                gateUpAt + 8L * t * width,
                width);
          }
        });
  }

  private static void gegluBackwardRow(long dGate, long dOut, long gate, int n) {
    long up = gate + 4L * n;
    long dUp = dGate + 4L * n;
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector z = load(gate + 4L * i);
      FloatVector d = load(dOut + 4L * i);
      FloatVector u = load(up + 4L * i);
      store(dUp + 4L * i, d.mul(gelu(z)));
      store(dGate + 4L * i, d.mul(u).mul(geluSlope(z)));
    }
    if (i < n) {
      VectorMask<Float> tail = Lanes.tail(i, n);
      FloatVector z = Lanes.load(gate + 4L * i, tail);
      FloatVector d = Lanes.load(dOut + 4L * i, tail);
      FloatVector u = Lanes.load(up + 4L * i, tail);
      Lanes.store(dUp + 4L * i, d.mul(gelu(z)), tail);
      Lanes.store(dGate + 4L * i, d.mul(u).mul(geluSlope(z)), tail);
    }
  }

  /**
   * With e = e^-2u and σ = 1/(1+e): gelu' = σ + z·σ·(e·σ)·2u'. Beyond ±10 nothing but rounding is
   * left of the second term, and e is no finite number.
   */
  private static FloatVector geluSlope(FloatVector gate) {
    FloatVector z = gate.max(-GELU_FAR).min(GELU_FAR);
    FloatVector e = CpuMath.exp(minusTwoU(z));
    FloatVector sigmoid = FloatVector.broadcast(SPECIES, 1f).div(e.add(1f));
    FloatVector twoUSlope = z.mul(z).mul(3 * GELU_CUBE).add(GELU_LINEAR);
    return e.mul(sigmoid).mul(z).mul(twoUSlope).mul(sigmoid).add(sigmoid);
  }
}
