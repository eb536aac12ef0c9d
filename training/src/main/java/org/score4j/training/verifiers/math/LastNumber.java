package org.score4j.training.verifiers.math;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The last number of a prose text, with all that belongs to it: sign, separators of thousands,
 * decimals, exponent, a denominator, whole and fraction of a mixed number, a scale word such as
 * million. Numbers joined by an operator are one expression, and numbers joined by a comma, "and"
 * or "or" are one list: neither {@code 9 * 2} nor {@code 18 or 2} says 2.
 */
final class LastNumber {
  private static final int MAX_EXPONENT = 40;
  private static final int MAX_WORD = 24;
  private static final int FIRST_WINDOW = 80;
  private static final int GROUPS_IN_FRONT = 1;
  private static final int GROUPS_IN_FRONT_OF_LATEX = 3;
  private static final String CURRENCIES = "$€£¥₹";
  private static final String CURRENCY_OR_ESCAPE = CURRENCIES + "\\";
  private static final String SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  private static final Map<Character, String> VULGAR =
      Map.ofEntries(
          Map.entry('½', "1/2"),
          Map.entry('⅓', "1/3"),
          Map.entry('⅔', "2/3"),
          Map.entry('¼', "1/4"),
          Map.entry('¾', "3/4"),
          Map.entry('⅕', "1/5"),
          Map.entry('⅖', "2/5"),
          Map.entry('⅗', "3/5"),
          Map.entry('⅘', "4/5"),
          Map.entry('⅙', "1/6"),
          Map.entry('⅚', "5/6"),
          Map.entry('⅛', "1/8"),
          Map.entry('⅜', "3/8"),
          Map.entry('⅝', "5/8"),
          Map.entry('⅞', "7/8"));
  private static final Map<String, String> FRACTION_WORDS =
      Map.of(
          "a half", "1/2",
          "one half", "1/2",
          "a third", "1/3",
          "one third", "1/3",
          "two thirds", "2/3",
          "a quarter", "1/4",
          "one quarter", "1/4",
          "three quarters", "3/4");
  private static final Map<String, BigDecimal> SCALES =
      Map.of(
          "hundred", BigDecimal.valueOf(100),
          "thousand", BigDecimal.valueOf(1_000),
          "million", BigDecimal.valueOf(1_000_000),
          "billion", BigDecimal.valueOf(1_000_000_000),
          "trillion", BigDecimal.valueOf(1_000_000_000_000L),
          "dozen", BigDecimal.valueOf(12));

  // A minus apart from its number is a sign behind these words; elsewhere it is a dash.
  private static final Set<String> BEFORE_SIGN =
      Set.of(
          ("is are was were be equals equal leaves leave gives give get gets makes becomes has have"
                  + " to of with by at owes yields")
              .split(" ", -1));

  // What counts an item of the text, and not the thing asked for.
  private static final Set<String> ORDINALS =
      Set.of(
          "in on by after before day step week month year case part problem question"
              .split(" ", -1));

  private static final Pattern SCALE =
      Pattern.compile(
          "[ -](hundred|thousand|million|billion|trillion|dozen)s?\\b", Pattern.CASE_INSENSITIVE);
  private static final Pattern AND_FRACTION =
      Pattern.compile(
          "(?: [a-z]+)? and (a half|one half|a third|one third|two thirds|a quarter|one"
              + " quarter|three quarters)\\b");
  private static final Pattern FRACTION_NOUN =
      Pattern.compile(
          " (?:hal(?:f|ves)|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?)\\b");
  private static final Pattern BELOW_ZERO =
      Pattern.compile(
          " ?(?:°|degrees?)?(?: ?(?:celsius|fahrenheit|[cf]))? below zero\\b",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern PART =
      Pattern.compile(
          "(?: {1,2}|-| and )(\\d{1,9}) ?/ ?(\\d{1,9})(?![\\d/.])|(?: ?)\\\\[dt]?frac"
              + " ?(?:\\{(\\d{1,9})\\} ?\\{(\\d{1,9})\\}|(\\d)(\\d))");
  private static final Pattern FRACTION =
      Pattern.compile("\\\\[dtc]?frac ?(?:\\{ ?[\\d.,]+ ?\\} ?\\{ ?[\\d.,]+ ?\\}|\\d\\d)");
  private static final Pattern ROOT =
      Pattern.compile("(?:√|\\\\sqrt) ?(?:\\{ ?\\d+ ?\\}|\\( ?\\d+ ?\\)|\\d+)");
  private static final Pattern OPERATOR =
      Pattern.compile(
          " ?(?:(?:\\*\\*|[*×·⋅÷/+^-]|\\\\(?:times|cdot|div) ?|x(?=["
              + " \\d]))|(?:plus|minus|times|divided by|over) ) ?|[:,._/](?=\\d)");
  // The first characters of what the patterns match, past a space.
  private static final String OPERATOR_SIGNS = "*×·⋅÷/+^-\\xpmtdo:,._";
  private static final String PART_SIGNS = "-\\ a0123456789";
  private static final String SCALE_SIGNS = "-htmbdHTMBD";
  private static final Pattern RANGE = Pattern.compile(" ?(?:to|through|until) ");
  private static final Pattern EXPONENT = Pattern.compile("[eE][+-]?\\d{1,9}(?![\\w.])");
  private static final Pattern DENIED =
      Pattern.compile(
          "(?:\\b(?:not|rather than|instead of|(?:more|less|fewer|greater|other) than|different"
              + " from)|n['’]t) ?(?:an? |the |exactly )?[$€£¥₹\\\\ ]{0,3}$",
          Pattern.CASE_INSENSITIVE);

  // The last words of what DENIED matches.
  private static final Set<String> BEFORE_DENIED =
      Set.of("not", "than", "of", "from", "t", "a", "an", "the", "exactly", "");

  private final String text;
  private final boolean hasFractionWords;
  private final boolean hasBelowZero;
  private final List<Group> groups = new ArrayList<>();
  private int at;

  /**
   * Numbers that are one answer.
   *
   * @param start index of the first in the folded text, with its sign
   * @param end index behind the last
   * @param parts the numbers
   */
  record Group(int start, int end, List<String> parts) {}

  private LastNumber(String text) {
    this.text = text;
    hasFractionWords =
        text.contains(" and ")
            && (text.contains("half") || text.contains("third") || text.contains("quarter"));
    hasBelowZero = text.contains("below zero");
  }

  /** The last number or list of numbers; empty where the text has none. */
  static Optional<List<String>> find(String text) {
    return last(text).map(Last::parts);
  }

  /**
   * The last number or list of numbers of a text.
   *
   * @param parts the numbers
   * @param tail the folded text behind them
   */
  record Last(List<String> parts, String tail) {}

  /**
   * The last of {@link #groups}. The text is read from near its end, further back only until
   * another stands in front of it, so that nothing further away can belong to the last.
   */
  static Optional<Last> last(String text) {
    for (long window = FIRST_WINDOW; window < text.length(); window *= 4) {
      int start = text.lastIndexOf(' ', text.length() - (int) window) + 1;
      String folded = folded(text.substring(start));
      List<Group> groups = groups(folded);
      // A fraction may have been cut in its middle.
      boolean cut = folded.indexOf('}') >= 0;
      if (groups.size() > (cut ? GROUPS_IN_FRONT_OF_LATEX : GROUPS_IN_FRONT)) {
        return Optional.of(last(folded, groups));
      }
    }
    String folded = folded(text);
    List<Group> groups = groups(folded);
    return groups.isEmpty() ? Optional.empty() : Optional.of(last(folded, groups));
  }

  private static Last last(String folded, List<Group> groups) {
    Group last = groups.getLast();
    return new Last(last.parts(), folded.substring(last.end()));
  }

  /** All numbers and lists of numbers of a folded text, from left to right. */
  static List<Group> groups(String folded) {
    LastNumber numbers = new LastNumber(folded);
    numbers.scan();
    return numbers.groups;
  }

  /** With ASCII digits, signs and spaces for all of Unicode's, and nothing of no width. */
  static String folded(String text) {
    if (isAscii(text)) {
      return text;
    }
    StringBuilder folded = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER) {
                folded.append(Character.digit(c, 10));
              } else if ("\u00a0\u2002\u2003\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"
                      .indexOf(c)
                  >= 0) {
                folded.append(' ');
              } else if ("−–‐‑‒－﹣⁻".indexOf(c) >= 0) {
                folded.append('-');
              } else if (c >= '！' && c <= '～') {
                folded.append((char) (c - '！' + '!'));
              } else if (c == '⁄' || c == '∕') {
                folded.append('/');
              } else if ("\u200b\u200c\u200d\u2060\ufeff\u00ad".indexOf(c) < 0) {
                folded.appendCodePoint(c);
              }
            });
    return folded.toString();
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 128) {
        return false;
      }
    }
    return true;
  }

  private void scan() {
    while (at < text.length()) {
      if (beginsTerm(at)) {
        int start = at;
        String value = expression();
        add(start, value);
      } else {
        at++;
      }
    }
  }

  private void add(int numberStart, String value) {
    int start = signStart(numberStart);
    if (BEFORE_DENIED.contains(wordBefore(start))
        && DENIED.matcher(text.substring(Math.max(0, start - MAX_WORD), start)).find()) {
      return;
    }
    Group before = groups.isEmpty() ? null : groups.getLast();
    if (before != null
        && start >= before.end()
        && start - before.end() <= Alternatives.MAX_BETWEEN) {
      String between = text.substring(before.end(), start);
      boolean range =
          between.length() < MAX_WORD
              && RANGE.matcher(between).matches()
              && !wordBefore(before.start()).equals("from");
      boolean joined =
          range
              || (Alternatives.join(between, false)
                  && (Alternatives.joinByWord(between)
                      || !ORDINALS.contains(wordBefore(before.start()))));
      if (joined) {
        before.parts().add(value);
        groups.set(groups.size() - 1, new Group(before.start(), at, before.parts()));
        return;
      }
    }
    groups.add(new Group(start, at, new ArrayList<>(List.of(value))));
  }

  private boolean beginsTerm(int index) {
    if (index >= text.length()) {
      return false;
    }
    char c = text.charAt(index);
    return isDigit(index)
        || (c == '.' && isDigit(index + 1) && !isDigit(index - 1))
        || (c >= 128 && VULGAR.containsKey(c))
        || (c == '√' && lookingAt(ROOT, index) >= 0)
        || (c == '\\' && (lookingAt(FRACTION, index) >= 0 || lookingAt(ROOT, index) >= 0));
  }

  /** Terms with operators between them; the cursor ends behind the last. */
  private String expression() {
    int start = at;
    String first = (isNegative(start) ? "-" : "") + term();
    StringBuilder all = null;
    while (true) {
      int operator = mayContinue(OPERATOR_SIGNS) ? lookingAt(OPERATOR, at) : -1;
      if (operator < 0) {
        break;
      }
      int next = operator;
      while (next < text.length()
          && (CURRENCIES.indexOf(text.charAt(next)) >= 0
              || " {(-\\".indexOf(text.charAt(next)) >= 0)
          && next - operator < 4) {
        if (text.charAt(next) == '\\' && beginsTerm(next)) {
          break;
        }
        next++;
      }
      if (!beginsTerm(next)) {
        break;
      }
      all = all == null ? new StringBuilder(first) : all;
      all.append(symbols(text.substring(at, next)));
      at = next;
      all.append(term());
      if (at < text.length() && text.charAt(at) == '}' && all.indexOf("{") >= 0) {
        all.append('}');
        at++;
      }
    }
    return all == null ? first : all.toString();
  }

  /** Whether the character at the cursor, or behind a space there, is one of the signs. */
  private boolean mayContinue(String signs) {
    int next = at < text.length() && text.charAt(at) == ' ' ? at + 1 : at;
    return next < text.length() && signs.indexOf(text.charAt(next)) >= 0;
  }

  private static String symbols(String operator) {
    if (operator.chars().noneMatch(Character::isLetter)) {
      return operator;
    }
    return operator
        .replace("divided by", "/")
        .replace("over", "/")
        .replace("minus", "-")
        .replace("plus", "+")
        .replaceAll("(?<!\\\\)times|(?<!\\\\)x", "*");
  }

  private String term() {
    int start = at;
    char c = text.charAt(at);
    int end = c == '\\' || c == '√' ? Math.max(lookingAt(FRACTION, at), lookingAt(ROOT, at)) : -1;
    if (end >= 0) {
      at = end;
      return text.substring(start, end);
    }
    if (VULGAR.containsKey(c)) {
      at++;
      return VULGAR.getOrDefault(c, "");
    }
    String digits = number();
    if (digits.indexOf('.') < 0) {
      String mixed = mixed(digits);
      if (mixed != null) {
        return mixed;
      }
    }
    char next = at < text.length() ? text.charAt(at) : 0;
    int exponent = next == 'e' || next == 'E' ? lookingAt(EXPONENT, at) : -1;
    if (exponent >= 0) {
      String written = digits + text.substring(at, exponent);
      at = exponent;
      return scientific(written);
    }
    int root = next == '√' || next == '\\' ? lookingAt(ROOT, at) : -1;
    if (root >= 0) {
      String written = text.substring(at, root);
      at = root;
      return digits + written;
    }
    return suffixed(digits);
  }

  /** Digits in groups and decimals, without separators other than commas. */
  private String number() {
    StringBuilder digits = new StringBuilder();
    int first = at;
    digits(digits);
    int length = at - first;
    if (length > 0 && length <= 3) {
      char separator = at < text.length() ? text.charAt(at) : 0;
      if (" ,'’_".indexOf(separator) >= 0 && (separator != ' ' || text.charAt(first) != '0')) {
        while (separatorLength(separator) > 0 && isGroup(at + separatorLength(separator))) {
          if (separator == ',') {
            digits.append(',');
          }
          at += separatorLength(separator);
          digits(digits);
        }
      } else if (separator == '.' && isGroup(at + 1) && continental(digits)) {
        return digits.toString();
      } else if (separator == '\\' || separator == '{') {
        while (separatorLength(separator) > 0 && isGroup(at + separatorLength(separator))) {
          at += separatorLength(separator);
          digits(digits);
        }
      }
    }
    if (at < text.length() && text.charAt(at) == '.' && isDigit(at + 1)) {
      at++;
      digits.append('.');
      digits(digits);
    }
    return digits.toString();
  }

  private int separatorLength(char separator) {
    if (separator == '\\' || separator == '{') {
      return text.startsWith("\\,", at) || text.startsWith("\\!", at)
          ? 2
          : text.startsWith("{,}", at) ? 3 : 0;
    }
    boolean mixed = separator == ' ' && lookingAt(PART, at) >= 0;
    return at < text.length() && text.charAt(at) == separator && !mixed ? 1 : 0;
  }

  /** {@code 1.234.567} and {@code 1.234,50}; a single dot without a comma is a decimal point. */
  private boolean continental(StringBuilder digits) {
    int from = at;
    int length = digits.length();
    int groups = 0;
    while (at < text.length() && text.charAt(at) == '.' && isGroup(at + 1)) {
      at++;
      digits(digits);
      groups++;
    }
    if (at < text.length() && text.charAt(at) == ',' && isDigit(at + 1)) {
      at++;
      digits.append('.');
      digits(digits);
      return true;
    }
    if (groups > 1) {
      return true;
    }
    at = from;
    digits.setLength(length);
    return false;
  }

  private @Nullable String mixed(String whole) {
    if (at < text.length() && VULGAR.containsKey(text.charAt(at))) {
      return whole + " " + VULGAR.getOrDefault(text.charAt(at++), "");
    }
    Matcher part = mayContinue(PART_SIGNS) ? matcher(PART, at) : null;
    if (part != null && part.lookingAt()) {
      String numerator = firstOf(part.group(1), part.group(3), part.group(5));
      String denominator = firstOf(part.group(2), part.group(4), part.group(6));
      if (Integer.parseInt(numerator) < Integer.parseInt(denominator)) {
        at = part.end();
        return "%s %s/%s".formatted(whole, numerator, denominator);
      }
    }
    if (!hasFractionWords) {
      return null;
    }
    Matcher fraction = matcher(AND_FRACTION, at);
    if (fraction.lookingAt()) {
      at = fraction.end();
      return whole + " " + FRACTION_WORDS.getOrDefault(fraction.group(1), "");
    }
    return null;
  }

  private static String firstOf(@Nullable String... groups) {
    for (@Nullable String group : groups) {
      if (group != null) {
        return group;
      }
    }
    throw new IllegalStateException("a fraction without a numerator");
  }

  private static String scientific(String written) {
    if (written.length() > 2 * MAX_EXPONENT) {
      return written;
    }
    BigDecimal value = new BigDecimal(written.replace(",", ""));
    return Math.abs((long) value.scale()) <= MAX_EXPONENT ? value.toPlainString() : written;
  }

  /** Powers, percent signs and words that multiply. */
  private String suffixed(String digits) {
    int power = at;
    while (power < text.length() && SUPERSCRIPTS.indexOf(text.charAt(power)) >= 0) {
      power++;
    }
    if (power > at) {
      StringBuilder written = new StringBuilder(digits).append('^').append('{');
      while (at < power) {
        written.append(SUPERSCRIPTS.indexOf(text.charAt(at++)));
      }
      return written.append('}').toString();
    }
    if (text.startsWith("%", at) || text.startsWith("\\%", at)) {
      at += text.charAt(at) == '%' ? 1 : 2;
      return digits + "\\%";
    }
    BigDecimal factor = BigDecimal.ONE;
    while (mayContinue(SCALE_SIGNS)) {
      Matcher scale = matcher(SCALE, at);
      if (!scale.lookingAt()) {
        break;
      }
      factor =
          factor.multiply(
              SCALES.getOrDefault(scale.group(1).toLowerCase(Locale.ROOT), BigDecimal.ONE));
      at = scale.end();
    }
    if (at < text.length() && "kK".indexOf(text.charAt(at)) >= 0 && !isLetterOrDigit(at + 1)) {
      factor = factor.multiply(BigDecimal.valueOf(1_000));
      at++;
    }
    if (factor.compareTo(BigDecimal.ONE) > 0 && digits.length() <= MAX_EXPONENT) {
      return new BigDecimal(digits.replace(",", ""))
          .multiply(factor)
          .stripTrailingZeros()
          .toPlainString();
    }
    int noun = mayContinue("htqfsen") ? lookingAt(FRACTION_NOUN, at) : -1;
    if (noun >= 0) {
      String written = digits + text.substring(at, noun);
      at = noun;
      return written;
    }
    int below = hasBelowZero ? lookingAt(BELOW_ZERO, at) : -1;
    if (below >= 0) {
      at = below;
      return "-" + digits;
    }
    return digits;
  }

  private void digits(StringBuilder digits) {
    while (isDigit(at)) {
      digits.append(text.charAt(at++));
    }
  }

  private boolean isGroup(int index) {
    return isDigit(index) && isDigit(index + 1) && isDigit(index + 2) && !isDigit(index + 3);
  }

  /** Where a number begins with its currency and its sign. */
  private int signStart(int numberStart) {
    int start = numberStart;
    while (start > 0 && CURRENCY_OR_ESCAPE.indexOf(text.charAt(start - 1)) >= 0) {
      start--;
    }
    if (isNegative(numberStart)) {
      int sign = text.lastIndexOf('-', start - 1);
      return sign >= 0 && start - sign <= 2 ? sign : start - wordBefore(start).length() - 1;
    }
    return start;
  }

  /** A minus in front, past a currency sign, that is no subtraction. */
  private boolean isNegative(int numberStart) {
    int start = numberStart;
    while (start > 0 && CURRENCY_OR_ESCAPE.indexOf(text.charAt(start - 1)) >= 0) {
      start--;
    }
    int sign = start - 1;
    if (sign >= 0 && text.charAt(sign) == '-') {
      char before = sign == 0 ? ' ' : text.charAt(sign - 1);
      return !(Character.isLetterOrDigit(before) || before == ')' || before == '-');
    }
    if (sign >= 1 && text.charAt(sign) == ' ' && text.charAt(sign - 1) == '-') {
      int before = sign - 2;
      while (before >= 0 && text.charAt(before) == ' ') {
        before--;
      }
      return before >= 0
          && before < sign - 2
          && ("=:(".indexOf(text.charAt(before)) >= 0
              || BEFORE_SIGN.contains(wordBefore(before + 1)));
    }
    String word = wordBefore(start);
    return word.equals("negative") || word.equals("minus");
  }

  /** The word that ends in front of the index, past a space, in lower case. */
  private String wordBefore(int index) {
    int end = index;
    while (end > 0 && index - end < 2 && text.charAt(end - 1) == ' ') {
      end--;
    }
    int start = end;
    while (start > 0 && end - start < MAX_WORD && Character.isLetter(text.charAt(start - 1))) {
      start--;
    }
    return text.substring(start, end).toLowerCase(Locale.ROOT);
  }

  private Matcher matcher(Pattern pattern, int from) {
    return pattern
        .matcher(text)
        .region(Math.min(from, text.length()), text.length())
        .useTransparentBounds(true);
  }

  /** Index behind the match that begins at the index, or -1. */
  private int lookingAt(Pattern pattern, int from) {
    Matcher matcher = matcher(pattern, from);
    return matcher.lookingAt() ? matcher.end() : -1;
  }

  private boolean isLetterOrDigit(int index) {
    return index < text.length() && Character.isLetterOrDigit(text.charAt(index));
  }

  private boolean isDigit(int index) {
    return index >= 0
        && index < text.length()
        && text.charAt(index) >= '0'
        && text.charAt(index) <= '9';
  }
}
