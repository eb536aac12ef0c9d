package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Math between {@code $}, {@code $$}, {@code \(}, {@code \[} and what closes them. A {@code $} in
 * front of a digit is a currency sign where the text up to the next one holds words, as in {@code
 * $64. He gives $10 away}.
 */
final class MathSpans {
  private static final String[][] DELIMITERS = {
    {"$$", "$$"}, {"$", "$"}, {"\\(", "\\)"}, {"\\[", "\\]"}
  };
  private static final int MAX_CHARACTERS = MathEquality.MAX_CHARACTERS;
  private static final Pattern WORD =
      Pattern.compile("(?<![\\\\A-Za-z])(?!(?:or|and|sin|cos|tan|log|ln|pi)\\b)[A-Za-z]{2,}");
  private static final Pattern TEXT_ARGUMENT =
      Pattern.compile("\\\\(?:text\\w*|mathrm|mbox|operatorname|begin|end)\\s*\\{[^{}]*\\}");

  /**
   * A span.
   *
   * @param start index of what opens it
   * @param end index behind what closes it
   * @param content between the two
   */
  record Span(int start, int end, String content) {}

  private MathSpans() {}

  /** The span that opens at the index, if one does. */
  static @Nullable Span at(String text, int start) {
    for (String[] pair : DELIMITERS) {
      if (text.startsWith(pair[0], start)) {
        int inner = start + pair[0].length();
        int close = close(text, pair[1], inner);
        if (close < 0 || text.substring(inner, close).isBlank()) {
          return null;
        }
        int end = close + pair[1].length();
        return pair[0].equals("$") && isCurrency(text, inner, close)
            ? null
            : new Span(start, end, text.substring(inner, close).strip());
      }
    }
    return null;
  }

  /** All spans of a short text, from left to right. */
  static List<Span> in(String text) {
    List<Span> spans = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      boolean opens =
          c == '$' || (c == '\\' && (text.startsWith("(", at + 1) || text.startsWith("[", at + 1)));
      Span span = opens ? at(text, at) : null;
      if (span != null) {
        spans.add(span);
        at = span.end();
      } else {
        at += c == '\\' ? 2 : 1;
      }
    }
    return spans;
  }

  /** {@code \$} does not close {@code $}. */
  private static int close(String text, String close, int from) {
    int limit = Math.min(text.length(), from + MAX_CHARACTERS);
    for (int at = from; at < limit; at++) {
      if (text.startsWith(close, at)) {
        return at;
      }
      if (text.charAt(at) == '\\') {
        at++;
      }
    }
    return -1;
  }

  private static boolean hasLetter(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isLetter(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isCurrency(String text, int inner, int close) {
    int first = inner;
    while (first < close && " -−–".indexOf(text.charAt(first)) >= 0) {
      first++;
    }
    if (!Character.isDigit(text.charAt(first))) {
      return false;
    }
    boolean digitBehind = close + 1 < text.length() && Character.isDigit(text.charAt(close + 1));
    String content = text.substring(inner, close);
    return digitBehind
        || content.contains("\n\n")
        || (hasLetter(content)
            && WORD.matcher(TEXT_ARGUMENT.matcher(content).replaceAll("")).find());
  }
}
