package org.score4j.training.verifiers.math;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Expression.Num;
import org.score4j.training.verifiers.math.Expression.Sum;
import org.score4j.training.verifiers.math.Token.Kind;

/** Reads what begins with digits: numbers, repeating decimals, mixed numbers. */
final class NumberReader {
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
    if (decimal && cursor.take(Kind.DECORATION, "overline")) {
      return repeating(digits, cursor.rawArgument());
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
