package org.score4j.training.verifiers.math;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * An exact fraction in lowest terms, denominator above 0. Operations whose result would have more
 * than {@link #MAX_BITS} bits return null, so that no answer can make one of them slow.
 */
record Rational(BigInteger numerator, BigInteger denominator) {
  static final Rational ZERO = of(0);
  static final Rational ONE = of(1);
  // 2^20000 is far above any answer; a product of two such numbers takes microseconds.
  private static final int MAX_BITS = 20_000;
  private static final BigInteger FIVE = BigInteger.valueOf(5);

  static Rational of(long value) {
    return new Rational(BigInteger.valueOf(value), BigInteger.ONE);
  }

  static Rational of(long numerator, long denominator) {
    return reduced(BigInteger.valueOf(numerator), BigInteger.valueOf(denominator));
  }

  /** denominator: not 0. */
  static Rational of(BigInteger numerator, BigInteger denominator) {
    return reduced(numerator, denominator);
  }

  /** Digits with at most one dot, such as {@code 12}, {@code .5} or {@code 3.}. */
  static Rational ofDecimal(String digits) {
    int dot = digits.indexOf('.');
    if (dot < 0) {
      return new Rational(new BigInteger(digits), BigInteger.ONE);
    }
    int places = digits.length() - dot - 1;
    String whole = digits.substring(0, dot) + digits.substring(dot + 1);
    return reduced(
        whole.isEmpty() ? BigInteger.ZERO : new BigInteger(whole), BigInteger.TEN.pow(places));
  }

  private static Rational reduced(BigInteger numerator, BigInteger denominator) {
    if (denominator.equals(BigInteger.ONE)) {
      return new Rational(numerator, denominator);
    }
    BigInteger gcd = numerator.gcd(denominator);
    BigInteger divisor = denominator.signum() < 0 ? gcd.negate() : gcd;
    return divisor.equals(BigInteger.ONE)
        ? new Rational(numerator, denominator)
        : new Rational(numerator.divide(divisor), denominator.divide(divisor));
  }

  private static @Nullable Rational bounded(BigInteger numerator, BigInteger denominator) {
    return isTooLong(numerator, denominator) ? null : reduced(numerator, denominator);
  }

  private static boolean isTooLong(BigInteger numerator, BigInteger denominator) {
    return numerator.bitLength() > MAX_BITS || denominator.bitLength() > MAX_BITS;
  }

  @Nullable Rational plus(Rational other) {
    BigInteger top =
        numerator.multiply(other.denominator).add(other.numerator.multiply(denominator));
    BigInteger bottom = denominator.multiply(other.denominator);
    if (isInteger() || other.isInteger()) {
      // p/q + k is in lowest terms where p/q is; the divisor of long numbers takes milliseconds.
      return isTooLong(top, bottom) ? null : new Rational(top, bottom);
    }
    return bounded(top, bottom);
  }

  Rational negate() {
    return new Rational(numerator.negate(), denominator);
  }

  @Nullable Rational times(Rational other) {
    return bounded(numerator.multiply(other.numerator), denominator.multiply(other.denominator));
  }

  /** Null for a division by zero too. */
  @Nullable Rational dividedBy(Rational other) {
    return other.signum() == 0
        ? null
        : bounded(numerator.multiply(other.denominator), denominator.multiply(other.numerator));
  }

  /**
   * This to the power of a fraction p/q where that is rational: the q-th root must be one. Null
   * otherwise, for 0 to a power of 0 or less, and for even roots of negative numbers.
   */
  @Nullable Rational power(Rational exponent) {
    if (exponent.denominator.bitLength() > 16 || exponent.numerator.bitLength() > 16) {
      return null;
    }
    int index = exponent.denominator.intValue();
    Rational base = index == 1 ? this : root(index);
    if (base == null) {
      return null;
    }
    int power = Math.abs(exponent.numerator.intValue());
    long bits = Math.max(base.numerator.bitLength(), base.denominator.bitLength());
    if (bits * power > MAX_BITS || (base.signum() == 0 && exponent.signum() <= 0)) {
      return null;
    }
    BigInteger top = base.numerator.pow(power);
    BigInteger bottom = base.denominator.pow(power);
    return exponent.signum() < 0 ? reduced(bottom, top) : new Rational(top, bottom);
  }

  /** The real root where it is rational; odd roots of negative numbers are not taken. */
  @Nullable Rational root(int index) {
    if (index < 1 || signum() < 0) {
      return null;
    }
    BigInteger top = exactRoot(numerator, index);
    BigInteger bottom = top == null ? null : exactRoot(denominator, index);
    return top == null || bottom == null ? null : new Rational(top, bottom);
  }

  private static @Nullable BigInteger exactRoot(BigInteger value, int index) {
    if (index == 1 || value.bitLength() <= 1) {
      return value;
    }
    if (index == 2) {
      BigInteger[] root = value.sqrtAndRemainder();
      return root[1].signum() == 0 ? root[0] : null;
    }
    if (index >= value.bitLength()) {
      return null;
    }
    // Newton from above: every step is below the last one until the floor of the root is reached.
    BigInteger order = BigInteger.valueOf(index);
    BigInteger guess = BigInteger.ONE.shiftLeft(value.bitLength() / index + 1);
    while (true) {
      BigInteger next =
          guess
              .multiply(order.subtract(BigInteger.ONE))
              .add(value.divide(guess.pow(index - 1)))
              .divide(order);
      if (next.compareTo(guess) >= 0) {
        return guess.pow(index).equals(value) ? guess : null;
      }
      guess = next;
    }
  }

  int signum() {
    return numerator.signum();
  }

  boolean isInteger() {
    return denominator.equals(BigInteger.ONE);
  }

  /** Whether it can be written with finitely many decimals. */
  boolean isFiniteDecimal() {
    BigInteger rest = denominator.shiftRight(denominator.getLowestSetBit());
    while (rest.bitLength() > 1) {
      BigInteger[] quotient = rest.divideAndRemainder(FIVE);
      if (quotient[1].signum() != 0) {
        return false;
      }
      rest = quotient[0];
    }
    return true;
  }

  /** How many decimals it takes to write it out; 0 where no number of them is enough. */
  int decimalPlaces() {
    return isFiniteDecimal()
        ? Math.max(
            0,
            new BigDecimal(numerator)
                .divide(new BigDecimal(denominator))
                .stripTrailingZeros()
                .scale())
        : 0;
  }

  double toDouble() {
    int excess = Math.max(numerator.bitLength(), denominator.bitLength()) - 1000;
    if (excess <= 0) {
      return numerator.doubleValue() / denominator.doubleValue();
    }
    // Beyond the range of double, or a quotient of two such numbers: keep 1,000 leading bits.
    return numerator.shiftRight(excess).doubleValue()
        / denominator.shiftRight(excess).doubleValue();
  }

  @Override
  public String toString() {
    return isInteger() ? numerator.toString() : numerator + "/" + denominator;
  }
}
