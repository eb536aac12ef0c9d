package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import org.score4j.training.verifiers.math.Token.Kind;

/**
 * A stretch of tokens. Top level means outside of every bracket, brace and environment; brackets
 * need not match in kind, for {@code [0,1)} is an interval.
 */
record Tokens(List<Token> list) {
  private static final int MAX_NAME = 12;

  int size() {
    return list.size();
  }

  boolean isEmpty() {
    return list.isEmpty();
  }

  Token get(int index) {
    return list.get(index);
  }

  Token first() {
    return list.getFirst();
  }

  Token last() {
    return list.getLast();
  }

  Tokens part(int from, int to) {
    return new Tokens(list.subList(from, to));
  }

  Tokens inner() {
    return part(1, size() - 1);
  }

  Tokens without(int index) {
    List<Token> rest = new ArrayList<>(list);
    rest.remove(index);
    return new Tokens(rest);
  }

  Tokens without(Kind kind) {
    return new Tokens(list.stream().filter(token -> token.kind() != kind).toList());
  }

  Tokens withoutTrailing(Kind kind) {
    int end = size();
    while (end > 0 && get(end - 1).kind() == kind) {
      end--;
    }
    return part(0, end);
  }

  Tokens joined(Tokens behind) {
    List<Token> both = new ArrayList<>(list);
    both.addAll(behind.list());
    return new Tokens(both);
  }

  boolean isReals() {
    return size() == 1 && (first().is(Kind.SYMBOL, "ℝ") || first().is(Kind.LETTER, "R"));
  }

  static int nesting(Token token) {
    return switch (token.kind()) {
      case OPEN, GROUP_OPEN, BEGIN -> 1;
      case CLOSE, GROUP_CLOSE, END -> -1;
      default -> 0;
    };
  }

  /** The spellings of the top-level tokens of a kind. */
  List<String> topLevel(Kind kind) {
    List<String> found = new ArrayList<>();
    int depth = 0;
    for (Token token : list) {
      depth += nesting(token);
      if (depth == 0 && token.kind() == kind) {
        found.add(token.text());
      }
    }
    return found;
  }

  /** The bit of a kind in {@link #kinds} and {@link #topLevelKinds}. */
  @SuppressWarnings(
      "EnumOrdinal") // a bit of a mask that lives for one call, and an EnumSet costs more
  static long bit(Kind kind) {
    return 1L << kind.ordinal();
  }

  /** The kinds of all tokens, one bit each. */
  long kinds() {
    long kinds = 0;
    for (int i = 0; i < list.size(); i++) {
      kinds |= bit(list.get(i).kind());
    }
    return kinds;
  }

  /** The kinds of the top-level tokens, one bit each; brackets themselves are left out. */
  long topLevelKinds() {
    long kinds = 0;
    int depth = 0;
    for (int i = 0; i < list.size(); i++) {
      Token token = list.get(i);
      int nesting = nesting(token);
      depth += nesting;
      if (depth == 0 && nesting == 0) {
        kinds |= bit(token.kind());
      }
    }
    return kinds;
  }

  boolean hasTopLevel(Kind kind) {
    int depth = 0;
    for (Token token : list) {
      depth += nesting(token);
      if (depth == 0 && token.kind() == kind) {
        return true;
      }
    }
    return false;
  }

  boolean has(Kind kind) {
    return (kinds() & bit(kind)) != 0;
  }

  /** The stretches between top-level tokens of a kind; empty ones too. */
  List<Tokens> splitAt(Kind kind) {
    List<Tokens> parts = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < size(); i++) {
      depth += nesting(get(i));
      if (depth == 0 && get(i).kind() == kind) {
        parts.add(part(start, i));
        start = i + 1;
      }
    }
    parts.add(part(start, size()));
    return parts;
  }

  int indexOf(Kind kind, String text) {
    for (int i = 0; i < size(); i++) {
      if (get(i).is(kind, text)) {
        return i;
      }
    }
    return -1;
  }

  boolean all(Kind kind) {
    for (int i = 0; i < list.size(); i++) {
      if (list.get(i).kind() != kind) {
        return false;
      }
    }
    return true;
  }

  /** Whether the first token opens what the last one closes. */
  boolean isEnclosed(Kind open, Kind close) {
    if (size() < 2 || first().kind() != open || last().kind() != close) {
      return false;
    }
    int depth = 0;
    for (int i = 0; i < size() - 1; i++) {
      depth += nesting(get(i));
      if (depth <= 0) {
        return false;
      }
    }
    return true;
  }

  /** Without LaTeX's braces around the whole. */
  Tokens unwrapped() {
    Tokens tokens = this;
    while (tokens.isEnclosed(Kind.GROUP_OPEN, Kind.GROUP_CLOSE)) {
      tokens = tokens.inner();
    }
    return tokens;
  }

  /**
   * Without the white space between statements and the row ends outside of environments: separators
   * where they stand between two statements, else nothing.
   */
  Tokens withStatementsApart() {
    if ((kinds() & (bit(Kind.GAP) | bit(Kind.ROW))) == 0) {
      return this;
    }
    List<Token> apart = new ArrayList<>(size());
    int depth = 0;
    boolean gap = false;
    for (int i = 0; i < size(); i++) {
      Token token = get(i);
      depth += nesting(token);
      boolean row = token.kind() == Kind.ROW && depth == 0;
      if (row || (token.kind() == Kind.GAP && depth == 0 && isBetweenRelations(i))) {
        apart.add(new Token(Kind.SEPARATOR, ",", token.spaced()));
        gap = false;
      } else if (token.kind() == Kind.GAP) {
        gap = true;
      } else {
        apart.add(gap ? new Token(token.kind(), token.text(), true) : token);
        gap = false;
      }
    }
    return new Tokens(apart);
  }

  /** Whether the stretches on both sides of a place, up to the next separators, are relations. */
  private boolean isBetweenRelations(int place) {
    return isRelationNext(place, -1) && isRelationNext(place, 1);
  }

  private boolean isRelationNext(int place, int step) {
    int depth = 0;
    for (int i = place + step; i >= 0 && i < size(); i += step) {
      Token token = get(i);
      depth += nesting(token);
      boolean ends =
          token.kind() == Kind.SEPARATOR || token.kind() == Kind.GAP || token.kind() == Kind.ROW;
      if (depth == 0 && ends) {
        return false;
      }
      if (depth == 0 && token.kind() == Kind.RELATION) {
        return true;
      }
    }
    return false;
  }

  /** With every ± as + or −, and every ∓ as the other. */
  Tokens withSign(boolean plus) {
    List<Token> signed = new ArrayList<>(size());
    for (Token token : list) {
      if (token.kind() == Kind.PLUS_MINUS) {
        boolean positive = token.text().equals("±") == plus;
        signed.add(new Token(Kind.OPERATOR, positive ? "+" : "-", token.spaced()));
      } else {
        signed.add(token);
      }
    }
    return new Tokens(signed);
  }

  /**
   * Whether this can name a value: {@code x}, {@code AB}, {@code f(x)}, {@code \text{Area}}, {@code
   * P(X=2)}.
   */
  boolean isName() {
    if (QuantityName.is(this)) {
      return true;
    }
    if (isEmpty() || size() > MAX_NAME) {
      return false;
    }
    if (all(Kind.WORD) || isFigure()) {
      return true;
    }
    int letters = 0;
    boolean capitals = true;
    while (letters < size() && isLetter(get(letters))) {
      capitals &= isCapital(get(letters));
      letters++;
    }
    if (letters == 0 || (letters > 1 && !capitals)) {
      return false;
    }
    Tokens rest = part(letters, size());
    return rest.isEmpty()
        || rest.first().is(Kind.OPERATOR, "_")
        || rest.first().is(Kind.OPERATOR, "'")
        || (letters == 1 && rest.isArguments());
  }

  /** {@code m\angle ABC}. */
  private boolean isFigure() {
    boolean figure = false;
    for (Token token : list) {
      boolean sign = token.is(Kind.SYMBOL, "angle") || token.is(Kind.SYMBOL, "triangle");
      figure |= sign;
      if (!sign && token.kind() != Kind.LETTER && token.kind() != Kind.WORD) {
        return false;
      }
    }
    return figure;
  }

  /** {@code (x)}, {@code (x,y)}, {@code ^{-1}(x)}: not {@code (x-1)}, which is a factor. */
  private boolean isArguments() {
    Tokens arguments = joined().startsWith("^{-1}(") ? part(5, size()) : this;
    return arguments.isEnclosed(Kind.OPEN, Kind.CLOSE)
        && arguments.inner().list().stream()
            .allMatch(t -> isLetter(t) || t.isNumber() || t.kind() == Kind.SEPARATOR);
  }

  private static boolean isLetter(Token token) {
    return token.kind() == Kind.LETTER || token.kind() == Kind.SYMBOL;
  }

  private static boolean isCapital(Token token) {
    return token.kind() == Kind.SYMBOL || Character.isUpperCase(token.text().charAt(0));
  }

  /** Spellings without spaces and braces: digits. */
  String joined() {
    StringBuilder text = new StringBuilder();
    list.forEach(token -> text.append(token.text()));
    return text.toString();
  }

  String phrase() {
    return String.join(" ", list.stream().map(Token::text).toList());
  }

  /**
   * The one spelling: a space only between words, no braces around an argument of one character.
   */
  String text() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < size(); i++) {
      if (hasOneCharacterArgument(i)) {
        text.append(get(i + 1).text());
        i += 2;
      } else {
        boolean apart = i > 0 && separates(get(i - 1)) && separates(get(i));
        text.append(apart ? " " : "").append(get(i).text());
      }
    }
    return text.toString();
  }

  /** The braces of {@code x^{2}}, but not those of {@code x^{2}3}, which is not x²³. */
  private boolean hasOneCharacterArgument(int open) {
    return open > 0
        && open + 2 < size()
        && get(open).kind() == Kind.GROUP_OPEN
        && get(open + 2).kind() == Kind.GROUP_CLOSE
        && get(open + 1).text().length() == 1
        && takesArgument(get(open - 1))
        && (open + 3 == size() || !get(open + 3).isNumber());
  }

  private static boolean takesArgument(Token token) {
    return switch (token.kind()) {
      case FRACTION, BINOMIAL, ROOT -> true;
      case OPERATOR -> token.text().equals("^") || token.text().equals("_");
      default -> false;
    };
  }

  private static boolean separates(Token token) {
    return switch (token.kind()) {
      // 5 m may be five metres or 5m; of one letter nobody can say.
      case WORD -> token.text().length() > 1;
      case NUMBER, GROUPED_NUMBER, FUNCTION, SYMBOL, DECORATION, FRACTION, BINOMIAL -> true;
      default -> false;
    };
  }
}
