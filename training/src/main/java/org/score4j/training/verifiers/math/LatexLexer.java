package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.score4j.training.verifiers.math.LatexVocabulary.Entry;
import org.score4j.training.verifiers.math.Token.Kind;

/**
 * Splits an answer, in LaTeX or plain text, into tokens; what only changes the looks of it is gone.
 * Never fails: what is not known becomes a symbol of its own. One pass, linear time.
 */
final class LatexLexer {
  private static final Set<String> SHORT_WORDS =
      Set.of("yes", "no", "odd", "all", "Yes", "No", "Odd", "All");
  // Four letters are rarely a product of variables and often a word.
  private static final int WORD_LENGTH = 4;
  private static final int CAPITALS_LENGTH = 3;

  private final String source;
  private final boolean commasGroup;
  private final List<Token> tokens = new ArrayList<>();
  private boolean ambiguous;
  private boolean spaced;
  private int at;

  private LatexLexer(String source, boolean commasGroup) {
    this.source = source;
    this.commasGroup = commasGroup;
  }

  /**
   * The tokens.
   *
   * @param ambiguous whether a comma may be a thousands separator as well as a list's
   */
  record Result(List<Token> tokens, boolean ambiguous) {}

  /** commasGroup: read {@code 31,250} as one number rather than two. */
  static Result tokens(String source, boolean commasGroup) {
    LatexLexer lexer = new LatexLexer(source, commasGroup);
    lexer.scan(source.length(), false);
    return new Result(List.copyOf(lexer.tokens), lexer.ambiguous);
  }

  private void scan(int end, boolean text) {
    while (at < end) {
      char c = source.charAt(at);
      if (Character.isWhitespace(c) || c == '~') {
        spaced = true;
        at++;
      } else if (c == '\\') {
        command(end);
      } else if (isDigit(c) || (c == '.' && isDigit(peek(at + 1)))) {
        number(text);
      } else if (isLetter(c)) {
        letters(end, text);
      } else {
        character(end, text);
      }
    }
  }

  private void character(int end, boolean text) {
    int c = source.codePointAt(at);
    if (c == '$' || c == '"' || c == '`' || (c == '\'' && text)) {
      at++;
      return;
    }
    if (c == '.') {
      at++;
      char next = peek(at);
      if (!text && next != 0 && !Character.isWhitespace(next) && "$})].".indexOf(next) < 0) {
        add(Kind.SYMBOL, ".");
      }
      return;
    }
    if (c == '-' && text && isLetter(peek(at - 1)) && isLetter(peek(at + 1))) {
      spaced = true;
      at++;
      return;
    }
    if (c == '^' && degreeFollows()) {
      return;
    }
    for (String[] pair : PAIRS) {
      if (source.startsWith(pair[0], at)) {
        at += pair[0].length();
        pair(pair[0], pair[1], end);
        return;
      }
    }
    at += Character.charCount(c);
    Entry entry = LatexVocabulary.character(c);
    if (entry == null) {
      add(Kind.SYMBOL, Character.toString(c));
    } else {
      add(entry.kind(), entry.text());
    }
  }

  private static final String[][] PAIRS = {
    {"**", "^"},
    {"<=", "≤"},
    {">=", "≥"},
    {"!=", "≠"},
    {"==", "="},
    {"->", "→"},
    {"=>", "→"},
    {"+/-", "±"},
    {"+-", "±"}
  };

  private void pair(String spelling, String meaning, int end) {
    if (spelling.equals("**")) {
      // Markdown's bold around an answer, else Python's power.
      if (!tokens.isEmpty() && !source.substring(at, end).isBlank()) {
        add(Kind.OPERATOR, "^");
      }
    } else {
      add(meaning.equals("±") ? Kind.PLUS_MINUS : Kind.RELATION, meaning);
    }
  }

  /** {@code ^\circ} and {@code ^{\circ}}. */
  private boolean degreeFollows() {
    int p = skipSpaces(at + 1);
    boolean braced = peek(p) == '{';
    if (braced) {
      p = skipSpaces(p + 1);
    }
    if (peek(p) == '°') {
      p++;
    } else if (source.startsWith("\\circ", p) && !isLetter(peek(p + 5))) {
      p += 5;
    } else {
      return false;
    }
    if (braced) {
      p = skipSpaces(p);
      if (peek(p) != '}') {
        return false;
      }
      p++;
    }
    at = p;
    add(Kind.DEGREE, "°");
    return true;
  }

  private void command(int end) {
    int start = ++at;
    while (at < end && isLetter(source.charAt(at))) {
      at++;
    }
    if (at == start) {
      if (at < end) {
        symbolCommand(source.charAt(at++));
      }
      return;
    }
    String name = source.substring(start, at);
    if (name.equals("left") || name.equals("right")) {
      int p = skipSpaces(at);
      at = peek(p) == '.' ? p + 1 : at;
    } else if (LatexVocabulary.isText(name)) {
      textArgument(end);
    } else if (LatexVocabulary.vanishesWithArgument(name)) {
      skipArgument(end);
    } else if (name.equals("begin") || name.equals("end")) {
      environment(name, end);
    } else if (name.equals("mathbb")) {
      int close = argumentEnd(end);
      String letter = source.substring(at, close).replace("{", "").replace("}", "").strip();
      at = close;
      add(Kind.SYMBOL, letter.equals("R") ? "ℝ" : "𝔹" + letter);
    } else if (LatexVocabulary.isDecoration(name)) {
      add(Kind.DECORATION, name.equals("bar") ? "overline" : name);
    } else if (!LatexVocabulary.isLayout(name)) {
      Entry entry = LatexVocabulary.command(name);
      add(entry == null ? Kind.SYMBOL : entry.kind(), entry == null ? name : entry.text());
    }
  }

  /** A backslash and one character that is no letter. */
  private void symbolCommand(char c) {
    switch (c) {
      case '!' -> {}
      case ',', ';', ':', ' ', '\n', '\t', '/', '>', '-' -> spaced = true;
      case '(', ')', '[', ']' -> {}
      case '|' -> add(Kind.BAR, "‖");
      default -> {
        Entry entry = LatexVocabulary.command(Character.toString(c));
        add(entry == null ? Kind.SYMBOL : entry.kind(), entry == null ? "" + c : entry.text());
      }
    }
  }

  private void textArgument(int end) {
    at = Math.min(end, skipSpaces(at));
    int close = argumentEnd(end);
    boolean braced = at < close && source.charAt(at) == '{';
    if (braced) {
      at++;
    }
    spaced = true;
    scan(braced && source.charAt(close - 1) == '}' ? close - 1 : close, true);
    at = close;
    spaced = true;
  }

  private void skipArgument(int end) {
    at = Math.min(end, skipSpaces(at));
    at = argumentEnd(end);
  }

  /** Where the argument at the cursor ends: after the brace that closes it, else one character. */
  private int argumentEnd(int end) {
    if (at >= end || source.charAt(at) != '{') {
      return Math.min(end, at + 1);
    }
    int depth = 0;
    for (int p = at; p < end; p++) {
      char c = source.charAt(p);
      if (c == '\\') {
        p++;
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return p + 1;
      }
    }
    return end;
  }

  private void environment(String command, int end) {
    at = Math.min(end, skipSpaces(at));
    int close = argumentEnd(end);
    String name = source.substring(at, close).replace("{", "").replace("}", "").strip();
    at = close;
    boolean begins = command.equals("begin");
    if (begins && name.equals("array")) {
      skipArgument(end);
    }
    add(begins ? Kind.BEGIN : Kind.END, name);
  }

  private void letters(int end, boolean text) {
    int start = at;
    while (at < end && (isLetter(source.charAt(at)) || (text && isDigit(source.charAt(at))))) {
      at++;
    }
    String run = source.substring(start, at);
    if (run.length() == 1 && "ap".contains(run) && source.startsWith(".m", at)) {
      at += 2;
      add(Kind.WORD, run + "m");
      return;
    }
    Entry keyword = LatexVocabulary.word(run);
    boolean separates = keyword != null && keyword.kind() == Kind.SEPARATOR;
    if (text) {
      add(separates ? Kind.SEPARATOR : Kind.WORD, run);
    } else if (keyword != null) {
      add(keyword.kind(), keyword.text());
    } else if (!functionAndVariable(run)) {
      if (isWord(run)) {
        add(Kind.WORD, run);
      } else {
        run.chars().forEach(c -> add(Kind.LETTER, Character.toString(c)));
      }
    }
  }

  /** {@code sinx}. */
  private boolean functionAndVariable(String run) {
    Entry function = LatexVocabulary.word(run.substring(0, run.length() - 1));
    if (function == null || (function.kind() != Kind.FUNCTION && function.kind() != Kind.ROOT)) {
      return false;
    }
    add(function.kind(), function.text());
    add(Kind.LETTER, run.substring(run.length() - 1));
    return true;
  }

  private boolean isWord(String run) {
    if (run.length() >= WORD_LENGTH || SHORT_WORDS.contains(run)) {
      return true;
    }
    if (run.length() >= CAPITALS_LENGTH && run.equals(run.toUpperCase(Locale.ROOT))) {
      return true;
    }
    Token before = tokens.isEmpty() ? null : tokens.getLast();
    return run.length() > 1 && Units.isUnit(run) && before != null && endsValue(before);
  }

  private static boolean endsValue(Token token) {
    return switch (token.kind()) {
      case NUMBER, GROUPED_NUMBER, PI, CLOSE, GROUP_CLOSE, DEGREE, WORD -> true;
      default -> false;
    };
  }

  private void number(boolean text) {
    NumberScanner.Scanned number = NumberScanner.scan(source, at, commasGroup);
    ambiguous |= number.ambiguous();
    at = number.end();
    if (text && Character.isUpperCase(peek(at))) {
      // Digits of a base above ten, such as 3B.
      int letters = at;
      while (Character.isLetterOrDigit(peek(at))) {
        at++;
      }
      add(Kind.WORD, number.digits() + source.substring(letters, at));
    } else {
      add(number.grouped() ? Kind.GROUPED_NUMBER : Kind.NUMBER, number.digits());
    }
  }

  private int skipSpaces(int p) {
    while (peek(p) != 0 && Character.isWhitespace(peek(p))) {
      p++;
    }
    return p;
  }

  /** 0 beyond the ends. */
  private char peek(int p) {
    return p >= 0 && p < source.length() ? source.charAt(p) : 0;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private void add(Kind kind, String text) {
    tokens.add(new Token(kind, text, spaced));
    spaced = false;
  }
}
