package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.score4j.training.verifiers.math.Token.Kind;

/**
 * Finds what is said about an answer beside the answer itself: the letter of an option before it,
 * what its letters stand for or a modulus behind it.
 */
final class Remarks {
  private static final Set<String> OPTION = Set.of("option", "choice", "answer");
  private static final Set<String> INTRODUCTIONS = Set.of("for", "where", "with", "when");
  private static final Set<String> ABOUT_LETTERS =
      Set.of(
          "any",
          "all",
          "some",
          "every",
          "each",
          "arbitrary",
          "real",
          "complex",
          "integer",
          "integers",
          "constant",
          "constants",
          "number",
          "numbers",
          "rational",
          "is",
          "are",
          "an",
          "a",
          "be",
          "can",
          "and",
          "natural",
          "whole",
          "nonzero",
          "positive",
          "negative");
  private static final Set<String> KINDS_OF_NUMBERS =
      Set.of(
          "real",
          "complex",
          "integer",
          "integers",
          "constant",
          "constants",
          "rational",
          "natural",
          "nonzero",
          "positive",
          "negative");
  private static final String SETS = "ZNQRC";
  private static final char LAST_OPTION = 'H';

  private Remarks() {}

  private static boolean isOption(Token token) {
    boolean letter = token.kind() == Kind.LETTER || token.kind() == Kind.WORD;
    return letter && isOption(token.text());
  }

  /** Whether a text is the letter of an option. */
  static boolean isOption(String text) {
    return text.length() == 1 && text.charAt(0) >= 'A' && text.charAt(0) <= LAST_OPTION;
  }

  /** Without a leading "Option" or "Choice" before a letter. */
  static Tokens withoutOptionWord(Tokens tokens) {
    boolean word =
        tokens.size() > 1
            && tokens.first().kind() == Kind.WORD
            && OPTION.contains(tokens.first().text().toLowerCase(Locale.ROOT));
    boolean letter =
        word
            && (isOption(tokens.get(1))
                || (tokens.size() > 3
                    && tokens.get(1).is(Kind.OPEN, "(")
                    && isOption(tokens.get(2))
                    && tokens.get(3).is(Kind.CLOSE, ")")));
    return letter ? tokens.part(1, tokens.size()) : tokens;
  }

  /**
   * How many tokens the label of an option takes: of {@code (B) 12}, {@code B) 12} and {@code B:
   * 12}; 0 where there is none, or nothing behind it.
   */
  static int optionLabel(Tokens tokens) {
    int length = 0;
    if (tokens.size() > 3
        && tokens.first().is(Kind.OPEN, "(")
        && isOption(tokens.get(1))
        && tokens.get(2).is(Kind.CLOSE, ")")) {
      length = 3;
    } else if (tokens.size() > 2 && isOption(tokens.first())) {
      boolean colon = tokens.get(1).kind() == Kind.COLON && !isOption(tokens.get(2));
      length = colon || tokens.get(1).is(Kind.CLOSE, ")") ? 2 : 0;
    }
    return length > 0
            && beginsAnswer(tokens.get(length))
            && !hasOption(tokens.part(length, tokens.size()))
        ? length
        : 0;
  }

  /** Whether the label of one more option follows: (A) 5 or (B) 6 is a hedge. */
  private static boolean hasOption(Tokens tokens) {
    for (int i = 0; i < tokens.size(); i++) {
      Token before = i == 0 ? null : tokens.get(i - 1);
      Token next = i + 1 == tokens.size() ? null : tokens.get(i + 1);
      boolean begins =
          before == null || before.kind() == Kind.SEPARATOR || before.kind() == Kind.OPEN;
      boolean ends = next == null || next.kind() == Kind.SEPARATOR || next.kind() == Kind.CLOSE;
      boolean label = next != null && (next.kind() == Kind.COLON || next.is(Kind.CLOSE, ")"));
      if (isOption(tokens.get(i))
          && ((begins && ends) || (label && (before == null || before.kind() != Kind.LETTER)))) {
        return true;
      }
    }
    return false;
  }

  private static boolean beginsAnswer(Token token) {
    return switch (token.kind()) {
      case OPERATOR -> token.text().equals("-");
      case RELATION, SEPARATOR, CUP, CAP, CLOSE, COLON, GAP, ROW, CELL, END, INFIX -> false;
      default -> true;
    };
  }

  /** Where a remark begins that says what letters stand for; the size where there is none. */
  static int qualifier(Tokens tokens) {
    int depth = 0;
    for (int i = 1; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      boolean outside = depth == 0;
      depth += Tokens.nesting(token);
      if (!outside) {
        continue;
      }
      boolean begins =
          switch (token.kind()) {
            case SEPARATOR, GAP -> isAboutLetters(tokens.part(i + 1, tokens.size()));
            case OPEN -> {
              Tokens rest = tokens.part(i, tokens.size());
              yield token.text().equals("(")
                  && rest.isEnclosed(Kind.OPEN, Kind.CLOSE)
                  && isAboutLetters(rest.inner());
            }
            case WORD ->
                INTRODUCTIONS.contains(token.text().toLowerCase(Locale.ROOT))
                    && isAboutLetters(tokens.part(i, tokens.size()));
            default -> false;
          };
      if (begins) {
        return i;
      }
    }
    return tokens.size();
  }

  /** One spelling of such a remark: its letters, then what they are. */
  static String condition(Tokens remark) {
    List<String> letters = new ArrayList<>();
    List<String> kinds = new ArrayList<>();
    boolean member = false;
    for (Token token : remark.list()) {
      String lower = token.text().toLowerCase(Locale.ROOT);
      member |= token.is(Kind.RELATION, "∈");
      switch (token.kind()) {
        case WORD -> {
          if (KINDS_OF_NUMBERS.contains(lower)) {
            kinds.add(lower.startsWith("integer") ? "𝔹Z" : Units.singular(lower));
          }
        }
        case LETTER, SYMBOL -> {
          boolean set = member && (token.kind() == Kind.SYMBOL || SETS.contains(token.text()));
          boolean plain = set && token.kind() == Kind.LETTER;
          (set ? kinds : letters).add(plain ? "𝔹" + token.text() : token.text());
        }
        case OPERATOR, NUMBER -> kinds.add(token.text());
        default -> {}
      }
    }
    letters.sort(null);
    kinds.sort(null);
    return String.join(",", letters) + ":" + String.join(" ", kinds);
  }

  /** {@code k ∈ ℤ}, {@code n is an integer}, {@code for any real constant c}. */
  private static boolean isAboutLetters(Tokens given) {
    Tokens tokens = given;
    boolean introduced = false;
    while (!tokens.isEmpty()
        && (tokens.first().kind() == Kind.GAP
            || (tokens.first().kind() == Kind.WORD
                && INTRODUCTIONS.contains(tokens.first().text().toLowerCase(Locale.ROOT))))) {
      introduced |= tokens.first().kind() == Kind.WORD;
      tokens = tokens.part(1, tokens.size());
    }
    int member = tokens.indexOf(Kind.RELATION, "∈");
    if (member > 0) {
      return areLetters(tokens.part(0, member)) && isSet(tokens.part(member + 1, tokens.size()));
    }
    boolean letter = false;
    boolean word = false;
    for (Token token : tokens.list()) {
      if (token.kind() == Kind.WORD) {
        if (!ABOUT_LETTERS.contains(token.text().toLowerCase(Locale.ROOT))) {
          return false;
        }
        word = true;
      } else if (token.kind() == Kind.LETTER) {
        letter = true;
      } else if (token.kind() != Kind.SEPARATOR) {
        return false;
      }
    }
    return letter && word && (introduced || tokens.indexOf(Kind.WORD, "is") > 0);
  }

  private static boolean areLetters(Tokens tokens) {
    return tokens.list().stream().allMatch(Remarks::isLetterOrAboutOne);
  }

  private static boolean isLetterOrAboutOne(Token token) {
    return switch (token.kind()) {
      case LETTER, SYMBOL, SEPARATOR -> true;
      case WORD -> ABOUT_LETTERS.contains(token.text().toLowerCase(Locale.ROOT));
      default -> false;
    };
  }

  /** ℤ, also with a sign as exponent, or the letter of such a set. */
  private static boolean isSet(Tokens given) {
    Tokens tokens = given.unwrapped();
    if (tokens.isEmpty()) {
      return false;
    }
    Token first = tokens.first();
    boolean set =
        (first.kind() == Kind.SYMBOL && (first.text().equals("ℝ") || first.text().startsWith("𝔹")))
            || (first.kind() == Kind.LETTER && SETS.contains(first.text()))
            || (first.kind() == Kind.WORD
                && ABOUT_LETTERS.contains(first.text().toLowerCase(Locale.ROOT)));
    return set
        && tokens.part(1, tokens.size()).list().stream()
            .allMatch(
                token ->
                    token.kind() == Kind.GROUP_OPEN
                        || token.kind() == Kind.GROUP_CLOSE
                        || token.isNumber()
                        || token.kind() == Kind.OPERATOR
                        || (token.kind() == Kind.WORD
                            && ABOUT_LETTERS.contains(token.text().toLowerCase(Locale.ROOT))));
  }

  /**
   * Where a modulus begins, as in {@code 5 \pmod 7} and {@code 5 (mod 7)}; the size where there is
   * none.
   */
  static int modulus(Tokens tokens) {
    int depth = 0;
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (depth == 0 && i > 0) {
        boolean bracketed =
            token.is(Kind.OPEN, "(")
                && i + 2 < tokens.size()
                && tokens.get(i + 1).kind() == Kind.MODULO
                && tokens.part(i, tokens.size()).isEnclosed(Kind.OPEN, Kind.CLOSE);
        if (bracketed || token.kind() == Kind.MODULO) {
          return i;
        }
      }
      depth += Tokens.nesting(token);
    }
    return tokens.size();
  }
}
