package org.score4j.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Bytes between host and device. Both directions return only when the host memory may be reused or
 * read.
 */
public interface TransferKernels {
  /**
   * Host to device.
   *
   * @param dst receives {@code src.byteSize()} bytes, which must be its own size
   * @param src heap or native memory in the device's element type
   */
  void upload(Tensor dst, MemorySegment src);

  /**
   * Device to host, after everything queued before.
   *
   * @param dst heap or native memory of the tensor's size
   * @param src what to read
   */
  void download(MemorySegment dst, Tensor src);

  /**
   * A tensor's own memory, in the device's element type, where the host reads and writes it as it
   * is; from any thread, as long as the tensor lives. Empty where bytes must be moved.
   */
  default Optional<MemorySegment> hostView(Tensor tensor) {
    return Optional.empty();
  }
}
