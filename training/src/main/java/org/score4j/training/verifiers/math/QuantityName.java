package org.score4j.training.verifiers.math;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Token.Kind;

/**
 * Whether the left side of an equation names a quantity rather than being an equation to solve:
 * {@code |AB|}, {@code \frac{NO}{BO}}, {@code P(X=2)}, {@code \vec a·\vec b}, {@code \tan A}, but
 * neither {@code 2x}, {@code xy}, {@code \ln x} nor {@code x+y}. Its parts are segments (two
 * capitals or more), vectors, lengths, angles and functions applied to names; no part is a plain
 * variable or a number.
 */
final class QuantityName {
  private static final int MAX_TOKENS = 40;

  private final Tokens tokens;
  private int at;

  private QuantityName(Tokens tokens) {
    this.tokens = tokens;
  }

  static boolean is(Tokens tokens) {
    if (tokens.isEmpty() || tokens.size() > MAX_TOKENS) {
      return false;
    }
    QuantityName name = new QuantityName(tokens);
    return name.parts() && name.at == tokens.size();
  }

  private @Nullable Token peek() {
    return at < tokens.size() ? tokens.get(at) : null;
  }

  private void skip(Predicate<Token> tokenKind) {
    while (at < tokens.size() && tokenKind.test(tokens.get(at))) {
      at++;
    }
  }

  private boolean parts() {
    if (!part()) {
      return false;
    }
    Token token = peek();
    while (token != null && token.kind() != Kind.GROUP_CLOSE && token.kind() != Kind.BAR) {
      boolean joins =
          (token.kind() == Kind.OPERATOR && "+-*/".contains(token.text()))
              || token.kind() == Kind.COLON;
      at += joins ? 1 : 0;
      if (!part()) {
        return false;
      }
      token = peek();
    }
    return true;
  }

  private boolean part() {
    Token token = peek();
    if (token == null) {
      return false;
    }
    boolean part =
        switch (token.kind()) {
          case DECORATION -> decorated(token);
          case BAR -> length(token);
          case FRACTION -> fraction();
          case ROOT -> false;
          case FUNCTION -> trigonometric(token);
          case WORD -> isCapital(token) ? letters() : word();
          case SYMBOL -> symbol(token);
          case LETTER -> letters();
          default -> false;
        };
    if (part && at < tokens.size() && tokens.get(at).is(Kind.OPERATOR, "^")) {
      boolean square = at + 1 < tokens.size() && tokens.get(at + 1).isNumber();
      at += 2;
      return square;
    }
    return part;
  }

  private boolean decorated(Token decoration) {
    if (decoration.text().startsWith("o") || decoration.text().endsWith("vec")) {
      at++;
      return group();
    }
    return false;
  }

  /** One token or a group of any content. */
  private boolean group() {
    int end = end(at);
    boolean closed = end > at;
    at = end;
    return closed;
  }

  /**
   * The index behind the token or the bracketed stretch at a place; the place itself at the end.
   */
  private int end(int start) {
    int depth = 0;
    for (int i = start; i < tokens.size(); i++) {
      depth += Tokens.nesting(tokens.get(i));
      if (depth <= 0) {
        return i + 1;
      }
    }
    return start;
  }

  /** {@code |AB|}, {@code |\vec a|}, {@code |z|}, {@code ‖v‖}. */
  private boolean length(Token bar) {
    int close = at + 1;
    while (close < tokens.size() && !tokens.get(close).is(Kind.BAR, bar.text())) {
      close++;
    }
    if (close == tokens.size() || close == at + 1) {
      return false;
    }
    Tokens inner = tokens.part(at + 1, close);
    boolean named =
        bar.text().equals("‖")
            || is(inner)
            || inner.list().stream().allMatch(QuantityName::isCapital)
            || inner.list().stream()
                .allMatch(t -> t.kind() == Kind.LETTER && "zw".contains(t.text()));
    at = close + 1;
    return named;
  }

  private boolean fraction() {
    at++;
    boolean top = segmentGroup();
    return segmentGroup() && top;
  }

  private boolean segmentGroup() {
    Token open = peek();
    if (open == null || open.kind() != Kind.GROUP_OPEN) {
      return false;
    }
    int end = end(at);
    boolean named = end > at + 1 && is(tokens.part(at + 1, end - 1));
    at = end;
    return named;
  }

  private boolean trigonometric(Token function) {
    boolean plane =
        switch (function.text()) {
          case "sin", "cos", "tan", "cot", "sec", "csc" -> true;
          default -> false;
        };
    if (!plane) {
      return false;
    }
    at++;
    Token argument = peek();
    if (argument == null) {
      return false;
    }
    if (argument.is(Kind.OPEN, "(")) {
      int end = end(at);
      boolean names = end > at && hasNoVariable(tokens.part(at, end));
      at = end;
      return names;
    }
    int start = at;
    skip(QuantityName::isAngle);
    return at > start;
  }

  private static boolean isAngle(Token token) {
    return isCapital(token) || token.kind() == Kind.SYMBOL;
  }

  /** {@code \text{lcm}(4,6)}; words alone are names elsewhere. */
  private boolean word() {
    skip(token -> token.kind() == Kind.WORD);
    return arguments();
  }

  private boolean symbol(Token symbol) {
    if (symbol.text().equals("angle") || symbol.text().equals("triangle")) {
      at++;
      int start = at;
      skip(QuantityName::isCapital);
      return at > start;
    }
    at++;
    boolean operator = symbol.text().length() > 2 && symbol.text().chars().allMatch(c -> c < 128);
    return operator && !isGreek(symbol.text()) && arguments();
  }

  private static boolean isGreek(String name) {
    return LatexVocabulary.isGreek(name);
  }

  /** Parentheses around names and numbers alone. */
  private boolean arguments() {
    Token open = peek();
    if (open == null || open.kind() != Kind.OPEN || !"([{".contains(open.text())) {
      return false;
    }
    int end = end(at);
    boolean names = end > at && hasNoVariable(tokens.part(at + 1, end - 1));
    at = end;
    return names;
  }

  private boolean letters() {
    int start = at;
    skip(QuantityName::isCapital);
    if (at > start + 1 || tokens.get(start).kind() == Kind.WORD) {
      skip(token -> token.is(Kind.OPERATOR, "'"));
      return true;
    }
    at = start + 1;
    if (at < tokens.size() && tokens.get(at).is(Kind.OPERATOR, "_")) {
      at++;
      if (!group()) {
        return false;
      }
    }
    return applied(isCapital(tokens.get(start)));
  }

  /** P(X=2), E[X], n(A∪B): a letter applied to a statement or to names. */
  private boolean applied(boolean capital) {
    Token open = peek();
    if (open == null || open.kind() != Kind.OPEN || !"([".contains(open.text())) {
      return false;
    }
    int end = end(at);
    if (end <= at + 2) {
      return false;
    }
    Tokens inner = tokens.part(at + 1, end - 1);
    at = end;
    boolean statement = capital && (inner.has(Kind.RELATION) || inner.has(Kind.BAR));
    boolean sets = inner.list().stream().anyMatch(QuantityName::isCapital) && hasNoVariable(inner);
    return statement || sets || inner.all(Kind.WORD);
  }

  private static boolean hasNoVariable(Tokens tokens) {
    return tokens.list().stream()
        .noneMatch(token -> token.kind() == Kind.LETTER && !isCapital(token));
  }

  private static boolean isCapital(Token token) {
    boolean points = token.kind() == Kind.WORD && token.text().length() < 5;
    return (token.kind() == Kind.LETTER || points)
        && token.text().chars().allMatch(Character::isUpperCase);
  }
}
