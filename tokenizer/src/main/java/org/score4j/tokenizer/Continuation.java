package org.score4j.tokenizer;

import java.util.Arrays;
import java.util.List;

/**
 * Tokenises text that follows other text. Alone it would not do: SentencePiece tokenizers put a
 * space in front of whatever they are given, so that {@code " </s>"} becomes two spaces and an end.
 *
 * <p>The text is tokenised behind other text, and what that takes up is cut off, where a token ends
 * at the seam. Which text stands before it does not matter then: merging tokens never went across
 * the seam, so both sides are what they are by themselves. Where a token would go across, the ids
 * of the left side are given and the right side is tokenised behind another text.
 */
final class Continuation {
  /** Texts to stand before another; the last one occurs in no text that a tokenizer learnt from. */
  private static final List<String> BEFORE = List.of("a", ".", "0", "\n", "\uE000");

  private final Tokenizer tokenizer;
  private final boolean opensTexts;

  Continuation(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    String rare = BEFORE.getLast();
    opensTexts = tokenizer.encode(rare + rare).length != 2 * tokenizer.encode(rare).length;
  }

  /** Ids of {@code text} behind ordinary text. */
  int[] ids(String text) {
    if (opensTexts) {
      for (String before : BEFORE) {
        int[] first = tokenizer.encode(before);
        int[] both = tokenizer.encode(before + text);
        if (startsWith(both, first)) {
          return Arrays.copyOfRange(both, first.length, both.length);
        }
      }
    }
    return tokenizer.encode(text);
  }

  /** Ids of {@code text} behind {@code before}, whose last token may be a special one. */
  int[] ids(String before, String text) {
    int[] first = tokenizer.encode(before);
    int[] both = tokenizer.encode(before + text);
    return startsWith(both, first)
        ? Arrays.copyOfRange(both, first.length, both.length)
        : ids(text);
  }

  private static boolean startsWith(int[] ids, int[] prefix) {
    return ids.length >= prefix.length
        && Arrays.equals(ids, 0, prefix.length, prefix, 0, prefix.length);
  }
}
