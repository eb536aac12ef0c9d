package org.score4j.training.verifiers.math;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Expression.Constant;
import org.score4j.training.verifiers.math.Expression.Degrees;
import org.score4j.training.verifiers.math.Expression.Negation;
import org.score4j.training.verifiers.math.Expression.Num;
import org.score4j.training.verifiers.math.Expression.Percent;
import org.score4j.training.verifiers.math.Expression.Power;
import org.score4j.training.verifiers.math.Expression.Product;
import org.score4j.training.verifiers.math.Expression.Quotient;
import org.score4j.training.verifiers.math.Expression.Root;
import org.score4j.training.verifiers.math.Expression.Sum;

/**
 * Whether an expression is a value or still has to be worked out.
 *
 * <pre>
 * number := ±(integer | decimal | fraction in lowest terms | mixed number | m·10^k) ('%' | '°')?
 * value  := number | ±∞ | ±term (± term)* | ±number·(value)
 * term   := number? factor* ('/' number? factor*)?
 * factor := π | e | i | root of a value | π^number | e^value | number^fraction
 * </pre>
 *
 * <p>where 1 ≤ m &lt; 10, no root or power is rational, i is not below a fraction line, and nothing
 * is left to be done with rational numbers: of the terms one is a number at most and no two are
 * multiples of each other, as √8 and √2 are; of the factors one is a number at most and no two are
 * equal or roots of the same order. A numerator may be a sum.
 *
 * <p>So 26·33, 84/144, 3!, 2¹⁰, √64, sin 60°, 1 + 2 and √3·√12 are no values; 2√3, (1+√5)/2, 4π/3
 * and 1.2·10³ are.
 */
final class ValueForm {
  /** What an expression is. */
  enum Kind {
    /** A rational number. */
    NUMBER,
    /** A value with roots, π, e or i; or ∞. */
    IRRATIONAL,
    /** To be worked out, or with variables. */
    UNEVALUATED
  }

  private static final Rational TEN = Rational.of(10);

  private final ExactEvaluator exact;

  ValueForm(Budget budget) {
    exact = new ExactEvaluator(Map.of(), budget);
  }

  /** What an expression is. */
  Kind kind(Expression expression) {
    if (isNumber(expression)) {
      return Kind.NUMBER;
    }
    return ExpressionComparison.infinity(expression) != 0 || isIrrational(expression, true)
        ? Kind.IRRATIONAL
        : Kind.UNEVALUATED;
  }

  /**
   * Whether a response may state a reference's value in its form.
   *
   * @param decimal whether the reference is a decimal, which may round a root or a multiple of π
   */
  boolean accepts(Expression reference, boolean decimal, Expression given) {
    return switch (kind(reference)) {
      // 2/4 is a number, but one that is still to be reduced: then so may be what is given.
      case UNEVALUATED -> !isNumber(reference, false) || isNumber(given, false);
      case NUMBER -> isNumber(given) || (decimal && kind(given) == Kind.IRRATIONAL);
      case IRRATIONAL -> kind(given) != Kind.UNEVALUATED;
    };
  }

  /** A number, as a whole: with at most one sign. */
  boolean isNumber(Expression expression) {
    return isNumber(expression, true);
  }

  /** reduced: whether a fraction must be in lowest terms. */
  private static boolean isNumber(Expression expression, boolean reduced) {
    return switch (expression) {
      case Negation(Expression operand) -> isUnsigned(operand, reduced);
      case Quotient(Negation(Num top), Num bottom) -> isFraction(top, bottom, reduced);
      case Quotient(Num top, Negation(Num bottom)) -> isFraction(top, bottom, reduced);
      case Percent(Expression operand) -> isNumber(operand, reduced);
      case Degrees(Expression operand) -> isNumber(operand, reduced);
      default -> isUnsigned(expression, reduced);
    };
  }

  private static boolean isUnsigned(Expression expression, boolean reduced) {
    return switch (expression) {
      case Num n -> true;
      case Quotient(Num top, Num bottom) -> isFraction(top, bottom, reduced);
      case Sum(Num whole, Num part) -> isMixed(whole, part);
      case Product(Num mantissa, Power(Num ten, Expression exponent)) ->
          isScientific(mantissa, ten, exponent);
      case Percent(Expression operand) -> isUnsigned(operand, reduced);
      case Degrees(Expression operand) -> isUnsigned(operand, reduced);
      default -> false;
    };
  }

  /** A division that can be carried out, wholly or in part, is no fraction in lowest terms. */
  private static boolean isFraction(Num top, Num bottom, boolean reduced) {
    BigInteger divisor = bottom.value().numerator();
    return isInteger(top)
        && isInteger(bottom)
        && (!reduced
            || (divisor.compareTo(BigInteger.ONE) > 0
                && top.value().numerator().gcd(divisor).equals(BigInteger.ONE)));
  }

  private static boolean isInteger(Num number) {
    return !number.decimal() && number.value().isInteger();
  }

  /** The parser makes a sum of 2⅓, whose fraction is one number; that of 2 + 1/3 is a quotient. */
  private static boolean isMixed(Num whole, Num part) {
    return isInteger(whole)
        && !part.decimal()
        && !part.value().isInteger()
        && part.value().numerator().compareTo(part.value().denominator()) < 0;
  }

  private static boolean isScientific(Num mantissa, Num ten, Expression exponent) {
    boolean whole =
        switch (exponent) {
          case Num power -> isInteger(power);
          case Negation(Num power) -> isInteger(power);
          default -> false;
        };
    return whole
        && isInteger(ten)
        && ten.value().equals(TEN)
        && mantissa.value().toDouble() >= 1
        && mantissa.value().toDouble() < 10;
  }

  /** complex: whether i may stand in it. */
  private boolean isIrrational(Expression expression, boolean complex) {
    List<Expression> terms = new ArrayList<>();
    addTerms(expression, terms);
    List<Set<Expression>> parts = new ArrayList<>();
    for (Expression term : terms) {
      Set<Expression> part = irrationalPart(term, complex, terms.size() == 1);
      if (part == null || parts.stream().anyMatch(other -> areMultiples(other, part))) {
        return false;
      }
      parts.add(part);
    }
    return parts.stream().anyMatch(part -> !part.isEmpty());
  }

  /** Whether two terms with these irrational parts are a rational multiple of each other. */
  private boolean areMultiples(Set<Expression> one, Set<Expression> other) {
    if (one.equals(other)) {
      return true;
    }
    Set<Expression> left = new HashSet<>(one);
    left.removeAll(other);
    Set<Expression> right = new HashSet<>(other);
    right.removeAll(one);
    // √8 = √(8·2) / √2, and 8·2 is a square.
    return left.size() == 1
        && right.size() == 1
        && left.iterator().next() instanceof Root(int index, Expression a)
        && right.iterator().next() instanceof Root(int order, Expression b)
        && index == order
        && exact.value(new Root(index, new Product(a, new Power(b, Expression.integer(index - 1)))))
            != null;
  }

  private static void addTerms(Expression expression, List<Expression> terms) {
    if (expression instanceof Sum(Expression left, Expression right)
        && !(left instanceof Num whole && right instanceof Num part && isMixed(whole, part))) {
      addTerms(left, terms);
      addTerms(right, terms);
    } else {
      terms.add(expression);
    }
  }

  /**
   * The factors of a term that are no numbers, none for a number; null where it is no term.
   *
   * @param alone whether one of them may be a sum
   */
  private @Nullable Set<Expression> irrationalPart(
      Expression term, boolean complex, boolean alone) {
    if (isNumber(term)) {
      return Set.of();
    }
    Term factors = new Term(complex);
    Expression unsigned = term instanceof Negation(Expression operand) ? operand : term;
    boolean allowed = factors.add(unsigned) && (alone || !factors.hasSum);
    return allowed && !factors.irrational.isEmpty() ? factors.irrational : null;
  }

  /** A product as it is read, from its factors. */
  private final class Term {
    private final boolean complex;
    private final Set<Expression> irrational = new HashSet<>();
    private final Set<Integer> roots = new HashSet<>();
    private boolean hasNumber;
    private boolean hasSum;

    Term(boolean complex) {
      this.complex = complex;
    }

    /** Whether the expression may be one more factor. */
    boolean add(Expression expression) {
      if (isNumber(expression)) {
        boolean second = hasNumber;
        hasNumber = true;
        return !second;
      }
      return switch (expression) {
        case Product(Expression left, Expression right) -> add(left) && add(right);
        case Quotient(Expression top, Expression bottom) -> addQuotient(top, bottom);
        case Sum sum -> addSum(sum, false);
        case Root(int index, Expression radicand) ->
            roots.add(index) && isRoot(index, radicand) && irrational.add(expression);
        default -> isFactor(expression, complex) && irrational.add(expression);
      };
    }

    private boolean addSum(Sum sum, boolean withI) {
      boolean second = hasSum;
      hasSum = true;
      return !second && isIrrational(sum, withI) && irrational.add(sum);
    }

    /** May be a sum with i, and may be negative. */
    private boolean addNumerator(Expression top) {
      if (top instanceof Sum sum && !isNumber(sum)) {
        return addSum(sum, complex);
      }
      return add(top instanceof Negation(Expression operand) ? operand : top);
    }

    /** A fraction has a number above and one below. */
    private boolean addQuotient(Expression top, Expression bottom) {
      Term above = new Term(complex);
      Term below = new Term(false);
      boolean read =
          above.addNumerator(top)
              && below.add(bottom)
              && !below.hasSum
              && !(above.irrational.isEmpty() && below.irrational.isEmpty());
      boolean number = above.hasNumber || below.hasNumber;
      if (!read || (number && hasNumber) || (above.hasSum && hasSum)) {
        return false;
      }
      hasNumber |= number;
      hasSum |= above.hasSum;
      for (int order : above.roots) {
        if (!roots.add(order)) {
          return false;
        }
      }
      for (Expression factor : above.irrational) {
        if (below.irrational.contains(factor) || !irrational.add(factor)) {
          return false;
        }
      }
      for (Expression factor : below.irrational) {
        if (!irrational.add(new Quotient(Expression.integer(1), factor))) {
          return false;
        }
      }
      return true;
    }
  }

  private boolean isFactor(Expression expression, boolean complex) {
    return switch (expression) {
      case Constant constant -> complex || constant != Constant.I;
      case Power(Expression base, Expression exponent) -> isPower(base, exponent);
      default -> false;
    };
  }

  private boolean isRoot(int index, Expression radicand) {
    if (!isNumber(radicand)) {
      return isIrrational(radicand, false);
    }
    Rational value = exact.value(radicand);
    return value != null && (value.signum() < 0 ? value.negate() : value).root(index) == null;
  }

  private boolean isPower(Expression base, Expression exponent) {
    if (base == Constant.PI || base == Constant.E) {
      return isNumber(exponent) || (base == Constant.E && isIrrational(exponent, false));
    }
    Rational power = isNumber(exponent) ? exact.value(exponent) : null;
    return power != null
        && !power.isInteger()
        && base instanceof Num
        && exact.value(new Power(base, exponent)) == null;
  }
}
