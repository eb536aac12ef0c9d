package org.score4j.training.verifiers.math;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Expression.Num;
import org.score4j.training.verifiers.math.Expression.Sum;
import org.score4j.training.verifiers.math.Token.Kind;

/** Reads what begins with digits: numbers, repeating decimals, mixed numbers. */
final class NumberReader {
  private static final int SIGNIFICANT = 6;

  private final TokenCursor cursor;

  NumberReader(TokenCursor cursor) {
    this.cursor = cursor;
  }

  /**
   * The number that begins with a token the cursor has just passed.
   *
   * @param mixed whether a fraction right behind it belongs to it
   */
  Expression read(Token token, boolean mixed) throws UnreadableException {
    String digits = token.text();
    boolean decimal = digits.indexOf('.') >= 0;
    if (decimal) {
      Num repeating = repeating(digits);
      if (repeating != null) {
        return repeating;
      }
    }
    int places = decimal ? digits.length() - digits.indexOf('.') - 1 : 0;
    Num whole = new Num(Rational.ofDecimal(digits), decimal, places);
    if (mixed && !decimal) {
      Num part = fractionOfMixed();
      if (part != null) {
        return new Sum(whole, part);
      }
    }
    return whole;
  }

  /** A decimal with the mark of a period behind its digits; null for one without. */
  private @Nullable Num repeating(String digits) throws UnreadableException {
    Token next = cursor.peek();
    if (next == null) {
      return null;
    }
    if (cursor.take(Kind.DECORATION, "overline")) {
      return repeating(digits, cursor.rawArgument());
    }
    if (next.is(Kind.DECORATION, "dot")) {
      return repeating(digits, dottedPeriod());
    }
    Token inside = cursor.peek(1);
    Token close = cursor.peek(2);
    if (next.is(Kind.OPEN, "(")
        && !next.spaced()
        && inside != null
        && inside.kind() == Kind.NUMBER
        && close != null
        && close.is(Kind.CLOSE, ")")) {
      cursor.advance(3);
      return repeating(digits, inside.text());
    }
    if (next.kind() == Kind.ELLIPSIS) {
      cursor.advance(1);
      return continued(digits);
    }
    return null;
  }

  /** {@code \dot{3}}, or the dots over the first and the last digit of the period. */
  private String dottedPeriod() throws UnreadableException {
    StringBuilder period = new StringBuilder();
    for (int dots = 0; dots < 2 && cursor.take(Kind.DECORATION, "dot"); dots++) {
      Token digit = cursor.peek();
      period.append(
          digit != null && digit.isNumber() ? cursor.firstDigit(digit) : cursor.rawArgument());
      Token between = cursor.peek();
      Token second = cursor.peek(1);
      if (dots == 0
          && between != null
          && between.isNumber()
          && second != null
          && second.is(Kind.DECORATION, "dot")) {
        period.append(between.text());
        cursor.advance(1);
      }
    }
    return period.toString();
  }

  /**
   * {@code 0.1666…}: the shortest period that the last digits show at least twice, one of a single
   * digit three times unless no other digit is there. Without a period its digits as they are, from
   * six on; fewer leave open which number it is.
   */
  private static Num continued(String digits) throws UnreadableException {
    int dot = digits.indexOf('.');
    int places = digits.length() - dot - 1;
    for (int length = 1; 2 * length <= places; length++) {
      String period = digits.substring(digits.length() - length);
      int times = 1;
      int start = digits.length() - length;
      while (start - length > dot && digits.startsWith(period, start - length)) {
        start -= length;
        times++;
      }
      if (times >= 3 || (times == 2 && (length > 1 || places <= 3))) {
        return repeating(digits.substring(0, start), period);
      }
    }
    if (places < SIGNIFICANT) {
      throw new UnreadableException("a decimal that goes on without a period");
    }
    return new Num(Rational.ofDecimal(digits), true);
  }

  /** {@code 0.1\overline{6}}. */
  private static Num repeating(String digits, String period) throws UnreadableException {
    if (period.isEmpty() || period.length() > 50 || !period.chars().allMatch(Character::isDigit)) {
      throw new UnreadableException("a line over '%s' behind a decimal".formatted(period));
    }
    int places = digits.length() - digits.indexOf('.') - 1;
    BigInteger repeats = BigInteger.TEN.pow(period.length()).subtract(BigInteger.ONE);
    Rational tail =
        Rational.of(new BigInteger(period), repeats.multiply(BigInteger.TEN.pow(places)));
    Rational value = Rational.ofDecimal(digits).plus(tail);
    if (value == null) {
      throw new UnreadableException("a number that is too long");
    }
    return new Num(value, false);
  }

  private static boolean isOver(@Nullable Token token) {
    return token != null && token.isNumber();
  }

  /** The proper fraction right behind a whole number: {@code 2\frac13} or {@code 2 1/3}. */
  private @Nullable Num fractionOfMixed() throws UnreadableException {
    int begin = cursor.position();
    String top = "";
    String bottom = "";
    Token token = cursor.peek();
    Token slash = cursor.peek(1);
    Token denominator = cursor.peek(2);
    if (token != null && token.kind() == Kind.FRACTION) {
      cursor.advance(1);
      top = cursor.digitsArgument();
      bottom = cursor.digitsArgument();
    } else if (token != null && token.kind() == Kind.GROUP_OPEN && isOver(slash)) {
      // 2{1 \over 3}
      Token infix = cursor.peek(2);
      Token below = cursor.peek(3);
      Token close = cursor.peek(4);
      if (slash != null
          && infix != null
          && infix.is(Kind.INFIX, "over")
          && below != null
          && below.isNumber()
          && close != null
          && close.kind() == Kind.GROUP_CLOSE) {
        top = slash.text();
        bottom = below.text();
        cursor.advance(5);
      }
    } else if (token != null
        && token.kind() == Kind.NUMBER
        && token.spaced()
        && slash != null
        && slash.is(Kind.OPERATOR, "/")
        && denominator != null
        && denominator.kind() == Kind.NUMBER) {
      top = token.text();
      bottom = denominator.text();
      cursor.advance(3);
    }
    if (!top.isEmpty() && !bottom.isEmpty() && (top + bottom).indexOf('.') < 0) {
      BigInteger part = new BigInteger(top);
      BigInteger whole = new BigInteger(bottom);
      if (part.compareTo(whole) >= 0) {
        // 1\frac54: a product, or a mixed number that nobody writes so? Not for us to say.
        throw new UnreadableException("a whole number before an improper fraction");
      }
      return new Num(Rational.of(part, whole), false);
    }
    cursor.reset(begin);
    return null;
  }
}
