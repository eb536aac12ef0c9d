package org.score4j.training.verifiers.math;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** A place where a response may say its final answer. Each takes linear time. */
public enum ExtractionRule {
  /**
   * {@code $…$} behind the last "final answer is"; without delimiters only the rest of a line that
   * begins with "Final Answer:", for elsewhere that is prose.
   */
  FINAL_ANSWER {
    @Override
    Optional<String> find(String response) {
      int at = lastIndexIgnoringCase(response, PHRASE);
      return at < 0 ? Optional.empty() : stated(response, at).flatMap(ExtractionRule::answer);
    }
  },
  /** The last {@code \boxed{…}} whose braces balance. */
  BOXED {
    @Override
    Optional<String> find(String response) {
      int at = response.length();
      for (int tries = 0; tries < MAX_BOXES; tries++) {
        at = Math.max(response.lastIndexOf(BOXED_COMMAND, at), response.lastIndexOf(FBOX, at));
        if (at < 0) {
          return Optional.empty();
        }
        String command = response.startsWith(FBOX, at) ? FBOX : BOXED_COMMAND;
        Optional<String> content = argument(response, skipSpaces(response, at + command.length()));
        if (content.isPresent()) {
          return content;
        }
        at--;
      }
      return Optional.empty();
    }
  },
  /** The rest of the line behind the last {@code ####}. */
  HASHES {
    @Override
    Optional<String> find(String response) {
      int at = response.lastIndexOf("####");
      return at < 0 ? Optional.empty() : answer(restOfLine(response, at + 4));
    }
  },
  /** The last line that begins with {@code A:} or {@code Answer:}. */
  ANSWER_LINE {
    @Override
    Optional<String> find(String response) {
      int end = response.length();
      while (end >= 0) {
        int start = response.lastIndexOf('\n', end - 1) + 1;
        String line = response.substring(start, Math.max(start, end)).strip();
        while (line.startsWith("*") || line.startsWith("#")) {
          line = line.substring(1).strip();
        }
        for (String marker : MARKERS) {
          if (line.regionMatches(true, 0, marker, 0, marker.length())) {
            return answer(line.substring(marker.length()));
          }
        }
        end = start - 1;
      }
      return Optional.empty();
    }
  },
  /** The last number, with its sign, separators, decimals or denominator. */
  LAST_NUMBER {
    @Override
    Optional<String> find(String response) {
      return LastNumber.find(response);
    }
  };

  private static final String BOXED_COMMAND = "\\boxed";
  private static final String FBOX = "\\fbox";
  private static final String PHRASE = "final answer is";
  private static final String[] MARKERS = {"A:", "Answer:", "Final answer:"};
  private static final String HEADING = "final answer:";
  private static final String[][] DELIMITERS = {
    {"$$", "$$"}, {"$", "$"}, {"\\(", "\\)"}, {"\\[", "\\]"}
  };
  private static final String CLOSING = "I hope it is correct";
  private static final int MAX_BOXES = 20;

  /** What the response states, as written; empty where the rule does not apply. */
  abstract Optional<String> find(String response);

  /** The name in configs and reasons, such as {@code last-number}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The rule of a name in a config.
   *
   * @throws IllegalArgumentException when there is none; the message lists the names
   */
  public static ExtractionRule byName(String name) {
    for (ExtractionRule rule : values()) {
      if (rule.label().equals(name)) {
        return rule;
      }
    }
    throw new IllegalArgumentException(
        "extraction rule '%s' does not exist; the rules are %s"
            .formatted(
                name,
                String.join(", ", Arrays.stream(values()).map(ExtractionRule::label).toList())));
  }

  private static Optional<String> answer(String text) {
    String answer = text.strip();
    Optional<String> boxed = answer.contains("\\boxed") ? BOXED.find(answer) : Optional.empty();
    if (boxed.isPresent()) {
      return boxed;
    }
    return answer.isEmpty() ? Optional.empty() : Optional.of(answer);
  }

  private static Optional<String> stated(String response, int phrase) {
    int start = phrase + PHRASE.length();
    while (start < response.length() && " :*\t\n".indexOf(response.charAt(start)) >= 0) {
      start++;
    }
    for (String[] pair : DELIMITERS) {
      if (response.startsWith(pair[0], start)) {
        int inner = start + pair[0].length();
        int close = unescaped(response, pair[1], inner);
        if (close >= 0) {
          return Optional.of(response.substring(inner, close));
        }
      }
    }
    int lineStart = response.lastIndexOf('\n', phrase) + 1;
    if (lastIndexIgnoringCase(response.substring(lineStart, phrase), HEADING) < 0) {
      return Optional.empty();
    }
    String line = restOfLine(response, start);
    int closing = line.indexOf(CLOSING);
    return Optional.of(closing < 0 ? line : line.substring(0, closing));
  }

  /** {@code \$} does not close {@code $}. */
  private static int unescaped(String text, String close, int from) {
    int at = text.indexOf(close, from);
    while (at > 0 && close.startsWith("$") && text.charAt(at - 1) == '\\') {
      at = text.indexOf(close, at + 1);
    }
    return at;
  }

  private static String restOfLine(String text, int from) {
    int end = text.indexOf('\n', from);
    return text.substring(from, end < 0 ? text.length() : end);
  }

  private static int skipSpaces(String text, int from) {
    int at = from;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  /** The content of balanced braces at {@code start}, or a single token without braces. */
  private static Optional<String> argument(String text, int start) {
    if (start >= text.length()) {
      return Optional.empty();
    }
    if (text.charAt(start) != '{') {
      return Character.isLetterOrDigit(text.charAt(start))
          ? Optional.of(text.substring(start, start + 1))
          : Optional.empty();
    }
    int depth = 0;
    for (int i = start; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        String content = text.substring(start + 1, i).strip();
        return content.isEmpty() ? Optional.empty() : Optional.of(content);
      }
    }
    return Optional.empty();
  }

  private static int lastIndexIgnoringCase(String text, String phrase) {
    for (int at = text.length() - phrase.length(); at >= 0; at--) {
      if (text.regionMatches(true, at, phrase, 0, phrase.length())) {
        return at;
      }
    }
    return -1;
  }
}
