package org.score4j.kernels.tornado;

import org.score4j.kernels.ActivationKernels;
import org.score4j.kernels.Tensor;

/** SwiGLU, a thread per gate. */
final class TornadoActivationKernels implements ActivationKernels {
  private final TornadoKernel swiglu;
  private final TornadoKernel swigluBackward;

  TornadoActivationKernels(TornadoPlan plan) {
    swiglu = plan.kernel("swiglu", ActivationCode::swiglu);
    swigluBackward = plan.kernel("swigluBackward", ActivationCode::swigluBackward);
  }

  @Override
  public void swiglu(Tensor out, Tensor gateUp) {
    swiglu
        .floats(out)
        .floats(gateUp)
        .i32(out.dim0())
        .i32(out.shape().rowElements())
        .launchOver(out.elements());
  }

  @Override
  public void swigluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    swigluBackward
        .floats(dGateUp)
        .floats(dOut)
        .floats(gateUp)
        .i32(dOut.dim0())
        .i32(dOut.shape().rowElements())
        .launchOver(dOut.elements());
  }
}
