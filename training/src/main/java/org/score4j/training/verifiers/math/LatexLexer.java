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
  private static final Set<String> OPERATORS =
      Set.of(
          "max min gcd lcm det lim sup arg dim ker cis Re Im Var Cov sgn rank tr proj adj card Area"
              .split(" ", -1));
  private static final Set<String> LETTER_UNITS = Set.of("m", "g", "s", "h", "l");
  // Four letters are rarely a product of variables and often a word.
  private static final int RATE_LENGTH = 3;
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
    String folded = UnicodeFolding.folded(source);
    LatexLexer lexer = new LatexLexer(folded, commasGroup);
    lexer.scan(folded.length(), false);
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
      } else if (isDigit(c) || (c == '.' && NumberScanner.isDecimal(source, at))) {
        number(text);
      } else if (isLetter(c)) {
        letters(end, text);
      } else if (c == 'μ' && micro(end)) {
        spaced = false;
      } else if (Units.isIdeograph(c)) {
        ideographs(end);
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
      if (source.startsWith("..", at)) {
        at += 2;
        while (peek(at) == '.') {
          at++;
        }
        add(Kind.ELLIPSIS, "…");
        return;
      }
      char next = peek(at);
      boolean ends = source.startsWith("\\end", at) || source.startsWith("\\\\", at);
      if (labels(next)) {
        add(Kind.COLON, ":");
      } else if (!text
          && !ends
          && next != 0
          && !Character.isWhitespace(next)
          && "$})].".indexOf(next) < 0) {
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
    if (c == '√' || c == '∛' || c == '∜') {
      at++;
      root(c == '√' ? 2 : c == '∛' ? 3 : 4);
      return;
    }
    if (c == '}' && closesNothing(end)) {
      return;
    }
    if (PAIR_STARTS.indexOf(c) >= 0) {
      for (String[] pair : PAIRS) {
        if (source.startsWith(pair[0], at)) {
          at += pair[0].length();
          pair(pair[0], pair[1], end);
          return;
        }
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

  /** Whether a dot stands behind the letter of an option, as in {@code B. 12}, or of one more. */
  private boolean labels(char next) {
    boolean first = tokens.size() == 1;
    boolean further =
        tokens.size() > 2 && tokens.get(1).kind() == Kind.COLON && tokens.getLast().spaced();
    return (first || further)
        && (next == ' ' || next == '\\')
        && !source.substring(at).isBlank()
        && tokens.getLast().kind() == Kind.LETTER
        && Character.isUpperCase(tokens.getLast().text().charAt(0));
  }

  /** A root sign as one character or word takes the whole number behind it, not one digit. */
  private void root(int index) {
    add(Kind.ROOT, "√");
    if (index > 2) {
      add(Kind.OPEN, "[");
      add(Kind.NUMBER, Integer.toString(index));
      add(Kind.CLOSE, "]");
    }
    int next = skipSpaces(at);
    if (isDigit(peek(next))) {
      at = next;
      add(Kind.GROUP_OPEN, "{");
      number(false);
      add(Kind.GROUP_CLOSE, "}");
    }
  }

  /**
   * Braces around nothing before an exponent, which only give it a place to stand, and braces
   * around a colon or a comma, which only change its spacing.
   */
  private boolean closesNothing(int end) {
    int size = tokens.size();
    if (size >= 2 && tokens.getLast().kind() == Kind.GROUP_OPEN) {
      Token before = tokens.get(size - 2);
      int next = skipSpaces(at + 1);
      boolean script = next < end && (peek(next) == '^' || peek(next) == '_' || peek(next) == '°');
      if (script && (endsValue(before) || before.kind() == Kind.LETTER)) {
        tokens.removeLast();
        at++;
        return true;
      }
    }
    boolean mark =
        size >= 3
            && tokens.get(size - 2).kind() == Kind.GROUP_OPEN
            && (tokens.getLast().kind() == Kind.COLON || tokens.getLast().is(Kind.SEPARATOR, ","));
    if (mark) {
      Token last = tokens.removeLast();
      tokens.removeLast();
      tokens.add(last);
      at++;
    }
    return mark;
  }

  private static final String PAIR_STARTS = "*<>!=-+";
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
    } else if (peek(p) == 'o'
        && !Character.isLetterOrDigit(peek(p + 1))
        && !tokens.isEmpty()
        && endsValue(tokens.getLast())) {
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
      textArgument(end, LatexVocabulary.isUpright(name));
    } else if (LatexVocabulary.vanishingArguments(name) > 0) {
      for (int i = LatexVocabulary.vanishingArguments(name); i > 0; i--) {
        skipArgument(end);
      }
    } else if (name.equals("not")) {
      negatedRelation();
    } else if (name.equals("begin") || name.equals("end")) {
      environment(name, end);
    } else if (name.equals("mathbb") || name.equals("Bbb")) {
      at = Math.min(end, skipSpaces(at));
      int close = argumentEnd(end);
      String letter = source.substring(at, close).replace("{", "").replace("}", "").strip();
      at = close;
      add(Kind.SYMBOL, letter.equals("R") ? "ℝ" : "𝔹" + letter);
    } else if (LatexVocabulary.isDecoration(name)) {
      add(Kind.DECORATION, name.equals("bar") ? "overline" : name);
    } else if (name.equals("framebox") && peek(skipSpaces(at)) == '[') {
      int close = source.indexOf(']', at);
      at = close < 0 ? at : close + 1;
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
        if (c == '\\') {
          skipRowSpacing();
        }
      }
    }
  }

  /** {@code \not=} and others, which the fonts of TeX overstrike. */
  private void negatedRelation() {
    int p = skipSpaces(at);
    if (peek(p) == '=') {
      at = p + 1;
      add(Kind.RELATION, "≠");
    } else if (source.startsWith("\\in", p) && !isLetter(peek(p + 3))) {
      at = p + 3;
      add(Kind.RELATION, "∉");
    } else {
      add(Kind.RELATION, "¬");
    }
  }

  private void textArgument(int end, boolean upright) {
    at = Math.min(end, skipSpaces(at));
    int close = argumentEnd(end);
    boolean braced = at < close && source.charAt(at) == '{';
    if (braced) {
      at++;
    }
    spaced = true;
    int inner = braced && source.charAt(close - 1) == '}' ? close - 1 : close;
    if (!upright || !uprightLetters(inner, close)) {
      scan(inner, true);
    }
    at = close;
    spaced = true;
  }

  /**
   * A function ({@code \operatorname{tg}}), or few enough letters for variables and points; the
   * names of units and words are read as text.
   */
  private boolean uprightLetters(int inner, int close) {
    String name = source.substring(at, inner).strip();
    if (name.isEmpty() || !name.chars().allMatch(c -> isLetter((char) c))) {
      return false;
    }
    Entry function = LatexVocabulary.command(name);
    if (function != null && function.kind() == Kind.FUNCTION && close < source.length()) {
      add(function.kind(), function.text());
      return true;
    }
    if (OPERATORS.contains(name)) {
      add(Kind.SYMBOL, name);
      return true;
    }
    boolean unit = Units.isUnit(name) && standsForUnit();
    if (name.length() >= WORD_LENGTH
        || unit
        || isShortWord(name)
        || LatexVocabulary.word(name) != null
        || NumberWords.isNumeral(name)) {
      return false;
    }
    name.chars().forEach(c -> add(Kind.LETTER, Character.toString(c)));
    return true;
  }

  private static boolean isShortWord(String word) {
    return SHORT_WORDS.contains(word) || Units.isWord(word);
  }

  private void skipArgument(int end) {
    at = Math.min(end, skipSpaces(at));
    if (peek(at) == '*') {
      at = Math.min(end, skipSpaces(at + 1));
    }
    int dimension = dimensionEnd(at);
    at = dimension > at ? dimension : argumentEnd(end);
  }

  /** The index behind {@code 4pt} or {@code -1.5 em}; the same where there is none. */
  private int dimensionEnd(int start) {
    int p = start;
    if (peek(p) == '-' || peek(p) == '+') {
      p++;
    }
    int digits = p;
    while (isDigit(peek(p)) || peek(p) == '.') {
      p++;
    }
    p = p > digits ? skipSpaces(p) : start;
    boolean unit = p > start && isLetter(peek(p)) && isLetter(peek(p + 1));
    return unit && !isLetter(peek(p + 2)) ? p + 2 : start;
  }

  /** The spacing that may follow {@code \\}: a star, and a length in brackets. */
  private void skipRowSpacing() {
    if (peek(at) == '*') {
      at++;
    }
    int open = skipSpaces(at);
    if (peek(open) == '[') {
      int length = skipSpaces(open + 1);
      int close = skipSpaces(dimensionEnd(length));
      if (close > length && peek(close) == ']') {
        at = close + 1;
      }
    }
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
    if (text) {
      boolean keeps =
          keyword != null && (keyword.kind() == Kind.SEPARATOR || keyword.kind() == Kind.MODULO);
      if (keyword != null && keeps) {
        add(keyword.kind(), keyword.text());
      } else {
        add(isLetterOfText(run, start, end) ? Kind.LETTER : Kind.WORD, run);
      }
    } else if (keyword != null && keyword.kind() == Kind.ROOT) {
      root(2);
    } else if (keyword != null) {
      add(keyword.kind(), keyword.text());
    } else if (run.equals("U") && standsBetweenSets()) {
      add(Kind.CUP, "∪");
    } else if (!functionAndVariable(run)) {
      if (isWord(run)) {
        add(Kind.WORD, run);
      } else {
        run.chars().forEach(c -> add(Kind.LETTER, Character.toString(c)));
      }
    }
  }

  /** {@code μm} and others behind a value; false for the variable μ. */
  private boolean micro(int end) {
    int p = at + 1;
    while (p < end && isLetter(source.charAt(p))) {
      p++;
    }
    String unit = source.substring(at, p);
    if (!Units.isUnit(unit) || !standsForUnit()) {
      return false;
    }
    at = p;
    add(Kind.WORD, unit);
    return true;
  }

  /** {@code (-∞,2) U (3,∞)}. */
  private boolean standsBetweenSets() {
    int next = skipSpaces(at);
    return !tokens.isEmpty()
        && tokens.getLast().kind() == Kind.CLOSE
        && (peek(next) == '('
            || peek(next) == '['
            || source.startsWith("\\left", next)
            || source.startsWith("\\{", next));
  }

  /** One letter that is no part of a phrase is a variable, unless it is the unit of a value. */
  private boolean isLetterOfText(String run, int start, int end) {
    if (run.length() > 1 || !isLetter(run.charAt(0))) {
      return false;
    }
    int before = start - 1;
    while (before >= 0 && Character.isWhitespace(source.charAt(before))) {
      before--;
    }
    char left = peek(before);
    int next = skipSpaces(at);
    char right = next < end ? peek(next) : 0;
    boolean alone = !isLetter(left) && !isDigit(left) && !isLetter(right) && !isDigit(right);
    return alone && !(Units.isUnit(run) && standsForUnit());
  }

  /** Whether a unit can stand here: behind a value, or behind "per" in other signs. */
  private boolean standsForUnit() {
    return !tokens.isEmpty() && (endsValue(tokens.getLast()) || isBehindUnit());
  }

  private boolean isBehindUnit() {
    int size = tokens.size();
    boolean sign =
        size > 1
            && (tokens.getLast().is(Kind.OPERATOR, "/") || tokens.getLast().is(Kind.OPERATOR, "*"));
    return sign && tokens.get(size - 2).kind() == Kind.WORD;
  }

  /** {@code $18/day}. */
  private boolean isBehindSlash() {
    int size = tokens.size();
    return size > 2
        && tokens.getLast().is(Kind.OPERATOR, "/")
        && tokens.get(size - 2).isNumber()
        && tokens.getFirst().kind() == Kind.CURRENCY;
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
    Token before = tokens.isEmpty() ? null : tokens.getLast();
    boolean behindValue = before != null && endsValue(before);
    if (behindValue && !spaced) {
      // 5abcd is a product.
      return run.length() > 1 && Units.isUnit(run);
    }
    if (run.length() >= WORD_LENGTH || SHORT_WORDS.contains(run)) {
      return true;
    }
    if (isBehindUnit() || (isBehindSlash() && run.length() >= RATE_LENGTH)) {
      return Units.isUnit(run);
    }
    if (run.length() >= CAPITALS_LENGTH && run.equals(run.toUpperCase(Locale.ROOT))) {
      return true;
    }
    if (before == null || !spaced) {
      return false;
    }
    boolean rate = run.equals("a") && tokens.getFirst().kind() == Kind.CURRENCY; // $18 a day
    boolean prose = rate || (before.kind() == Kind.WORD && (run.length() > 1 || run.equals("a")));
    return prose || (behindValue && (isUnitBehind(run, before) || isAdjective(run)));
  }

  /** A unit; one of a single letter only where nothing follows but a power or another unit. */
  private boolean isUnitBehind(String run, Token before) {
    if (run.length() > 1) {
      return Units.isUnit(run) || Units.isWord(run);
    }
    char next = peek(at);
    return before.isNumber()
        && LETTER_UNITS.contains(run)
        && (next == 0 || next == '^' || next == '/' || next == '}' || next == '$' || next == '.');
  }

  /** {@code red} of {@code 20 red apples}. */
  private boolean isAdjective(String run) {
    int next = skipSpaces(at);
    int p = next;
    while (isLetter(peek(p))) {
      p++;
    }
    return run.length() > 1 && next > at && p - next >= WORD_LENGTH;
  }

  /** Chinese, Japanese or Korean: what was counted, or a scale. */
  private void ideographs(int end) {
    int start = at;
    while (at < end && Units.isIdeograph(source.charAt(at))) {
      at++;
    }
    add(Kind.WORD, source.substring(start, at));
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
    int size = tokens.size();
    boolean micro = kind == Kind.WORD && size > 1 && tokens.getLast().is(Kind.SYMBOL, "mu");
    if (micro && endsValue(tokens.get(size - 2)) && Units.isUnit("μ" + text)) {
      // \mu\text{m}
      tokens.removeLast();
      tokens.add(new Token(kind, "μ" + text, true));
      spaced = false;
      return;
    }
    tokens.add(new Token(kind, text, spaced));
    spaced = false;
  }
}
