package org.score4j.kernels;

/**
 * A device failed at something that was right to ask of it; the message says what was being done,
 * what the device reported, and the fix.
 */
public class DeviceException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** message: what, where, values, fix; cause: as reported by the device. */
  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}
