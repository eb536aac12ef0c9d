package org.score4j.training.verifiers.math;

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
 * number     := ±(integer | decimal | integer / integer | mixed number | m·10^k) ('%' | '°')?   1 ≤ m &lt; 10
 * value      := number | ±∞ | ±term (± term)*        one number at most, no two terms that could be added
 * term       := number? factor* ('/' number? factor*)?
 * factor     := π | e | i | irrational root of a value | π^number | e^value | number^fraction, irrational
 *             | '(' value ')'                        one sum at most
 * </pre>
 *
 * <p>So 26·33, 3!, 2¹⁰, √64, sin 60° and 1 + 2 are no values; 2√3, (1+√5)/2, 4π/3 and 1.2·10³ are.
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
      case UNEVALUATED -> true;
      case NUMBER -> isNumber(given) || (decimal && kind(given) == Kind.IRRATIONAL);
      case IRRATIONAL -> kind(given) != Kind.UNEVALUATED;
    };
  }

  /** A number, as a whole: with at most one sign. */
  boolean isNumber(Expression expression) {
    return switch (expression) {
      case Negation(Expression operand) -> isUnsigned(operand);
      case Quotient(Negation(Num top), Num bottom) -> isFraction(top, bottom);
      case Quotient(Num top, Negation(Num bottom)) -> isFraction(top, bottom);
      case Percent(Expression operand) -> isNumber(operand);
      case Degrees(Expression operand) -> isNumber(operand);
      default -> isUnsigned(expression);
    };
  }

  private static boolean isUnsigned(Expression expression) {
    return switch (expression) {
      case Num n -> true;
      case Quotient(Num top, Num bottom) -> isFraction(top, bottom);
      case Sum(Num whole, Num part) -> isMixed(whole, part);
      case Product(Num mantissa, Power(Num ten, Expression exponent)) ->
          isScientific(mantissa, ten, exponent);
      default -> false;
    };
  }

  private static boolean isFraction(Num top, Num bottom) {
    return isInteger(top) && isInteger(bottom);
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
    Set<Set<Expression>> parts = new HashSet<>();
    boolean irrational = false;
    boolean number = false;
    for (Expression term : terms) {
      if (isNumber(term)) {
        if (number) {
          return false;
        }
        number = true;
      } else {
        Set<Expression> part = irrationalPart(term, complex);
        // Two terms with the same part could be added.
        if (part == null || !parts.add(part)) {
          return false;
        }
        irrational = true;
      }
    }
    return irrational;
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

  /** The factors of a term that are no numbers; null where it is none. */
  private @Nullable Set<Expression> irrationalPart(Expression term, boolean complex) {
    Term factors = new Term(complex);
    Expression unsigned = term instanceof Negation(Expression operand) ? operand : term;
    return factors.add(unsigned) && !factors.irrational.isEmpty() ? factors.irrational : null;
  }

  /** A product as it is read, from its factors. */
  private final class Term {
    private final boolean complex;
    private final Set<Expression> irrational = new HashSet<>();
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
        case Sum sum -> addSum(sum);
        default -> isFactor(expression, complex) && irrational.add(expression);
      };
    }

    private boolean addSum(Sum sum) {
      boolean second = hasSum;
      hasSum = true;
      return !second && isIrrational(sum, complex) && irrational.add(sum);
    }

    /** A fraction has a number above and one below. */
    private boolean addQuotient(Expression top, Expression bottom) {
      Term above = new Term(complex);
      Term below = new Term(false);
      boolean signed = top instanceof Negation;
      boolean allowed =
          above.add(top instanceof Negation(Expression operand) ? operand : top)
              && below.add(bottom)
              && !below.hasSum
              && !(signed && hasNumber);
      if (!allowed || ((above.hasNumber || below.hasNumber) && hasNumber)) {
        return false;
      }
      if (above.hasSum && hasSum) {
        return false;
      }
      hasNumber |= above.hasNumber || below.hasNumber;
      hasSum |= above.hasSum;
      for (Expression factor : above.irrational) {
        if (!irrational.add(factor)) {
          return false;
        }
      }
      for (Expression factor : below.irrational) {
        if (!irrational.add(new Quotient(Expression.integer(1), factor))
            || irrational.contains(factor)) {
          return false;
        }
      }
      return true;
    }
  }

  private boolean isFactor(Expression expression, boolean complex) {
    return switch (expression) {
      case Constant constant -> complex || constant != Constant.I;
      case Root(int index, Expression radicand) -> isRoot(index, radicand);
      case Power(Expression base, Expression exponent) -> isPower(base, exponent);
      default -> false;
    };
  }

  private boolean isRoot(int index, Expression radicand) {
    if (!isNumber(radicand)) {
      return isIrrational(radicand, false);
    }
    Rational value = exact.value(radicand);
    return value != null
        && (value.signum() < 0 ? value.negate() : value).root(index) == null;
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
