package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The boxes of a text: {@code \boxed{…}}, {@code \fbox{…}}, {@code \framebox[…]{…}}, and {@code
 * \boxed5} or {@code \boxed\frac12} without braces. Of boxes inside each other the outermost.
 */
final class BoxedAnswers {
  private static final String[] COMMANDS = {"\\boxed", "\\fbox", "\\framebox"};
  private static final int LONGEST_COMMAND = 10;
  private static final Set<String> TWO_ARGUMENTS =
      Set.of("frac", "dfrac", "tfrac", "cfrac", "binom", "dbinom", "tbinom");
  private static final Set<String> ONE_ARGUMENT =
      Set.of("sqrt", "text", "textbf", "textrm", "mathrm", "mathbf", "mbox", "overline");

  private final String text;
  // Of every opening brace from the first box on, the index of the brace that closes it, else -1.
  private int[] closing = {};
  private int firstBrace;

  /**
   * A box.
   *
   * @param start index of the command
   * @param end index behind the box
   * @param content as written, not blank
   */
  record Box(int start, int end, String content) {}

  private BoxedAnswers(String text) {
    this.text = text;
  }

  /** All boxes with a content, in the order of the text. */
  static List<Box> find(String text) {
    return new BoxedAnswers(text).boxes();
  }

  private List<Box> boxes() {
    List<Box> boxes = new ArrayList<>(2);
    int at = text.indexOf("box");
    while (at >= 0) {
      int start = at - 1;
      while (start > at - LONGEST_COMMAND && isLetter(start)) {
        start--;
      }
      int end = start >= 0 && text.charAt(start) == '\\' ? behindCommand(start) : 0;
      int next = at + 3;
      if (end > at) {
        Box box = box(start, end);
        if (box != null) {
          boxes.add(box);
          next = box.end();
        }
      }
      at = text.indexOf("box", next);
    }
    return boxes;
  }

  private int behindCommand(int start) {
    for (String command : COMMANDS) {
      int end = start + command.length();
      if (text.startsWith(command, start) && !isLetter(end)) {
        return end;
      }
    }
    return 0;
  }

  private @Nullable Box box(int start, int behindCommand) {
    int at = skipSpaces(behindCommand);
    // \framebox[width][position]
    while (text.startsWith("\\framebox", start) && at < text.length() && text.charAt(at) == '[') {
      int close = text.indexOf(']', at);
      if (close < 0) {
        return null;
      }
      at = skipSpaces(close + 1);
    }
    if (at >= text.length()) {
      return null;
    }
    if (text.charAt(at) == '{') {
      int close = closing(at);
      String content = close < 0 ? "" : text.substring(at + 1, close).strip();
      return content.isEmpty() ? null : new Box(start, close + 1, content);
    }
    int end = behindUnbraced(at);
    String content = text.substring(at, end).strip();
    return content.isEmpty() ? null : new Box(start, end, content);
  }

  /** A number, a letter or a command with its arguments; TeX itself would take one character. */
  private int behindUnbraced(int from) {
    int at = from;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '\\' && isLetter(at + 1)) {
        at = behindArguments(at + 1);
      } else if (c == '{') {
        int close = closing(at);
        if (close < 0) {
          return at;
        }
        at = close + 1;
      } else if (Character.isLetterOrDigit(c) || "^_+-−/".indexOf(c) >= 0) {
        at++;
      } else if ((c == '.' || c == ',') && at > from && isDigit(at - 1) && isDigit(at + 1)) {
        at++;
      } else {
        return at;
      }
    }
    return at;
  }

  private int behindArguments(int nameStart) {
    int at = nameStart;
    while (isLetter(at)) {
      at++;
    }
    String name = text.substring(nameStart, at);
    int arguments = TWO_ARGUMENTS.contains(name) ? 2 : ONE_ARGUMENT.contains(name) ? 1 : 0;
    if (name.equals("sqrt") && at < text.length() && text.charAt(at) == '[') {
      int close = text.indexOf(']', at);
      at = close < 0 ? at : close + 1;
    }
    for (int i = 0; i < arguments; i++) {
      int start = skipSpaces(at);
      if (start >= text.length()) {
        return at;
      }
      int close = text.charAt(start) == '{' ? closing(start) : start;
      if (close < 0) {
        return at;
      }
      at = close + 1;
    }
    return at;
  }

  /** The brace that closes the one at the index, or -1. */
  private int closing(int brace) {
    if (closing.length == 0) {
      firstBrace = brace;
      matchBraces();
    }
    return brace < firstBrace ? -1 : closing[brace - firstBrace];
  }

  private void matchBraces() {
    closing = new int[text.length() - firstBrace];
    Arrays.fill(closing, -1);
    int[] open = new int[16];
    int depth = 0;
    for (int i = firstBrace; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '{') {
        open = depth == open.length ? Arrays.copyOf(open, 2 * depth) : open;
        open[depth++] = i;
      } else if (c == '}' && depth > 0) {
        closing[open[--depth] - firstBrace] = i;
      }
    }
  }

  private int skipSpaces(int from) {
    int at = from;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private boolean isLetter(int at) {
    return at >= 0
        && at < text.length()
        && ((text.charAt(at) >= 'a' && text.charAt(at) <= 'z')
            || (text.charAt(at) >= 'A' && text.charAt(at) <= 'Z'));
  }

  private boolean isDigit(int at) {
    return at >= 0 && at < text.length() && Character.isDigit(text.charAt(at));
  }
}
