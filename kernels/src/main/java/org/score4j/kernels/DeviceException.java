package org.score4j.kernels;

import org.jspecify.annotations.Nullable;

/**
 * A device failed at something that was right to ask of it; the message says what was being done,
 * what the device reported, and the fix.
 */
public class DeviceException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** message: what, where, values, fix; cause: as reported by the device, if it did. */
  public DeviceException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
