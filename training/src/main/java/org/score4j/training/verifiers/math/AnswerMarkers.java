package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The places of a text that say that an answer follows. Linear time. */
final class AnswerMarkers {
  private static final int MAX_BETWEEN = 60;
  private static final int MAX_QUALIFYING = 5;
  private static final int MAX_WORD = 16;
  private static final String DECORATION = "*_#>`~-• \t";
  private static final Pattern IS =
      Pattern.compile(
          "[*_\\s]{0,4}(?:is|equals|should be|must be|would be|will be|becomes|comes out to(?:"
              + " be)?|=)(?![\\w'’])(?<not> not\\b|"
              + " never\\b)?(?:[,\\s]+(?:thus|therefore|then|hence|simply|just|now|indeed|actually|really|equal"
              + " to|clearly|exactly|still|also|given by)\\b)*",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern EQUALS = Pattern.compile("equals|=|equal to");
  private static final Pattern OF =
      Pattern.compile(
          "(?: (?:to|in|for|of)\\b[^.\\n"
              + ":=]{0,60}?| here| now| below)(?= (?:is|equals|should be|must be) )",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern COLON = Pattern.compile("[*_\\s&&[^\\n]]{0,4}[:：]");
  private static final Pattern LINE_REST = Pattern.compile("[*_#:\\s&&[^\\n]]*(?=\\n|$)");
  private static final Pattern LABEL = Pattern.compile("([A-Z])[*_]{0,2}[:：]");
  // Somebody else's answer, or one that is no longer held.
  private static final Set<String> DISOWNING =
      Set.of(
          ("wrong incorrect previous earlier first initial old original former other his her their"
                  + " prior possible no a an any each every")
              .split(" ", -1));
  private static final Set<String> QUALIFYING =
      Set.of("the my our so thus therefore hence and final correct right short".split(" ", -1));

  /** What a marker is. */
  enum Kind {
    /** A box, which holds its answer. */
    BOX,
    /** "The answer is". */
    IS,
    /** A line that begins with "Answer:", or is a heading "Answer". */
    LABEL,
    /** "Answer:" within a line. */
    INLINE_LABEL,
    /** A line that begins with "A:". */
    LETTER,
    /** {@code ####}. */
    HASHES
  }

  /**
   * A place.
   *
   * @param kind what stands there
   * @param start its index
   * @param end index behind it, where the answer begins; for a box behind the answer
   * @param content of a box, else empty
   * @param isFinal whether it speaks of the final answer
   */
  record Marker(Kind kind, int start, int end, String content, boolean isFinal) {}

  private final String text;
  private final int firstBoxEnd;
  private final List<Marker> markers = new ArrayList<>();

  private AnswerMarkers(String text, List<BoxedAnswers.Box> boxes) {
    this.text = text;
    firstBoxEnd = boxes.isEmpty() ? Integer.MAX_VALUE : boxes.getFirst().end();
  }

  /** The places that some of the rules read, in the order of the text. */
  static List<Marker> find(String text, Set<ExtractionRule> rules) {
    List<BoxedAnswers.Box> boxes = BoxedAnswers.find(text);
    AnswerMarkers found = new AnswerMarkers(text, boxes);
    if (rules.contains(ExtractionRule.FINAL_ANSWER) || rules.contains(ExtractionRule.ANSWER_LINE)) {
      found.words("nswer");
      found.words("NSWER");
    }
    if (rules.contains(ExtractionRule.ANSWER_LINE)) {
      found.letters();
    }
    if (rules.contains(ExtractionRule.HASHES)) {
      found.hashes();
    }
    found.markers.sort(Comparator.comparingInt(Marker::start));
    return merged(found.markers, rules.contains(ExtractionRule.BOXED), boxes);
  }

  /** Boxes between the other markers; what stands inside a box is its content. */
  private static List<Marker> merged(
      List<Marker> others, boolean useBoxes, List<BoxedAnswers.Box> boxes) {
    if (boxes.isEmpty()) {
      return others;
    }
    List<Marker> all = new ArrayList<>(others.size() + boxes.size());
    int next = 0;
    for (BoxedAnswers.Box box : boxes) {
      while (next < others.size() && others.get(next).start() < box.start()) {
        all.add(others.get(next++));
      }
      while (next < others.size() && others.get(next).start() < box.end()) {
        next++;
      }
      if (useBoxes) {
        all.add(new Marker(Kind.BOX, box.start(), box.end(), box.content(), false));
      }
    }
    all.addAll(others.subList(next, others.size()));
    return all;
  }

  private void words(String word) {
    for (int at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length())) {
      int start = at - 1;
      int end = at + word.length();
      boolean whole =
          start >= 0
              && (text.charAt(start) == 'a' || text.charAt(start) == 'A')
              && (start == 0 || !Character.isLetterOrDigit(text.charAt(start - 1)));
      if (!whole) {
        continue;
      }
      end = text.startsWith("s", end) ? end + 1 : end;
      if (end < text.length() && Character.isLetter(text.charAt(end))) {
        continue;
      }
      answer(start, end);
    }
  }

  private void answer(int word, int behind) {
    int start = word;
    boolean isFinal = false;
    boolean refersBack = false;
    for (int i = 0; i < MAX_QUALIFYING; i++) {
      int end = start;
      while (end > 0 && start - end < 4 && "*_, \t".indexOf(text.charAt(end - 1)) >= 0) {
        end--;
      }
      int begin = end;
      while (begin > 0 && end - begin < MAX_WORD && isWord(text.charAt(begin - 1))) {
        begin--;
      }
      String before = text.substring(begin, end).toLowerCase(Locale.ROOT);
      if (end == start || (i == 0 && isDisowning(before))) {
        if (end < start) {
          return;
        }
        break;
      }
      if (!QUALIFYING.contains(before)) {
        refersBack = i == 0 && (before.equals("this") || before.equals("that"));
        break;
      }
      isFinal |= i == 0 && before.equals("final");
      start = begin;
    }
    boolean beginsLine = onlyDecorationBefore(start);
    Matcher colon = matcher(COLON, behind);
    if (colon.lookingAt()) {
      Kind kind = beginsLine ? Kind.LABEL : Kind.INLINE_LABEL;
      if (kind == Kind.INLINE_LABEL && !beginsSentence(start)) {
        return;
      }
      markers.add(new Marker(kind, start, colon.end(), "", isFinal));
      return;
    }
    Matcher rest = matcher(LINE_REST, behind);
    if (beginsLine && rest.lookingAt()) {
      if (rest.end() < text.length()) {
        markers.add(new Marker(Kind.LABEL, start, rest.end(), "", isFinal));
      }
      return;
    }
    Matcher of = matcher(OF, behind);
    Matcher is = matcher(IS, of.lookingAt() ? of.end() : behind);
    if (is.lookingAt() && is.group("not") == null && !(refersBack && restates(is, start))) {
      markers.add(new Marker(Kind.IS, start, is.end(), "", isFinal));
    }
  }

  /** "This answer equals" behind a box says what is in the box again. */
  private boolean restates(Matcher is, int start) {
    return firstBoxEnd <= start && EQUALS.matcher(is.group()).find();
  }

  private static boolean isDisowning(String word) {
    return DISOWNING.contains(word)
        || word.endsWith("'s")
        || word.endsWith("’s")
        || word.endsWith("s'")
        || word.endsWith("s’");
  }

  private static boolean isWord(char c) {
    return Character.isLetter(c) || c == '\'' || c == '’';
  }

  /** {@code A:} at the start of a line, unless other letters label lines as well. */
  private void letters() {
    List<Marker> found = new ArrayList<>();
    for (int at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
      int letter = at - 1;
      while (letter > 0 && at - letter < 3 && "*_".indexOf(text.charAt(letter)) >= 0) {
        letter--;
      }
      if (letter < 0 || !isCapital(letter) || !onlyDecorationBefore(letter)) {
        continue;
      }
      Matcher label = matcher(LABEL, letter);
      if (!label.lookingAt()) {
        continue;
      }
      char c = text.charAt(letter);
      if (c == 'A') {
        found.add(new Marker(Kind.LETTER, letter, label.end(), "", false));
      } else if (c != 'Q') {
        return;
      }
    }
    markers.addAll(found);
  }

  private void hashes() {
    int at = text.indexOf("####");
    while (at >= 0) {
      int end = at + 4;
      while (end < text.length() && text.charAt(end) == '#') {
        end++;
      }
      markers.add(new Marker(Kind.HASHES, at, end, "", false));
      at = text.indexOf("####", end);
    }
  }

  private boolean isCapital(int index) {
    return text.charAt(index) >= 'A' && text.charAt(index) <= 'Z';
  }

  /** Whether nothing but marks of Markdown stands between the line's start and the index. */
  private boolean onlyDecorationBefore(int index) {
    int at = index - 1;
    int limit = Math.max(0, index - MAX_BETWEEN);
    while (at >= limit && DECORATION.indexOf(text.charAt(at)) >= 0) {
      at--;
    }
    return at < 0 || text.charAt(at) == '\n';
  }

  private boolean beginsSentence(int index) {
    int at = index - 1;
    int limit = Math.max(0, index - MAX_BETWEEN);
    while (at >= limit && DECORATION.indexOf(text.charAt(at)) >= 0) {
      at--;
    }
    return at >= 0 && ".!?;)$}]".indexOf(text.charAt(at)) >= 0;
  }

  private Matcher matcher(Pattern pattern, int from) {
    return pattern.matcher(text).region(from, text.length()).useTransparentBounds(true);
  }
}
