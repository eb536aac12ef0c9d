package org.score4j.kernels;

import org.jspecify.annotations.Nullable;

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
    this(purpose, bytes, memory, "make it smaller or end what else runs on the GPU", cause);
  }

  /**
   * The device had too little, and there is something else to do about it.
   *
   * @param purpose name of the arena, or what else was to be allocated
   * @param bytes that were asked for
   * @param memory of the device
   * @param fix what to do
   * @param cause as reported by the device; null where the backend keeps account itself
   */
  public OutOfDeviceMemoryException(
      String purpose, long bytes, DeviceMemory memory, String fix, @Nullable Throwable cause) {
    super(
        "out of device memory: %s needs %d MiB, %d of %d MiB are free; %s"
            .formatted(
                purpose,
                mebibytes(bytes),
                memory.freeBytes() >> 20,
                memory.totalBytes() >> 20,
                fix),
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
