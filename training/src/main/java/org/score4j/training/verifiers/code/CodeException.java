package org.score4j.training.verifiers.code;

/** Programs cannot be judged here; the message says why and what to do. */
public final class CodeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  CodeException(String message) {
    super(message);
  }

  CodeException(String message, Throwable cause) {
    super(message, cause);
  }
}
