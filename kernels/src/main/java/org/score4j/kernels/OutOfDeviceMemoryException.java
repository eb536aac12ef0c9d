package org.score4j.kernels;

/**
 * An allocation that the device cannot serve; says which one, so that the caller can name what to
 * shrink.
 */
public final class OutOfDeviceMemoryException extends DeviceException {
  private static final long serialVersionUID = 1;

  private final String purpose;
  private final long bytes;

  /**
   * The device had too little.
   *
   * @param purpose name of the arena, or what else was to be allocated
   * @param bytes that were asked for
   * @param memory of the device
   * @param cause as reported by the device
   */
  public OutOfDeviceMemoryException(
      String purpose, long bytes, DeviceMemory memory, Throwable cause) {
    super(
        "out of device memory: %s needs %d MiB, %d of %d MiB are free; make it smaller or end what else runs on the GPU"
            .formatted(
                purpose, mebibytes(bytes), memory.freeBytes() >> 20, memory.totalBytes() >> 20),
        cause);
    this.purpose = purpose;
    this.bytes = bytes;
  }

  /** Name of the arena, or what else was to be allocated. */
  public String purpose() {
    return purpose;
  }

  /** How many bytes were asked for. */
  public long bytes() {
    return bytes;
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }
}
