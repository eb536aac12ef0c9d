package org.score4j.tokenizer;

import java.util.Arrays;

/**
 * Text of ids that arrive one by one. A character whose bytes are spread over several tokens comes
 * out once it is whole; what has come out is never taken back.
 *
 * <p>Each id is decoded together with what came out last, for tokens such as {@code ▁the} lose
 * their space where a text begins. Mutable; for one thread.
 */
public final class StreamingDecoder {
  private static final char REPLACEMENT = '\uFFFD';
  // A model may draw broken bytes for ever; text in which so many tokens end within a character is
  // not written.
  private static final int MAX_HELD = 64;

  private final Tokenizer tokenizer;
  // Ids that came out last, then ids that have not come out.
  private int[] window;
  private int size;
  private int released;

  /**
   * A decoder of what follows some ids.
   *
   * @param before ids the text continues; none where it begins
   */
  public StreamingDecoder(Tokenizer tokenizer, int... before) {
    this.tokenizer = tokenizer;
    window = Arrays.copyOf(before, before.length + 16);
    size = before.length;
    released = before.length;
  }

  /** The text that is whole now that {@code id} has come; often empty. */
  public String next(int id) {
    if (size == window.length) {
      window = Arrays.copyOf(window, 2 * size);
    }
    window[size++] = id;
    String text = tokenizer.decode(Arrays.copyOf(window, size));
    boolean broken = !text.isEmpty() && text.charAt(text.length() - 1) == REPLACEMENT;
    return broken && size - released < MAX_HELD ? "" : release(text);
  }

  /** What is left, broken characters as U+FFFD. */
  public String finish() {
    return released == size ? "" : release(tokenizer.decode(Arrays.copyOf(window, size)));
  }

  private String release(String text) {
    int before = tokenizer.decode(Arrays.copyOf(window, released)).length();
    System.arraycopy(window, released, window, 0, size - released);
    size -= released;
    released = size;
    return text.length() > before ? text.substring(before) : "";
  }
}
