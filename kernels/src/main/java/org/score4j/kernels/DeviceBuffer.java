package org.score4j.kernels;

/**
 * One contiguous allocation of a device's memory. Nothing about it can be assumed to be readable by
 * the host: a backend knows its own kind, everybody else moves bytes through {@link Ops#upload} and
 * {@link Ops#downloadFloats}.
 */
public interface DeviceBuffer extends AutoCloseable {
  /** Size of the allocation. */
  long byteSize();

  /** Returns the memory to the device; every tensor that views it is invalid afterwards. */
  @Override
  void close();
}
