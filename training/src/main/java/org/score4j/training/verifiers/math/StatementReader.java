package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the answer out of the text behind a marker: as a whole where it can be read as an answer,
 * else the box, the math, what follows "is", or the last number in it.
 */
final class StatementReader {
  private static final Pattern CLOSING =
      Pattern.compile("I hope (?:it|this) is correct", Pattern.CASE_INSENSITIVE);
  private static final Pattern TAG = Pattern.compile("</?answer>|<\\|[a-z_]{1,20}\\|>|</s>");
  private static final Pattern LABEL =
      Pattern.compile(
          "\\A(?:(?:so|thus|therefore|hence|and|then),? +)?(?:(?:the|my|our|your)"
              + " +)?(?:(?:final|correct|right|exact|short) +)?answers?(?: +(?:is|are|equals|should"
              + " be|must be)\\b| *[:：=])[\\s:*]*(?!not\\b)",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern LABEL_IN_TEXT =
      Pattern.compile("\\A\\\\(?:text\\w*|mathrm|mathbf|mbox)\\s*\\{");
  private static final Pattern WORD = Pattern.compile("(?<![\\\\A-Za-z])[A-Za-z][A-Za-z'’]+");
  private static final Pattern LATEX_TEXT =
      Pattern.compile("\\\\(?:text\\w*|mathrm|mbox|begin|end|operatorname)\\s*\\{[^{}]*\\}");
  private static final Pattern OPERATORS = Pattern.compile("\\\\(?:times|cdot|div)\\b");
  private static final Pattern SENTENCE_END =
      Pattern.compile(
          "(?<![\\s.][A-Za-z]|\\bapprox|\\bsq|\\bcu)[.!?][*_\"”')\\]]{0,3}(?=\\s|$)|\\n");
  private static final Pattern CLAUSE_END =
      Pattern.compile(
          "[,;(]\\s|\\s\\(|\\s[-–—]\\s|—|,?"
              + " (?:because|since|which|so|as|where|when|per|for|if|after|before)\\b");
  private static final Pattern IS =
      Pattern.compile(
          "\\b(?:is|are|equals?|be|was)\\b[\\s:]+(?!not\\b)|=\\s*", Pattern.CASE_INSENSITIVE);
  private static final Pattern CHANGES =
      Pattern.compile(
          "[-\\s]*(?:times|more|less|fewer|plus|minus|over|divided|multiplied|percent"
              + " of|of|to|squared|cubed|factorial|halves|thirds|quarters|wrong|incorrect)\\b"
              + "|\\s*(?:[-+*×÷^=<>?]|/(?![A-Za-z]{3}))|\\s*\\w*\\s*\\d",
          Pattern.CASE_INSENSITIVE);
  private static final Set<String> VALUE_WORDS =
      Set.of(
          ("or and sin cos tan cot sec csc log ln exp sqrt pi frac infinity inf asin acos atan"
                  + " arcsin arccos arctan arc max min gcd lcm mod")
              .split(" ", -1));
  private static final Set<String> CHANGING_WORDS =
      Set.of(
          "no not minus negative never neither nor without less more than wrong incorrect cannot half"
              .split(" ", -1));
  private static final Pattern HEDGE = Pattern.compile("\\s*or\\b", Pattern.CASE_INSENSITIVE);
  // A number, words of what it counts, and the end or a remark in brackets.
  private static final Pattern QUANTITY =
      Pattern.compile(
          "([$€£¥]? ?[-−–]?\\d[\\d.,]*(?: ?[A-Za-z/.]++(?: [A-Za-z/.]++){0,7}+))"
              + " ?(?:\\z|\\((?![^)]*=))");
  private static final Pattern PER =
      Pattern.compile("[$€£¥]? ?[\\d.,]+(?: [A-Za-z]{2,20})?/[A-Za-z]{3,20}\\b");
  private static final Pattern EITHER =
      Pattern.compile(
          "\\b(?:either|maybe|perhaps|possibly|could be|might be|may be)\\s([^.;\\n"
              + "]{1,40}?)[\\s$]+or[\\s$\\\\(]*(?:maybe |perhaps |possibly )?[\\s$\\\\(]*$",
          Pattern.CASE_INSENSITIVE);
  private static final int MIN_PROSE_WORDS = 2;
  private static final int MAX_PLAIN_NUMBER = 30;
  private static final long READING_NANOS = 100_000_000;

  private StatementReader() {}

  /**
   * What a text behind a marker says.
   *
   * @param end index in the text behind what was read
   * @param parts one answer, or the parts of a list; none where it was taken back again
   */
  record Reading(int end, List<String> parts) {}

  /** The content of a box: what is in it counts, but a label is no part of the answer. */
  static List<String> box(String content) {
    char first = content.charAt(0);
    if (first != '\\' && !Character.isLetter(first)) {
      return List.of(content);
    }
    Matcher text = LABEL_IN_TEXT.matcher(content);
    if (!text.find()) {
      String rest = unlabelled(content);
      return List.of(rest.isEmpty() ? content : rest);
    }
    int close = content.indexOf('}', text.end());
    if (close < 0 || content.substring(text.end(), close).indexOf('{') >= 0) {
      return List.of(content);
    }
    String inner = content.substring(text.end(), close).strip();
    String behind = content.substring(close + 1).strip();
    String rest = unlabelled(inner);
    if (!rest.equals(inner)) {
      String said =
          rest.isEmpty() || !hasLetter(rest) ? rest : content.substring(0, text.end()) + rest + "}";
      String answer = (said + " " + behind).strip();
      return List.of(answer.isEmpty() ? content : answer);
    }
    return behind.isEmpty() && isSentence(inner)
        ? read(inner).map(Reading::parts).filter(parts -> !parts.isEmpty()).orElse(List.of(content))
        : List.of(content);
  }

  /** At least two harmless words in front of the first number, such as "She makes 18 dollars". */
  private static boolean isSentence(String text) {
    Matcher words = WORD.matcher(text);
    int number = firstDigit(text);
    int before = 0;
    while (words.find()) {
      if (CHANGING_WORDS.contains(words.group().toLowerCase(Locale.ROOT))) {
        return false;
      }
      before += words.start() < number ? 1 : 0;
    }
    return before >= MIN_PROSE_WORDS;
  }

  private static int firstDigit(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isDigit(text.charAt(i))) {
        return i;
      }
    }
    return -1;
  }

  /** Index of the first character that a number may begin with, or -1. */
  private static int firstOfNumber(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c >= '0' && c <= '9') || c == '\\' || c >= 128) {
        return i;
      }
    }
    return -1;
  }

  /** Digits with signs of a number between them: nothing that had to be looked into. */
  private static boolean isPlainNumber(String text) {
    int start = text.startsWith("-") ? 1 : 0;
    for (int i = start; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean digit = c >= '0' && c <= '9';
      boolean inside = i > start && i < text.length() - 1 && (c == '.' || c == ',');
      if (!digit && !inside) {
        return false;
      }
    }
    return text.length() > start && text.length() <= MAX_PLAIN_NUMBER;
  }

  private static boolean hasLetter(String text) {
    return text.chars().anyMatch(Character::isLetter);
  }

  private static String unlabelled(String text) {
    String rest = text;
    for (int i = 0; i < 3; i++) {
      Matcher label = LABEL.matcher(rest);
      if (!label.find()) {
        return rest;
      }
      rest = stripped(rest.substring(label.end()));
    }
    return rest;
  }

  private static String stripped(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && isEdge(text.charAt(start), "#>:：")) {
      start++;
    }
    while (end > start && isEdge(text.charAt(end - 1), "")) {
      end--;
    }
    String rest = text.substring(start, end);
    int bold = rest.indexOf("**");
    // One that closes what was opened in front of the marker, as in **Answer: 18** dollars.
    if (bold >= 0 && rest.indexOf("**", bold + 2) < 0) {
      rest = rest.substring(0, bold) + rest.substring(bold + 2);
    }
    return rest.strip();
  }

  private static boolean isEdge(char c, String more) {
    return Character.isWhitespace(c) || "*_`\"“”".indexOf(c) >= 0 || more.indexOf(c) >= 0;
  }

  /** Without what closes a response or marks text up. */
  static String cleaned(String text) {
    String rest = text;
    if (text.contains(" hope ")) {
      Matcher closing = CLOSING.matcher(text);
      rest = closing.find() ? text.substring(0, closing.start()) : text;
    }
    rest = rest.indexOf('<') >= 0 ? TAG.matcher(rest).replaceAll(" ") : rest;
    return stripped(rest);
  }

  /** Whether nothing has to be looked into: a value, or text without prose. */
  static boolean isBare(String given) {
    String text = unlabelled(cleaned(given));
    return !text.isEmpty()
        && (!text.equals(cleaned(given)) || !hasProse(text) || isValue(text) || isMath(text));
  }

  private static boolean isMath(String text) {
    return !spans(text).isEmpty();
  }

  /** The answer in the rest of a line or paragraph; empty where there is none. */
  static Optional<Reading> read(String given) {
    int length = given.length();
    String plain = given.strip();
    if (isPlainNumber(plain)) {
      return Optional.of(new Reading(length, List.of(plain)));
    }
    String text = unlabelled(cleaned(given));
    if (text.isEmpty()) {
      return Optional.empty();
    }
    int retracted = Retraction.last(text);
    if (retracted >= 0) {
      List<String> corrected = afterRetraction(text.substring(retracted), true);
      return Optional.of(new Reading(length, corrected));
    }
    List<String> boxes = boxes(text);
    if (!boxes.isEmpty()) {
      return Optional.of(new Reading(length, boxes));
    }
    List<String> spans = spans(text);
    if (!spans.isEmpty()) {
      return Optional.of(new Reading(length, spans));
    }
    String result = resultOfArithmetic(text);
    if (!result.isEmpty()) {
      return read(result).map(reading -> new Reading(length, reading.parts()));
    }
    Matcher quantity = QUANTITY.matcher(text);
    boolean rate = PER.matcher(text).lookingAt();
    if (!rate && isValue(text)) {
      return Optional.of(new Reading(length, List.of(text)));
    }
    if (quantity.lookingAt()) {
      Optional<List<String>> number = headNumber(quantity.group(1));
      if (number.isPresent()) {
        List<String> parts = new ArrayList<>(number.get());
        parts.addAll(numbersBehind(text.substring(quantity.end(1))));
        return Optional.of(new Reading(length, parts));
      }
    }
    if (!hasProse(text)) {
      return Optional.of(new Reading(length, List.of(text)));
    }
    return inProse(text).map(parts -> new Reading(length, parts));
  }

  /** The right side of {@code 9 * 2 = 18}, whose left side has no letter; else empty. */
  private static String resultOfArithmetic(String text) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      return "";
    }
    String left = OPERATORS.matcher(text.substring(0, equals)).replaceAll("*");
    boolean arithmetic =
        firstDigit(left) >= 0
            && left.chars().anyMatch(c -> "-+*/×·÷−–%".indexOf(c) >= 0)
            && left.chars().noneMatch(c -> Character.isLetter(c) || "<>≤≥≠≈\\_".indexOf(c) >= 0);
    return arithmetic ? text.substring(text.lastIndexOf('=') + 1).strip() : "";
  }

  /** The answer directly behind "the answer is", up to the end of its sentence or clause. */
  static Optional<Reading> head(String text, int from) {
    int start = from;
    while (start < text.length() && " :*_\t\n`".indexOf(text.charAt(start)) >= 0) {
      start++;
    }
    int lineEnd = text.indexOf('\n', start);
    lineEnd = Math.min(lineEnd < 0 ? text.length() : lineEnd, start + MathEquality.MAX_CHARACTERS);
    if (start >= lineEnd) {
      return Optional.empty();
    }
    MathSpans.Span first = MathSpans.at(text, start);
    if (first != null) {
      Reading reading = spansFrom(text, first, Math.max(lineEnd, first.end()));
      return isAsked(text, reading.end()) ? Optional.empty() : Optional.of(reading);
    }
    if (text.startsWith("\\boxed", start) || text.startsWith("\\fbox", start)) {
      List<BoxedAnswers.Box> boxes = BoxedAnswers.find(text.substring(start, lineEnd));
      return boxes.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new Reading(start + boxes.getFirst().end(), box(boxes.getFirst().content())));
    }
    String line = currencyEscaped(cleaned(text.substring(start, lineEnd)));
    int bold = text.startsWith("**", start - 2 < 0 ? 0 : start - 2) ? line.indexOf("**") : -1;
    line = bold >= 0 ? stripped(line.substring(0, bold)) : line;
    if (line.endsWith("?") && SENTENCE_END.matcher(line).find() && line.indexOf(". ") < 0) {
      return Optional.empty();
    }
    if (!line.isEmpty() && isAnswer(line)) {
      return Optional.of(new Reading(lineEnd, List.of(line)));
    }
    Matcher sentences = SENTENCE_END.matcher(line);
    int sentenceEnd = sentences.find() ? sentences.start() : line.length();
    String sentence = line.substring(0, sentenceEnd).strip();
    int end = Math.min(lineEnd, start + sentenceEnd);
    if (isAnswer(sentence)) {
      return Optional.of(new Reading(end, List.of(sentence)));
    }
    if (sentence.contains("box") || !MathSpans.in(sentence).isEmpty()) {
      return Optional.empty();
    }
    Matcher clauses = CLAUSE_END.matcher(sentence);
    if (clauses.find() && isAnswer(sentence.substring(0, clauses.start()).strip())) {
      String rest = sentence.substring(clauses.start());
      Optional<List<String>> behind = LastNumber.find(rest);
      boolean hedged =
          behind.isPresent()
              && Alternatives.joinByWord(rest.substring(0, Math.max(0, firstDigit(rest))));
      List<String> parts = new ArrayList<>(List.of(sentence.substring(0, clauses.start()).strip()));
      if (hedged) {
        parts.addAll(behind.get());
      }
      return Optional.of(new Reading(end, parts));
    }
    return headNumber(sentence).map(parts -> new Reading(end, parts));
  }

  /** With {@code \$} for a dollar sign in front of an amount, which opens no math. */
  private static String currencyEscaped(String line) {
    boolean amount =
        line.length() > 1
            && line.charAt(0) == '$'
            && Character.isDigit(line.charAt(1))
            && line.indexOf('$', 1) < 0
            && line.indexOf('\\') < 0;
    return amount ? "\\" + line : line;
  }

  private static boolean isAsked(String text, int end) {
    int at = end;
    while (at < text.length() && " *_)$".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    return at < text.length() && text.charAt(at) == '?';
  }

  private static Optional<List<String>> headNumber(String sentence) {
    String folded = LastNumber.folded(sentence);
    List<LastNumber.Group> groups = LastNumber.groups(folded);
    if (groups.isEmpty()) {
      return Optional.empty();
    }
    LastNumber.Group first = groups.getFirst();
    if (folded.substring(0, first.start()).isBlank()) {
      return CHANGES.matcher(folded.substring(first.end())).lookingAt()
          ? Optional.empty()
          : Optional.of(first.parts());
    }
    return groups.size() == 1 && !folded.substring(0, first.start()).contains("if ")
        ? Optional.of(first.parts())
        : Optional.empty();
  }

  /** A value or a list of values; words alone are none, as in "the answer is unclear". */
  private static boolean isAnswer(String text) {
    return !text.isEmpty()
        && (firstDigit(text) >= 0 || text.length() == 1 || text.startsWith("\\"))
        && (!hasProse(text) || isValue(text))
        && !Retraction.cues(text);
  }

  private static Reading spansFrom(String text, MathSpans.Span first, int lineEnd) {
    List<String> parts = new ArrayList<>(boxesIn(first.content()));
    boolean boxed = hasBox(first.content());
    int end = first.end();
    int at = end;
    while (at < lineEnd) {
      MathSpans.Span next = null;
      int p = at;
      while (p < lineEnd && p - end <= Alternatives.MAX_BETWEEN) {
        next = "$\\".indexOf(text.charAt(p)) >= 0 ? MathSpans.at(text, p) : null;
        if (next != null) {
          break;
        }
        p += text.charAt(p) == '\\' ? 2 : 1;
      }
      if (next == null || !Alternatives.join(text.substring(end, next.start()), true)) {
        break;
      }
      String between = text.substring(end, next.start());
      if (hasBox(next.content())
          && !boxed
          && (!HEDGE.matcher(between).lookingAt() || parts.getLast().endsWith(","))) {
        parts.clear(); // what leads to the box
      }
      boxed |= hasBox(next.content());
      parts.addAll(boxesIn(next.content()));
      end = next.end();
      at = end;
    }
    return new Reading(end, parts);
  }

  private static boolean hasBox(String content) {
    return content.contains("box") && !BoxedAnswers.find(content).isEmpty();
  }

  /** Boxes inside of math stand for it. */
  private static List<String> boxesIn(String content) {
    List<String> boxes = content.contains("box") ? boxes(content) : List.of();
    return boxes.isEmpty() ? List.of(content) : boxes;
  }

  /** The last box and those joined with it. */
  private static List<String> boxes(String text) {
    List<BoxedAnswers.Box> boxes = text.contains("box") ? BoxedAnswers.find(text) : List.of();
    List<String> parts = new ArrayList<>();
    for (int i = boxes.size() - 1; i >= 0; i--) {
      if (i < boxes.size() - 1
          && !Alternatives.join(
              text.substring(boxes.get(i).end(), boxes.get(i + 1).start()), true)) {
        break;
      }
      parts.addAll(0, box(boxes.get(i).content()));
    }
    if (!parts.isEmpty()) {
      BoxedAnswers.Box last = boxes.getLast();
      parts.addAll(numbersBehind(text.substring(last.end())));
    }
    return parts;
  }

  /** Numbers that an "or" joins to what stands in front of the text. */
  static List<String> numbersBehind(String tail) {
    List<String> parts = new ArrayList<>();
    if (tail.length() < 4) {
      return parts;
    }
    String head = tail.substring(0, Math.min(tail.length(), 2 * Alternatives.MAX_BETWEEN));
    int first = firstOfNumber(head);
    boolean plain = first >= 0 && Character.isDigit(head.charAt(first));
    if (first < 0 || (plain && !Alternatives.joinByWord(head.substring(0, first)))) {
      return parts;
    }
    String near = LastNumber.folded(head);
    List<LastNumber.Group> groups = LastNumber.groups(near);
    if (!groups.isEmpty()
        && Alternatives.joinByWord(near.substring(0, groups.getFirst().start()))) {
      parts.addAll(groups.getFirst().parts());
    }
    return parts;
  }

  /** The number of "either 5 or" in front of a box. A bare "5 or" can say the same thing again. */
  static List<String> numbersBefore(String head) {
    if (!head.contains(" or")) {
      return List.of();
    }
    String near =
        LastNumber.folded(head.substring(Math.max(0, head.length() - Alternatives.MAX_BETWEEN)));
    Matcher either = EITHER.matcher(near);
    if (!either.find()) {
      return List.of();
    }
    return LastNumber.find(either.group(1)).orElse(List.of());
  }

  /** The last math of a text and what is joined with it, unless a number stands behind it. */
  private static List<String> spans(String text) {
    if (text.indexOf('$') < 0 && text.indexOf('\\') < 0) {
      return List.of();
    }
    List<MathSpans.Span> spans = MathSpans.in(text);
    List<String> parts = new ArrayList<>();
    for (int i = spans.size() - 1; i >= 0; i--) {
      if (i < spans.size() - 1
          && !Alternatives.join(
              text.substring(spans.get(i).end(), spans.get(i + 1).start()), true)) {
        break;
      }
      parts.addAll(0, boxesIn(spans.get(i).content()));
    }
    if (parts.isEmpty()) {
      return parts;
    }
    String tail = text.substring(spans.getLast().end());
    List<String> joined = numbersBehind(tail);
    if (joined.isEmpty() && firstDigit(tail) >= 0) {
      return List.of();
    }
    parts.addAll(joined);
    return parts;
  }

  private static Optional<List<String>> inProse(String text) {
    if (firstDigit(text) < 0) {
      Matcher is = IS.matcher(text);
      int behind = -1;
      while (is.find()) {
        behind = is.end();
      }
      String said = behind < 0 ? text : stripped(text.substring(behind));
      return Optional.of(List.of(said.isEmpty() ? text : said));
    }
    Optional<List<String>> numbers = LastNumber.find(text);
    return numbers.isPresent() ? numbers : Optional.of(List.of(text));
  }

  /**
   * What a text behind a retraction says instead; empty where it says nothing.
   *
   * @param numbers whether any number counts, or only one behind words such as "should be"
   */
  static List<String> afterRetraction(String tail, boolean numbers) {
    String text = cleaned(tail);
    List<String> marked = spans(text);
    if (!marked.isEmpty()) {
      return numbers || Retraction.statesBefore(text, marked.getFirst()) ? marked : List.of();
    }
    if (numbers) {
      return LastNumber.find(text).orElse(List.of());
    }
    String folded = LastNumber.folded(text);
    List<LastNumber.Group> groups = LastNumber.groups(folded);
    return !groups.isEmpty() && Retraction.states(folded.substring(0, groups.getLast().start()))
        ? groups.getLast().parts()
        : List.of();
  }

  /** Words that are no unit, function or connective of a value. */
  static boolean hasProse(String text) {
    Matcher words = WORD.matcher(withoutMath(text));
    while (words.find()) {
      String word = words.group().toLowerCase(Locale.ROOT);
      if (!VALUE_WORDS.contains(word) && !Units.isUnit(word)) {
        return true;
      }
    }
    return false;
  }

  private static String withoutMath(String text) {
    String rest = text;
    if (text.indexOf('$') >= 0 || text.contains("\\(") || text.contains("\\[")) {
      StringBuilder outside = new StringBuilder(text.length());
      int from = 0;
      for (MathSpans.Span span : MathSpans.in(text)) {
        outside.append(text, from, span.start()).append(' ');
        from = span.end();
      }
      rest = outside.append(text, from, text.length()).toString();
    }
    return rest.indexOf('\\') < 0 ? rest : LATEX_TEXT.matcher(rest).replaceAll(" ");
  }

  /** Whether the parser reads all of the text as values, in front of which no word stands. */
  private static boolean isValue(String text) {
    if (text.length() > MathEquality.MAX_CHARACTERS || beginsWithProse(text)) {
      return false;
    }
    Matcher sentences = SENTENCE_END.matcher(text);
    if (sentences.find() && !text.substring(sentences.end()).isBlank()) {
      return false;
    }
    try {
      Budget budget = new Budget(READING_NANOS);
      return isRead(new AnswerParser(budget).parse(LatexLexer.tokens(text, false).tokens()));
    } catch (Budget.Exceeded e) {
      return true;
    }
  }

  private static boolean beginsWithProse(String text) {
    Matcher word = WORD.matcher(text);
    return word.lookingAt() && hasProse(word.group());
  }

  private static boolean isRead(Answer answer) {
    return switch (answer) {
      case Answer.Unread u -> false;
      case Answer.Words w -> false;
      case Answer.Listed(String text, List<Answer> elements, boolean alternatives) ->
          elements.stream().allMatch(StatementReader::isRead);
      case Answer.Relation relation ->
          relation.sides().stream().noneMatch(Answer.Unread.class::isInstance);
      default -> true;
    };
  }
}
