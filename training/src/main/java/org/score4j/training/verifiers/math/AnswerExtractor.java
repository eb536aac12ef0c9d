package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.AnswerMarkers.Kind;
import org.score4j.training.verifiers.math.AnswerMarkers.Marker;

/**
 * Finds the final answer of a response: what it states last, by whatever rule, outside of thinking.
 * An answer that is taken back afterwards is none. Answers that "or", "and" or a comma join are
 * parts of one list. Linear in the length of the response.
 *
 * @param rules in the order that decides between two that read the same place
 */
public record AnswerExtractor(List<ExtractionRule> rules) {
  private static final int MAX_TRIES = 100;
  private static final int MAX_OVERLAPPING = 8;
  // Longer lines and paragraphs are read from their end.
  private static final int MAX_READ = 4_000;
  private static final Pattern HEADING =
      Pattern.compile(
          "\\s*(?:\\d+[.)]\\s+[\\p{L}*]|[*_]{0,2}(?:step|part|case|problem|question|example|section|method|phase|approach|option|task|exercise|day|week|q)\\s*\\d)",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern CONCLUSION =
      Pattern.compile(
          "\\s*(?:so|thus|therefore|hence|consequently|altogether|together|overall|finally|in"
              + " total|in all|in conclusion|in the end|as a result|this means|that"
              + " means|then)\\b|\\s*the (?:(?:final|correct|actual|new|real|overall|right)"
              + " )?(?:total|result|sum|count|amount|value)\\b",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern DENIED =
      Pattern.compile(
          "(?:\\b(?:not|rather than|instead of)|n['’]t(?: be)?)(?:"
              + " \\\\?text\\{)?[\\s$({\\[\\\\]{1,6}(?:[A-Za-z]\\s?=\\s?)?$"
              + "|\\\\(?:x?cancel|bcancel|sout|st)\\s?\\{\\s?\\$?$",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern SECOND_THOUGHTS =
      Pattern.compile(
          "\\b(?:wait|hmm+|hold on|actually|but let me|let me (?:re|double|check|verify))",
          Pattern.CASE_INSENSITIVE);

  /**
   * A final answer.
   *
   * @param answer as written, its parts joined by commas
   * @param rule that found it
   * @param parts of a list, or the answer alone; none where the answer was taken back
   */
  public record Extracted(String answer, ExtractionRule rule, List<String> parts) {
    /** An answer of one part. */
    public Extracted(String answer, ExtractionRule rule) {
      this(answer, rule, List.of(answer));
    }

    static Extracted of(List<String> parts, ExtractionRule rule) {
      return new Extracted(String.join(", ", parts), rule, List.copyOf(parts));
    }
  }

  /**
   * What a marker says.
   *
   * @param start index of the marker
   * @param end index behind what was read
   * @param parts of the answer; none where it was taken back
   */
  private record Statement(
      int start, int end, List<String> parts, ExtractionRule rule, Kind kind) {}

  /** Refuses an empty list. */
  public AnswerExtractor {
    rules = List.copyOf(rules);
    if (rules.isEmpty()) {
      throw new IllegalArgumentException(
          "answer extraction has no rule; name at least one, such as boxed");
    }
  }

  /** The final answer; empty where no rule applies. */
  public Optional<Extracted> extract(String response) {
    String text = Thinking.removed(response);
    Set<ExtractionRule> used = EnumSet.copyOf(rules);
    List<Marker> markers = AnswerMarkers.find(text, used);
    int tried = 0;
    for (int i = markers.size() - 1; i >= 0 && tried < MAX_TRIES; i--, tried++) {
      Statement last = statement(text, markers, i);
      if (last != null) {
        return Optional.of(decided(text, markers, i, last));
      }
    }
    return used.contains(ExtractionRule.LAST_NUMBER) ? lastNumber(text) : Optional.empty();
  }

  private static Optional<Extracted> lastNumber(String text) {
    return LastNumber.last(text)
        .map(
            last ->
                Extracted.of(
                    Retraction.cues(last.tail()) ? List.of() : last.parts(),
                    ExtractionRule.LAST_NUMBER));
  }

  /** The last statement with what belongs to it in front and behind, or what replaces it. */
  private Extracted decided(String text, List<Marker> markers, int index, Statement last) {
    Statement chosen = last;
    int first = index;
    // Two markers that read the same place, such as a box behind "the final answer is".
    for (int i = index - 1; i >= 0 && i >= index - MAX_OVERLAPPING; i--) {
      if (text.substring(markers.get(i).start(), last.start()).indexOf('\n') >= 0
          || last.start() - markers.get(i).start() > MathEquality.MAX_CHARACTERS) {
        break;
      }
      if (!comesFirst(rule(markers.get(i)), chosen.rule())) {
        continue;
      }
      Statement other = statement(text, markers, i);
      if (other != null && other.end() > chosen.start()) {
        chosen = other;
        first = i;
      }
    }
    int end = Math.max(chosen.end(), last.end());
    String tail = text.substring(end);
    Optional<Extracted> replaced = replaced(tail, chosen);
    if (replaced.isPresent()) {
      return replaced.get();
    }
    List<String> parts = new ArrayList<>(chosen.parts());
    if (!parts.isEmpty()) {
      parts.addAll(0, joinedBefore(text, markers, first, chosen));
      parts.addAll(StatementReader.numbersBehind(tail));
    }
    return Extracted.of(parts, chosen.rule());
  }

  private List<String> joinedBefore(
      String text, List<Marker> markers, int index, Statement chosen) {
    List<String> parts = new ArrayList<>(); // from the last to the first
    int start = chosen.start();
    Kind kind = chosen.kind();
    for (int i = index - 1; i >= 0; i--) {
      boolean box = kind == Kind.BOX && markers.get(i).kind() == Kind.BOX;
      if (!box && !Alternatives.mayJoinByWord(text, markers.get(i).end(), start)) {
        break;
      }
      Statement before = statement(text, markers, i);
      if (before == null || before.parts().isEmpty() || before.end() > start) {
        break;
      }
      String between = text.substring(before.end(), start);
      boolean boxes = kind == Kind.BOX && before.kind() == Kind.BOX;
      boolean joined = boxes ? Alternatives.join(between, true) : Alternatives.joinByWord(between);
      if (!joined) {
        break;
      }
      parts.addAll(before.parts().reversed());
      start = before.start();
      kind = before.kind();
    }
    if (parts.isEmpty() && chosen.kind() == Kind.BOX) {
      parts.addAll(
          StatementReader.numbersBefore(
                  text.substring(Math.max(0, start - 2 * Alternatives.MAX_BETWEEN), start))
              .reversed());
    }
    return parts.reversed();
  }

  /** What the text behind a statement says instead of it; empty where it says nothing else. */
  private Optional<Extracted> replaced(String tail, Statement statement) {
    if (tail.length() < 4 || tail.isBlank()) {
      return Optional.empty();
    }
    boolean numbers = rules.contains(ExtractionRule.LAST_NUMBER);
    ExtractionRule rule = numbers ? ExtractionRule.LAST_NUMBER : statement.rule();
    int retracted = Retraction.last(tail);
    if (retracted >= 0) {
      List<String> corrected = StatementReader.afterRetraction(tail.substring(retracted), numbers);
      return Optional.of(Extracted.of(corrected, rule));
    }
    boolean weak =
        numbers
            && (statement.kind() == Kind.HASHES
                || statement.kind() == Kind.LETTER
                || statement.kind() == Kind.LABEL);
    if (!weak && !(hasDigit(tail, 0, tail.length()) && SECOND_THOUGHTS.matcher(tail).find())) {
      return Optional.empty();
    }
    return conclusion(tail)
        .flatMap(StatementReader::read)
        .map(reading -> Extracted.of(reading.parts(), rule));
  }

  /** The last sentence with a digit, where it says that it concludes. */
  private static Optional<String> conclusion(String tail) {
    int end = tail.length();
    while (end > 0 && !Character.isDigit(tail.charAt(end - 1))) {
      end--;
    }
    if (end == 0) {
      return Optional.empty();
    }
    int start = end;
    while (start > 0 && end - start < MAX_READ && !isSentenceEnd(tail, start - 1)) {
      start--;
    }
    String sentence = tail.substring(start);
    return CONCLUSION.matcher(sentence).lookingAt() ? Optional.of(sentence) : Optional.empty();
  }

  private static boolean isSentenceEnd(String text, int at) {
    char c = text.charAt(at);
    return c == '\n'
        || (".!?".indexOf(c) >= 0
            && at + 1 < text.length()
            && Character.isWhitespace(text.charAt(at + 1)));
  }

  private ExtractionRule rule(Marker marker) {
    return switch (marker.kind()) {
      case BOX -> ExtractionRule.BOXED;
      case HASHES -> ExtractionRule.HASHES;
      case LETTER -> ExtractionRule.ANSWER_LINE;
      case IS -> owner(ExtractionRule.FINAL_ANSWER, ExtractionRule.ANSWER_LINE);
      case LABEL, INLINE_LABEL ->
          marker.isFinal()
              ? owner(ExtractionRule.FINAL_ANSWER, ExtractionRule.ANSWER_LINE)
              : owner(ExtractionRule.ANSWER_LINE, ExtractionRule.FINAL_ANSWER);
    };
  }

  private @Nullable Statement statement(String text, List<Marker> markers, int index) {
    Marker marker = markers.get(index);
    return switch (marker.kind()) {
      case BOX ->
          isDenied(text, marker)
              ? null
              : new Statement(
                  marker.start(),
                  marker.end(),
                  StatementReader.box(marker.content()),
                  ExtractionRule.BOXED,
                  Kind.BOX);
      case IS -> of(StatementReader.head(text, marker.end()), marker, rule(marker), 0);
      case LABEL, INLINE_LABEL -> label(text, markers, index);
      case LETTER -> line(text, markers, index, ExtractionRule.ANSWER_LINE);
      case HASHES -> hashes(text, marker);
    };
  }

  /** Whether "not" or what crosses it out stands in front of a box, or "is wrong" behind it. */
  private static boolean isDenied(String text, Marker box) {
    String before = text.substring(Math.max(0, box.start() - 40), box.start());
    boolean mayBeDenied =
        before.contains("not")
            || before.contains("n't")
            || before.contains("n’t")
            || before.contains(" of")
            || before.contains(" than")
            || before.contains("cancel{")
            || before.contains("\\s");
    return (mayBeDenied && DENIED.matcher(before).find())
        || Retraction.begins(text.substring(box.end(), Math.min(text.length(), box.end() + 40)));
  }

  private @Nullable Statement label(String text, List<Marker> markers, int index) {
    Marker marker = markers.get(index);
    ExtractionRule rule = rule(marker);
    if (marker.kind() == Kind.INLINE_LABEL) {
      return of(StatementReader.head(text, marker.end()), marker, rule, 0);
    }
    return line(text, markers, index, rule);
  }

  /** The rest of the line behind a label, the next line, or what a longer text comes to. */
  private @Nullable Statement line(
      String text, List<Marker> markers, int index, ExtractionRule rule) {
    Marker marker = markers.get(index);
    int start = marker.end();
    int end = lineEnd(text, start);
    while (end < text.length() && StatementReader.cleaned(lastOf(text, start, end)).isEmpty()) {
      start = end + 1;
      end = lineEnd(text, start);
    }
    String line = lastOf(text, start, end);
    boolean more = !text.substring(end, Math.min(text.length(), end + MAX_READ)).isBlank();
    boolean last = index == markers.size() - 1;
    if (last && more && !(StatementReader.isBare(line) && line.indexOf('=') < 0)) {
      int paragraph = marker.kind() == Kind.LETTER ? -1 : text.indexOf("\n\n", start);
      int regionEnd = paragraph < 0 ? text.length() : paragraph;
      if (!hasDigit(text, start, regionEnd)) {
        regionEnd = text.length();
      }
      String region = lastOf(text, start, regionEnd);
      if (hasDigit(region, 0, region.length())) {
        return of(StatementReader.read(region), marker, rule, regionEnd);
      }
    }
    return of(StatementReader.read(line), marker, rule, end);
  }

  private @Nullable Statement hashes(String text, Marker marker) {
    int start = marker.end();
    int end = lineEnd(text, start);
    String line = lastOf(text, start, end);
    if (StatementReader.cleaned(line).isEmpty() && end < text.length()) {
      while (end < text.length() && StatementReader.cleaned(lastOf(text, start, end)).isEmpty()) {
        start = end + 1;
        end = lineEnd(text, start);
      }
      line = lastOf(text, start, end);
    }
    boolean ends = text.substring(end, Math.min(text.length(), end + MAX_READ)).isBlank();
    if (HEADING.matcher(line).lookingAt() || (!ends && !StatementReader.isBare(line))) {
      return null;
    }
    return of(StatementReader.read(line), marker, ExtractionRule.HASHES, end);
  }

  /** end: index behind the text read, or 0 where the reading says it. */
  private static @Nullable Statement of(
      Optional<StatementReader.Reading> reading, Marker marker, ExtractionRule rule, int end) {
    return reading
        .map(
            read ->
                new Statement(
                    marker.start(), end == 0 ? read.end() : end, read.parts(), rule, marker.kind()))
        .orElse(null);
  }

  private ExtractionRule owner(ExtractionRule rule, ExtractionRule other) {
    return rules.contains(rule) ? rule : other;
  }

  private boolean comesFirst(ExtractionRule rule, ExtractionRule other) {
    return rules.indexOf(rule) < rules.indexOf(other);
  }

  private static int lineEnd(String text, int from) {
    int end = text.indexOf('\n', Math.min(from, text.length()));
    return end < 0 ? text.length() : end;
  }

  private static String lastOf(String text, int start, int end) {
    int from = Math.min(Math.max(start, end - MAX_READ), end);
    return text.substring(from, end);
  }

  private static boolean hasDigit(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (Character.isDigit(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }
}
