package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Token.Kind;

/** A place in a list of tokens; TeX's arguments without braces are taken digit by digit. */
final class TokenCursor {
  // A copy: \frac123 shortens its number.
  private final List<Token> tokens;
  private int at;

  TokenCursor(List<Token> tokens) {
    this.tokens = new ArrayList<>(tokens);
  }

  int position() {
    return at;
  }

  void reset(int position) {
    at = position;
  }

  void advance(int count) {
    at += count;
  }

  List<Token> rest() {
    return tokens.subList(at, tokens.size());
  }

  @Nullable Token peek() {
    return peek(0);
  }

  /** The token so many places behind the next one; null beyond the end. */
  @Nullable Token peek(int offset) {
    return at + offset < tokens.size() ? tokens.get(at + offset) : null;
  }

  @Nullable Token previous() {
    return at == 0 ? null : tokens.get(at - 1);
  }

  /** Whether what precedes is an exponent of one token: the 6 of {@code 2^6}. */
  boolean isBehindPower() {
    return at >= 2 && tokens.get(at - 2).is(Kind.OPERATOR, "^");
  }

  boolean nextIs(Kind kind, String text) {
    Token token = peek();
    return token != null && token.is(kind, text);
  }

  boolean take(Kind kind, String text) {
    if (!nextIs(kind, text)) {
      return false;
    }
    at++;
    return true;
  }

  void require(Kind kind, String text) throws UnreadableException {
    if (!take(kind, text)) {
      throw new UnreadableException("'%s' is missing".formatted(text));
    }
  }

  /** TeX's argument without braces is one character. */
  String firstDigit(Token number) {
    String digits = number.text();
    if (digits.length() == 1) {
      at++;
    } else {
      tokens.set(at, new Token(Kind.NUMBER, digits.substring(1), false));
    }
    return digits.substring(0, 1);
  }

  /** An argument that is nothing but digits; empty when it is something else. */
  String digitsArgument() {
    Token token = peek();
    if (token == null) {
      return "";
    }
    if (token.kind() == Kind.NUMBER) {
      return firstDigit(token);
    }
    Token content = peek(1);
    Token close = peek(2);
    if (token.kind() == Kind.GROUP_OPEN
        && content != null
        && content.isNumber()
        && close != null
        && close.kind() == Kind.GROUP_CLOSE) {
      at += 3;
      return content.text();
    }
    return "";
  }

  /** The spelling of an argument: a group without its braces, or one token. */
  String rawArgument() throws UnreadableException {
    if (at >= tokens.size()) {
      throw new UnreadableException("an argument is missing");
    }
    if (tokens.get(at).kind() != Kind.GROUP_OPEN) {
      return tokens.get(at++).text();
    }
    StringBuilder text = new StringBuilder();
    int open = 0;
    do {
      Token token = tokens.get(at++);
      open += token.kind() == Kind.GROUP_OPEN ? 1 : token.kind() == Kind.GROUP_CLOSE ? -1 : 0;
      text.append(token.text());
    } while (open > 0 && at < tokens.size());
    if (open > 0) {
      throw new UnreadableException("a brace is not closed");
    }
    return text.substring(1, text.length() - 1);
  }
}
