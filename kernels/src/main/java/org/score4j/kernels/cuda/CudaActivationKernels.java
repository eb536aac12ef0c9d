package org.score4j.kernels.cuda;

import org.score4j.kernels.ActivationKernels;
import org.score4j.kernels.Tensor;

/** SwiGLU and GEGLU, a few blocks per token. */
final class CudaActivationKernels implements ActivationKernels {
  private static final int THREADS = 256;

  private final CudaDevice device;
  private final CudaKernel swiglu;
  private final CudaKernel swigluBackward;
  private final CudaKernel geglu;
  private final CudaKernel gegluBackward;

  CudaActivationKernels(CudaDevice device) {
    this.device = device;
    CudaModule module = device.module("activation");
    swiglu = module.kernel("swiglu");
    swigluBackward = module.kernel("swiglu_backward");
    geglu = module.kernel("geglu");
    gegluBackward = module.kernel("geglu_backward");
  }

  @Override
  public void swiglu(Tensor out, Tensor gateUp) {
    launch(swiglu.pointer(out).pointer(gateUp), out);
  }

  @Override
  public void swigluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    launch(swigluBackward.pointer(dGateUp).pointer(dOut).pointer(gateUp), dOut);
  }

  @Override
  public void geglu(Tensor out, Tensor gateUp) {
    launch(geglu.pointer(out).pointer(gateUp), out);
  }

  @Override
  public void gegluBackward(Tensor dGateUp, Tensor dOut, Tensor gateUp) {
    launch(gegluBackward.pointer(dGateUp).pointer(dOut).pointer(gateUp), dOut);
  }

  private void launch(CudaKernel kernel, Tensor narrow) {
    int width = Math.toIntExact(narrow.shape().rowElements());
    kernel
        .i32(width)
        .launch(
            narrow.dim0(),
            CudaDevice.blocks(width, THREADS * device.vectorLength()),
            1,
            Math.min(THREADS, device.threadsPerRow(width)),
            0);
  }
}
