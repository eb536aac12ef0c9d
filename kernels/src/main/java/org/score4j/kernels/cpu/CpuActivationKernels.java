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

/** SwiGLU, a vector of features at a time. */
final class CpuActivationKernels implements ActivationKernels {
  private static final int ROW_GRAIN = 8;
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
}
