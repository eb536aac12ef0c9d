package org.score4j.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A set of code points, for the question whether two sets have one in common. All of the Basic
 * Multilingual Plane and every 256th of the planes above it are looked at, so that a set of a
 * general category, of a script or of a range is told from another.
 *
 * @param members by index of {@link #SAMPLES}
 * @param exact whether nothing else is in it; a set that is not known is all of them
 */
record CodePoints(BitSet members, boolean exact) {
  private static final int[] SAMPLES = samples();

  /** Every code point, for what is not known. */
  static final CodePoints UNKNOWN = new CodePoints(all(), false);

  private static int[] samples() {
    return IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
        .filter(c -> c < 0x10000 ? !Character.isSurrogate((char) c) : c % 256 == 0)
        .toArray();
  }

  private static BitSet all() {
    BitSet all = new BitSet();
    all.set(0, SAMPLES.length);
    return all;
  }

  static CodePoints of(IntPredicate test) {
    BitSet members = new BitSet();
    for (int i = 0; i < SAMPLES.length; i++) {
      if (test.test(SAMPLES[i])) {
        members.set(i);
      }
    }
    return new CodePoints(members, true);
  }

  /** A range, both ends included; one above the plane counts as all of its block. */
  static CodePoints range(int from, int to) {
    return of(
        c -> c >= (from < 0x10000 ? from : from & ~255) && c <= (to < 0x10000 ? to : to | 255));
  }

  /**
   * A property by its name: a general category, a script, a class of POSIX; all code points where
   * the name is another.
   */
  static CodePoints property(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", "");
    int script = Math.max(plain.indexOf('='), plain.indexOf(':'));
    plain = plain.substring(script + 1);
    return switch (plain) {
      case "l", "letter" -> of(Character::isLetter);
      case "lu", "uppercaseletter" -> category(Character.UPPERCASE_LETTER);
      case "ll", "lowercaseletter" -> category(Character.LOWERCASE_LETTER);
      case "lt", "titlecaseletter" -> category(Character.TITLECASE_LETTER);
      case "lm", "modifierletter" -> category(Character.MODIFIER_LETTER);
      case "lo", "otherletter" -> category(Character.OTHER_LETTER);
      case "m", "mark" ->
          category(
              Character.NON_SPACING_MARK,
              Character.ENCLOSING_MARK,
              Character.COMBINING_SPACING_MARK);
      case "mn" -> category(Character.NON_SPACING_MARK);
      case "mc" -> category(Character.COMBINING_SPACING_MARK);
      case "me" -> category(Character.ENCLOSING_MARK);
      case "n", "number" ->
          category(Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER);
      case "nd", "digit", "decimalnumber" -> category(Character.DECIMAL_DIGIT_NUMBER);
      case "nl" -> category(Character.LETTER_NUMBER);
      case "no" -> category(Character.OTHER_NUMBER);
      case "p", "punctuation", "punct" -> of(CodePoints::isPunctuation);
      case "s", "symbol" -> of(CodePoints::isSymbol);
      case "z", "separator" -> of(c -> Character.isSpaceChar(c));
      case "zs" -> category(Character.SPACE_SEPARATOR);
      case "zl" -> category(Character.LINE_SEPARATOR);
      case "zp" -> category(Character.PARAGRAPH_SEPARATOR);
      case "cc", "cntrl", "control" -> category(Character.CONTROL);
      case "cf", "format" -> category(Character.FORMAT);
      case "co" -> category(Character.PRIVATE_USE);
      case "ascii" -> of(c -> c < 128);
      case "alpha", "alphabetic" -> of(Character::isAlphabetic);
      case "alnum" -> of(c -> Character.isAlphabetic(c) || Character.isDigit(c));
      case "upper", "uppercase" -> of(Character::isUpperCase);
      case "lower", "lowercase" -> of(Character::isLowerCase);
      case "space", "whitespace" -> SPACE;
      case "word" -> WORD;
      case "blank" -> of(c -> c == ' ' || c == '\t');
      case "xdigit" -> of(c -> Character.digit(c, 16) >= 0 && c < 128);
      default -> script(plain);
    };
  }

  /** {@code \s}. */
  static final CodePoints SPACE =
      of(c -> Character.isSpaceChar(c) || (c >= '\t' && c <= '\r') || c == 0x85);

  /** {@code \w}. */
  static final CodePoints WORD =
      of(
          c ->
              Character.isLetterOrDigit(c)
                  || Character.isAlphabetic(c)
                  || isMark(c)
                  || isNumber(c)
                  || Character.getType(c) == Character.CONNECTOR_PUNCTUATION);

  private static CodePoints script(String name) {
    for (Character.UnicodeScript script : Character.UnicodeScript.values()) {
      if (script.name().replace("_", "").toLowerCase(Locale.ROOT).equals(name)) {
        return of(c -> Character.UnicodeScript.of(c) == script);
      }
    }
    return UNKNOWN;
  }

  private static CodePoints category(int... types) {
    return of(
        c -> {
          int type = Character.getType(c);
          for (int one : types) {
            if (one == type) {
              return true;
            }
          }
          return false;
        });
  }

  private static boolean isMark(int c) {
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || type == Character.COMBINING_SPACING_MARK;
  }

  private static boolean isNumber(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  private static boolean isPunctuation(int c) {
    return switch (Character.getType(c)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      // POSIX's class has ASCII's symbols too.
      default -> c < 128 && isSymbol(c);
    };
  }

  private static boolean isSymbol(int c) {
    return switch (Character.getType(c)) {
      case Character.MATH_SYMBOL,
          Character.CURRENCY_SYMBOL,
          Character.MODIFIER_SYMBOL,
          Character.OTHER_SYMBOL ->
          true;
      default -> false;
    };
  }

  CodePoints not() {
    if (!exact) {
      return UNKNOWN;
    }
    BitSet others = all();
    others.andNot(members);
    return new CodePoints(others, true);
  }

  CodePoints or(CodePoints other) {
    BitSet either = (BitSet) members.clone();
    either.or(other.members);
    return new CodePoints(either, exact && other.exact);
  }

  CodePoints and(CodePoints other) {
    BitSet both = (BitSet) members.clone();
    both.and(other.members);
    return new CodePoints(both, exact && other.exact);
  }

  /** With the other cases of its letters. */
  CodePoints ignoringCase() {
    BitSet folds = new BitSet();
    for (int i = members.nextSetBit(0); i >= 0; i = members.nextSetBit(i + 1)) {
      folds.set(Folds.OF[i]);
    }
    BitSet all = new BitSet();
    for (int i = 0; i < SAMPLES.length; i++) {
      if (members.get(i) || folds.get(Folds.OF[i])) {
        all.set(i);
      }
    }
    return new CodePoints(all, exact);
  }

  /** Made when the first regular expression ignores case. */
  private static final class Folds {
    /** A code point for all that differ in case only. */
    static final int[] OF =
        Arrays.stream(SAMPLES).map(c -> Character.toLowerCase(Character.toUpperCase(c))).toArray();
  }

  boolean overlaps(CodePoints other) {
    return members.intersects(other.members);
  }
}
