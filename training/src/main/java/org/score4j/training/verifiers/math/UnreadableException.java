package org.score4j.training.verifiers.math;

/** What was read is no expression of the grammar; it can still be compared as text. */
final class UnreadableException extends Exception {
  private static final long serialVersionUID = 1;

  UnreadableException(String message) {
    super(message, null, false, false);
  }
}
