package org.score4j.kernels.tornado;

import org.score4j.kernels.ActivationKernels;
import org.score4j.kernels.Tensor;

/** Gated activations, a thread per gate. */
final class TornadoActivationKernels implements ActivationKernels {
  private final TornadoKernel swiglu;
  private final TornadoKernel swigluBackward;
  private final TornadoKernel geglu;
  private final TornadoKernel gegluBackward;

  TornadoActivationKernels(TornadoPlan plan) {
    swiglu = plan.kernel("swiglu", ActivationCode::swiglu);
    swigluBackward = plan.kernel("swigluBackward", ActivationCode::swigluBackward);
    geglu = plan.kernel("geglu", ActivationCode::geglu);
    gegluBackward = plan.kernel("gegluBackward", ActivationCode::gegluBackward);
  }

  @Override
  public void swiglu(Tensor out, Tensor gateUp) {
    forward(swiglu, out, gateUp);
  }

  @Override
  public void swigluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    backward(swigluBackward, dGateUp, dOut, gateUp);
  }

  @Override
  public void geglu(Tensor out, Tensor gateUp) {
    forward(geglu, out, gateUp);
  }

  @Override
  public void gegluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    backward(gegluBackward, dGateUp, dOut, gateUp);
  }

  private static void forward(TornadoKernel kernel, Tensor out, Tensor gateUp) {
    kernel
        .floats(out)
        .floats(gateUp)
        .i32(out.dim0())
        .i32(out.shape().rowElements())
        .launchOver(out.elements());
  }

  private static void backward(TornadoKernel kernel, Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    kernel
        .floats(dGateUp)
        .floats(dOut)
        .floats(gateUp)
        .i32(dOut.dim0())
        .i32(dOut.shape().rowElements())
        .launchOver(dOut.elements());
  }
}
