package org.score4j.training.verifiers.code;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A response as Markdown: blocks between fences, and the text outside of them. Read as it was
 * meant, for models are no careful writers: a fence may be inside a list item, a quotation or a
 * line, a block may have no end, and a response whose prompt opens the fence has only a closing
 * one.
 */
final class ResponseSegments {
  // Text in front of it on its line, the fence, and the language.
  private static final Pattern FENCE =
      Pattern.compile("^([^`]*?)(`{3,})\\s*([^`]*)$|^([\\s>]*)(~{3,})\\s*([^~]*)$");
  private static final Pattern MARKER =
      Pattern.compile("^\\s*(?:>\\s?|[-*+]\\s+|\\d{1,3}[.)]\\s+)*\\s*$");
  private static final Pattern QUOTE = Pattern.compile("^\\s*>\\s?");
  // What CommonMark lets a closing fence be indented by.
  private static final int CLOSING_INDENT = 3;

  private ResponseSegments() {}

  /**
   * One part, in the response's order.
   *
   * @param text without its fences, and without the indentation of the opening one
   * @param kind how it stands there
   * @param language what the opening fence says, in lower case; empty when it says nothing
   */
  record Segment(String text, Kind kind, String language) {}

  /** How a segment stands in a response. */
  enum Kind {
    /** Between fences; the closing one may be missing. */
    FENCED,
    /** In front of a closing fence that no fence opens. */
    BEFORE_FENCE,
    /** Outside of fences. */
    OUTSIDE
  }

  /** One fence. */
  private record Fence(int line, String before, char mark, int length, String language) {
    boolean isMarkedOff() {
      return MARKER.matcher(before).matches();
    }

    boolean isBare() {
      return language.isEmpty();
    }
  }

  /**
   * Splits a response.
   *
   * @param isProgram whether a text outside of blocks can be one that a closing fence ends
   */
  static List<Segment> of(String response, Predicate<String> isProgram) {
    List<String> lines = response.lines().toList();
    List<Fence> fences = fences(lines);
    List<Segment> segments = new ArrayList<>();
    int from = 0;
    int next = 0;
    while (next < fences.size()) {
      Fence fence = fences.get(next);
      String before = joined(lines.subList(from, fence.line()));
      String shared = fence.isMarkedOff() ? "" : fence.before();
      next++;
      if (fence.isBare() && isProgram.test(before + shared) && endsWithoutBegin(fences, next)) {
        segments.add(new Segment(before + shared, Kind.BEFORE_FENCE, ""));
        from = fence.line() + 1;
        continue;
      }
      add(segments, before + shared);
      int close = next;
      while (close < fences.size() && !closes(fence, fences.get(close))) {
        close++;
      }
      int end = close < fences.size() ? fences.get(close).line() : lines.size();
      List<String> block = new ArrayList<>(lines.subList(fence.line() + 1, end));
      if (close < fences.size() && !fences.get(close).isMarkedOff() && fences.get(close).isBare()) {
        block.add(fences.get(close).before());
      }
      segments.add(
          new Segment(joined(inside(block, fence.before())), Kind.FENCED, fence.language()));
      boolean closed = close < fences.size() && fences.get(close).isBare();
      next = closed ? close + 1 : close;
      from = closed ? end + 1 : end;
    }
    add(segments, joined(lines.subList(Math.min(from, lines.size()), lines.size())));
    return segments;
  }

  private static void add(List<Segment> segments, String outside) {
    if (!outside.isBlank()) {
      segments.add(new Segment(outside, Kind.OUTSIDE, ""));
    }
  }

  private static List<Fence> fences(List<String> lines) {
    List<Fence> fences = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.contains("```") || line.contains("~~~")) {
        Matcher fence = FENCE.matcher(line);
        if (fence.matches()) {
          int group = fence.group(2) == null ? 4 : 1;
          String marks = fence.group(group + 1);
          fences.add(
              new Fence(
                  i,
                  fence.group(group),
                  marks.charAt(0),
                  marks.length(),
                  fence.group(group + 2).strip().toLowerCase(java.util.Locale.ROOT)));
        }
      }
    }
    return fences;
  }

  /** A fence with a language ends a block whose end is missing. */
  private static boolean closes(Fence open, Fence fence) {
    boolean near =
        !fence.isMarkedOff() || fence.before().length() <= open.before().length() + CLOSING_INDENT;
    return near
        && fence.mark() == open.mark()
        && (fence.isBare() ? fence.length() >= open.length() : fence.isMarkedOff());
  }

  /** Whether the fences behind one make pairs without it. */
  private static boolean endsWithoutBegin(List<Fence> fences, int next) {
    int bare = 0;
    while (next + bare < fences.size() && fences.get(next + bare).isBare()) {
      bare++;
    }
    return bare % 2 == 0;
  }

  private static List<String> inside(List<String> block, String before) {
    boolean quoted = before.indexOf('>') >= 0;
    int width = MARKER.matcher(before).matches() ? before.length() : 0;
    return block.stream()
        .map(line -> quoted ? QUOTE.matcher(line).replaceFirst("") : unindented(line, width))
        .toList();
  }

  private static String unindented(String line, int most) {
    int at = 0;
    while (at < line.length() && at < most && (line.charAt(at) == ' ' || line.charAt(at) == '\t')) {
      at++;
    }
    return line.substring(at);
  }

  private static String joined(List<String> lines) {
    return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
  }
}
