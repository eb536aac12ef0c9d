package org.score4j.tokenizer;

/**
 * A tokenizer or chat template that cannot be read or used. The message is one line: what, in which
 * file, the values, and the fix.
 */
public final class TokenizerException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  // What a damaged file holds may be long and unprintable; the message is neither.
  private static final int MAX_CHARS = 600;

  TokenizerException(String message) {
    super(oneLine(message));
  }

  TokenizerException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** The text with line ends and other control characters as escapes, cut when long. */
  static String oneLine(String text) {
    StringBuilder line = new StringBuilder();
    text.codePoints()
        .limit(MAX_CHARS)
        .forEach(
            c -> {
              if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
                line.append("\\u%04x".formatted(c));
              } else {
                line.appendCodePoint(c);
              }
            });
    return line.toString();
  }
}
