package org.score4j.kernels.cuda;

/** CUDA cannot be used here; the message says what is missing and how to get it. */
public final class CudaUnavailableException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /** message: what, where, the values and the fix. */
  public CudaUnavailableException(String message) {
    super(message);
  }

  /** message: what, where, the values and the fix; cause: what the system said. */
  public CudaUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
