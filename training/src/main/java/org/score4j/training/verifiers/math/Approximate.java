package org.score4j.training.verifiers.math;

/**
 * A complex number in double precision with a bound of its rounding error, carried through every
 * operation to first order. The bound decides whether two values are equal: nothing else has to be
 * guessed, neither for 2√3 nor for a difference that nearly cancels.
 *
 * @param re real part
 * @param im imaginary part
 * @param error bound of the distance to the true value
 */
record Approximate(double re, double im, double error) {
  static final Approximate UNDEFINED = new Approximate(Double.NaN, Double.NaN, 0);
  static final Approximate I = new Approximate(0, 1, 0);
  private static final double SHARP = 1e-10;
  // Of one operation on parts, with room for the functions of the Java library (1 ulp).
  private static final double UNIT = 4 * Math.ulp(1.0);

  static Approximate of(double value) {
    return new Approximate(value, 0, Math.abs(value) * UNIT);
  }

  private static Approximate rounded(double re, double im, double error) {
    return new Approximate(re, im, error + UNIT * Math.hypot(re, im));
  }

  double abs() {
    return Math.hypot(re, im);
  }

  boolean isDefined() {
    return Double.isFinite(re) && Double.isFinite(im) && Double.isFinite(error);
  }

  /** Whether the imaginary part is nothing but rounding. */
  boolean isReal() {
    return Math.abs(im) <= error;
  }

  boolean isZero() {
    return abs() <= error;
  }

  /** Whether both may be the same number. Says little where {@link #isSharp} does not hold. */
  boolean agrees(Approximate other) {
    return Math.hypot(re - other.re, im - other.im) <= 4 * (error + other.error);
  }

  /** Whether enough digits are right for a comparison: not after a difference of huge numbers. */
  boolean isSharp() {
    return error <= SHARP * Math.max(1, abs());
  }

  Approximate plus(Approximate o) {
    return rounded(re + o.re, im + o.im, error + o.error);
  }

  Approximate negate() {
    // Not -im: the logarithm of a negative number would turn with the sign of a zero.
    return new Approximate(-re, 0 - im, error);
  }

  Approximate times(Approximate o) {
    double bound = abs() * o.error + o.abs() * error;
    // Without imaginary parts, so that 0 · ∞ of the cross terms does not appear.
    return im == 0 && o.im == 0
        ? rounded(re * o.re, 0, bound)
        : rounded(re * o.re - im * o.im, re * o.im + im * o.re, bound);
  }

  Approximate dividedBy(Approximate o) {
    if (o.isZero()) {
      return UNDEFINED;
    }
    double size = o.abs();
    double bound = (error + abs() / size * o.error) / size;
    if (im == 0 && o.im == 0) {
      return rounded(re / o.re, 0, bound);
    }
    double c = o.re / size;
    double d = o.im / size;
    return rounded((re * c + im * d) / size, (im * c - re * d) / size, bound);
  }

  Approximate exp() {
    double size = Math.exp(re);
    return rounded(
        im == 0 ? size : size * Math.cos(im), im == 0 ? 0 : size * Math.sin(im), size * error);
  }

  /** The principal value. */
  Approximate ln() {
    if (isZero()) {
      return UNDEFINED;
    }
    double bound = error / abs() + UNIT;
    return im == 0 && re > 0
        ? rounded(Math.log(re), 0, bound)
        : rounded(Math.log(abs()), Math.atan2(im, re), bound);
  }

  /** The principal value; exact in its structure for whole exponents. */
  Approximate power(Approximate exponent) {
    if (exponent.im == 0
        && exponent.error <= 2 * UNIT * Math.abs(exponent.re)
        && exponent.re == Math.rint(exponent.re)
        && Math.abs(exponent.re) < 1 << 16) {
      return wholePower((int) exponent.re);
    }
    if (isZero()) {
      return exponent.re > 0 && re == 0 && im == 0 ? of(0) : UNDEFINED;
    }
    if (im == 0 && re > 0 && exponent.im == 0) {
      double value = Math.pow(re, exponent.re);
      double relative =
          Math.abs(exponent.re) * error / re + Math.abs(Math.log(re)) * exponent.error;
      return rounded(value, 0, value * relative);
    }
    return exponent.times(ln()).exp();
  }

  private Approximate wholePower(int exponent) {
    if (exponent < 0) {
      return of(1).dividedBy(wholePower(-exponent));
    }
    Approximate result = new Approximate(1, 0, 0);
    Approximate square = this;
    for (int rest = exponent; rest > 0; rest >>= 1) {
      if ((rest & 1) == 1) {
        result = result.times(square);
      }
      if (rest > 1) {
        square = square.times(square);
      }
    }
    return result;
  }

  /** The real root where there is one, else the principal one. */
  Approximate root(int index) {
    if (re == 0 && im == 0) {
      return this;
    }
    if (im == 0 && re < 0 && index % 2 == 1) {
      return negate().root(index).negate();
    }
    if (isZero()) {
      return new Approximate(0, 0, Math.pow(error, 1.0 / index));
    }
    double bound = error / abs() / index;
    if (im == 0 && re > 0) {
      double value = index == 2 ? Math.sqrt(re) : Math.pow(re, 1.0 / index);
      return rounded(value, 0, value * (bound + UNIT * Math.abs(Math.log(re))));
    }
    return ln().times(of(1.0 / index)).exp();
  }

  /** A function of a real number whose derivative is bounded by {@code slope} nearby. */
  Approximate mapped(double value, double slope) {
    return isReal() ? rounded(value, 0, Math.abs(slope) * error) : UNDEFINED;
  }
}
