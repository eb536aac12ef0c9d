package org.score4j.checkpoints;

/**
 * A checkpoint that cannot be read or written. The message is one line: what failed, in which file
 * and tensor, the values, and the fix.
 */
public final class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  // Names come out of files that may be hostile: a 20 MB tensor name must not become a 20 MB
  // message.
  private static final int MAX_QUOTED = 120;
  private static final int MAX_MESSAGE = 2000;

  public CheckpointException(String message) {
    super(oneLine(message, MAX_MESSAGE));
  }

  public CheckpointException(String message, Throwable cause) {
    super(oneLine(message, MAX_MESSAGE), cause);
  }

  /**
   * The text in quotes on one line, cut when long. For names and values that were read from a file.
   */
  static String quote(String text) {
    return '"' + oneLine(text, MAX_QUOTED) + '"';
  }

  /** A value that was read from a file on one line, cut when long. */
  static String shortened(String text) {
    return oneLine(text, MAX_QUOTED);
  }

  private static String oneLine(String text, int maxChars) {
    int end = Math.min(text.length(), maxChars);
    StringBuilder line = new StringBuilder(end);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || Character.isSurrogate(c) || c == '\u2028' || c == '\u2029') {
        line.append(String.format("\\u%04x", (int) c));
      } else {
        line.append(c);
      }
    }
    return end < text.length() ? line.append("…").toString() : line.toString();
  }
}
