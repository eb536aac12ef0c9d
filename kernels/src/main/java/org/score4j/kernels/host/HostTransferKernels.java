package org.score4j.kernels.host;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.TransferKernels;

/** Transfers of the host backends: plain copies. */
public final class HostTransferKernels implements TransferKernels {
  @Override
  public void upload(Tensor dst, MemorySegment src) {
    HostBuffer.segment(dst).copyFrom(src);
  }

  @Override
  public void download(MemorySegment dst, Tensor src) {
    dst.copyFrom(HostBuffer.segment(src));
  }

  @Override
  public Optional<MemorySegment> hostView(Tensor tensor) {
    return Optional.of(HostBuffer.segment(tensor));
  }
}
