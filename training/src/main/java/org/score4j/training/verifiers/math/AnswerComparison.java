package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Answer.Based;
import org.score4j.training.verifiers.math.Answer.Braced;
import org.score4j.training.verifiers.math.Answer.Bracketed;
import org.score4j.training.verifiers.math.Answer.Choice;
import org.score4j.training.verifiers.math.Answer.Listed;
import org.score4j.training.verifiers.math.Answer.Matrix;
import org.score4j.training.verifiers.math.Answer.Qualified;
import org.score4j.training.verifiers.math.Answer.Ratio;
import org.score4j.training.verifiers.math.Answer.Relation;
import org.score4j.training.verifiers.math.Answer.Residue;
import org.score4j.training.verifiers.math.Answer.Scalar;
import org.score4j.training.verifiers.math.Answer.Union;
import org.score4j.training.verifiers.math.Answer.Unread;
import org.score4j.training.verifiers.math.Answer.Words;

/**
 * Whether two answers are the same, part by part.
 *
 * <ul>
 *   <li>Lists, sets and unions have no order; tuples, matrices, ratios and chains have one.
 *   <li>Brackets of an interval must agree; a list equals a tuple in the same order.
 *   <li>A name and a unit may be missing on one side; two different ones differ. Named values match
 *       a tuple by their names.
 *   <li>18% equals 18 and 0.18, though ½% is not ½; digits with a base equal the same digits
 *       without one.
 * </ul>
 */
final class AnswerComparison {
  // Matching without order takes the square of the size.
  private static final int MAX_UNORDERED = 100;
  private static final Set<String> ARTICLES = Set.of("a", "an", "the");

  private final ExpressionComparison expressions;
  private final RelationComparison relations;
  private final Budget budget;

  AnswerComparison(long seed, Budget budget) {
    this.expressions = new ExpressionComparison(seed, budget);
    this.budget = budget;
    this.relations = new RelationComparison(expressions, this, budget);
  }

  boolean equal(Answer a, Answer b) {
    if (a.text().equals(b.text()) && !a.text().isEmpty()) {
      return true;
    }
    budget.spend();
    if (isRemarked(a) || isRemarked(b)) {
      return equalRemarked(a, b);
    }
    if (a instanceof Scalar left && b instanceof Scalar right) {
      return equalScalars(left, right);
    }
    Assignments left = Assignments.of(a, relations::assignment);
    Assignments right = Assignments.of(b, relations::assignment);
    if (left != null && right != null) {
      return left.values().keySet().equals(right.values().keySet())
          ? left.values().entrySet().stream()
              .allMatch(
                  one -> {
                    Answer other = right.values().get(one.getKey());
                    return other != null && equal(one.getValue(), other);
                  })
          : isRelations(a) && isRelations(b) && equalParts(a, b);
    }
    if (left != null && !(b instanceof Relation)) {
      return equalNamed(left, b);
    }
    if (right != null && !(a instanceof Relation)) {
      return equalNamed(right, a);
    }
    if (a instanceof Relation || b instanceof Relation) {
      return relations.equal(relations.asUnion(a), relations.asUnion(b));
    }
    return equalParts(relations.asUnion(a), relations.asUnion(b));
  }

  private static boolean isRelations(Answer answer) {
    return answer instanceof Listed listed
        && listed.elements().stream().allMatch(Relation.class::isInstance);
  }

  /** Values under names against values without: in the order of the names. */
  private boolean equalNamed(Assignments names, Answer other) {
    return switch (other) {
      case Bracketed tuple -> isTuple(tuple) && inOrder(names.elements(), tuple.elements());
      case Listed list -> inOrder(names.elements(), list.elements());
      case Braced set -> unordered(names.elements(), set.elements());
      case Matrix vector -> equalVector(vector, names.elements());
      default -> false;
    };
  }

  private static boolean isRemarked(Answer answer) {
    return answer instanceof Choice || answer instanceof Qualified || answer instanceof Residue;
  }

  private boolean equalRemarked(Answer a, Answer b) {
    if (a instanceof Choice one) {
      return b instanceof Choice other
          ? one.letter().equals(other.letter()) && equal(one.content(), other.content())
          : equalChoice(one, b);
    }
    if (b instanceof Choice other) {
      return equalChoice(other, a);
    }
    if (a instanceof Qualified one) {
      return b instanceof Qualified other
          ? one.condition().equals(other.condition()) && equal(one.value(), other.value())
          : equal(one.value(), b);
    }
    if (b instanceof Qualified other) {
      return equal(a, other.value());
    }
    if (a instanceof Residue one) {
      return b instanceof Residue other ? isCongruent(one, other) : equalResidue(one, b);
    }
    return b instanceof Residue other && equalResidue(other, a);
  }

  /** A letter alone is that of an option; anything else is what the option says. */
  private boolean equalChoice(Choice choice, Answer other) {
    return Remarks.isOption(other.text())
        ? choice.letter().equals(other.text())
        : equal(choice.content(), other);
  }

  /** The same class: 12 and 5 modulo 7. */
  private boolean isCongruent(Residue a, Residue b) {
    if (!a.modulus().equals(b.modulus())) {
      return false;
    }
    Rational left = wholeNumber(a.value());
    Rational right = wholeNumber(b.value());
    return left != null
        && right != null
        && left.numerator().subtract(right.numerator()).mod(a.modulus().numerator()).signum() == 0;
  }

  /** Only the residue from 0 to modulus − 1 is a number as well: 12 (mod 7) is not 12. */
  private boolean equalResidue(Residue residue, Answer other) {
    Answer value = other instanceof Relation ? null : other;
    Rational whole = wholeNumber(residue.value());
    return value instanceof Scalar scalar
        && whole != null
        && whole.signum() >= 0
        && whole.numerator().compareTo(residue.modulus().numerator()) < 0
        && equalScalars(residue.value(), scalar);
  }

  private @Nullable Rational wholeNumber(Scalar scalar) {
    Rational value = new ExactEvaluator(Map.of(), budget).value(scalar.expression());
    return value != null && value.isInteger() ? value : null;
  }

  private boolean equalParts(Answer a, Answer b) {
    return switch (a) {
      case Scalar left ->
          switch (b) {
            case Scalar right -> equalScalars(left, right);
            case Words right -> equalWords(a.text(), right.text());
            case Based right -> equalDigits(right, left.text());
            case Bracketed right -> isReals(left) && isAllReals(right);
            case Listed right -> false;
            case Braced right -> equalSingle(right.elements(), a);
            case Union u -> false;
            case Matrix m -> false;
            case Ratio r -> false;
            case Relation r -> false;
            case Choice c -> false;
            case Qualified q -> false;
            case Residue r -> false;
            case Unread u -> false;
          };
      case Words left ->
          b instanceof Based right
              ? equalDigits(right, left.text())
              : (b instanceof Words || b instanceof Scalar || b instanceof Unread)
                  && equalWords(left.text(), b.text());
      case Based left ->
          b instanceof Based right
              ? left.base().equals(right.base()) && sameDigits(left.digits(), right.digits())
              : equalDigits(left, b.text());
      case Bracketed left ->
          switch (b) {
            case Bracketed right ->
                left.open().equals(right.open())
                    && left.close().equals(right.close())
                    && inOrder(left.elements(), right.elements());
            case Listed right -> isTuple(left) && inOrder(left.elements(), right.elements());
            case Matrix right -> isTuple(left) && equalVector(right, left.elements());
            case Scalar right -> isReals(right) && isAllReals(left);
            default -> false;
          };
      case Listed left ->
          switch (b) {
            case Listed right -> equalLists(left.elements(), right.elements());
            case Braced right -> unordered(withoutName(left), right.elements());
            case Bracketed right -> isTuple(right) && inOrder(left.elements(), right.elements());
            default -> false;
          };
      case Braced left ->
          switch (b) {
            case Braced right -> unordered(withoutRepetition(left), withoutRepetition(right));
            case Listed right -> unordered(left.elements(), withoutName(right));
            default -> equalSingle(left.elements(), b);
          };
      case Union left -> b instanceof Union right && unordered(left.parts(), right.parts());
      case Matrix left ->
          switch (b) {
            case Matrix right ->
                left.delimiter().equals(right.delimiter()) && rows(left.rows(), right.rows());
            case Bracketed right -> isTuple(right) && equalVector(left, right.elements());
            default -> false;
          };
      case Ratio left -> b instanceof Ratio right && inOrder(left.parts(), right.parts());
      case Relation r -> false;
      case Choice c -> false;
      case Qualified q -> false;
      case Residue r -> false;
      case Unread u -> b instanceof Words && equalWords(u.text(), b.text());
    };
  }

  private boolean equalScalars(Scalar a, Scalar b) {
    if (!Units.compatible(a.unit(), b.unit())) {
      return false;
    }
    boolean percent = a.unit().equals(Units.PERCENT);
    if (percent == b.unit().equals(Units.PERCENT)) {
      return expressions.equal(a.expression(), b.expression());
    }
    // 18% is 0.18 as well as, without the sign, 18; but ½% is not ½.
    Scalar rate = percent ? a : b;
    Scalar plain = percent ? b : a;
    return expressions.equal(new Expression.Percent(rate.expression()), plain.expression())
        || (isAboveOne(rate) && expressions.equal(rate.expression(), plain.expression()));
  }

  private boolean isAboveOne(Scalar rate) {
    Approximate value = new NumericEvaluator(Map.of(), budget).value(rate.expression());
    return !value.isDefined() || value.isZero() || value.abs() > 1;
  }

  /**
   * Case counts in single letters only: A and a are two sides, North and north are not. A plural in
   * small letters is its singular: no solutions, but not Evans and Evan.
   */
  private static boolean equalWords(String a, String b) {
    String left = withoutArticle(a);
    String right = withoutArticle(b);
    return left.equals(right)
        || (left.length() > 1
            && (left.equalsIgnoreCase(right) || singular(left).equalsIgnoreCase(singular(right))));
  }

  private static String singular(String phrase) {
    return String.join(
        " ",
        Arrays.stream(phrase.split(" ", -1))
            .map(
                word ->
                    !word.isEmpty() && Character.isLowerCase(word.charAt(0))
                        ? Units.singular(word)
                        : word)
            .toList());
  }

  private static String withoutArticle(String words) {
    int space = words.indexOf(' ');
    return space > 0 && ARTICLES.contains(words.substring(0, space).toLowerCase(Locale.ROOT))
        ? words.substring(space + 1)
        : words;
  }

  private static boolean equalDigits(Based based, String written) {
    return sameDigits(based.digits(), written);
  }

  private static boolean sameDigits(String a, String b) {
    return withoutZeros(a).equalsIgnoreCase(withoutZeros(b));
  }

  private static String withoutZeros(String digits) {
    int first = 0;
    while (first < digits.length() - 1 && digits.charAt(first) == '0') {
      first++;
    }
    return digits.substring(first);
  }

  /** A pair of round or angular brackets; square ones make an interval or a row. */
  private static boolean isTuple(Bracketed answer) {
    return (answer.open().equals("(") && answer.close().equals(")"))
        || (answer.open().equals("⟨") && answer.close().equals("⟩"));
  }

  static boolean isReals(Answer answer) {
    return answer instanceof Scalar scalar && scalar.text().equals("ℝ");
  }

  private static boolean isAllReals(Bracketed answer) {
    return answer.text().equals("(-∞,∞)") || answer.text().equals("(-∞,+∞)");
  }

  private boolean equalSingle(List<Answer> elements, Answer other) {
    return elements.size() == 1 && equal(elements.getFirst(), other);
  }

  private boolean equalVector(Matrix matrix, List<Answer> elements) {
    List<List<Answer>> rows = matrix.rows();
    List<Answer> entries = new ArrayList<>();
    if (rows.size() == 1) {
      entries.addAll(rows.getFirst());
    } else {
      for (List<Answer> row : rows) {
        if (row.size() != 1) {
          return false;
        }
        entries.add(row.getFirst());
      }
    }
    return inOrder(entries, elements);
  }

  private boolean rows(List<List<Answer>> a, List<List<Answer>> b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!inOrder(a.get(i), b.get(i))) {
        return false;
      }
    }
    return true;
  }

  boolean inOrder(List<Answer> a, List<Answer> b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!equal(a.get(i), b.get(i))) {
        return false;
      }
    }
    return true;
  }

  private List<Answer> withoutRepetition(Braced set) {
    List<Answer> once = new ArrayList<>();
    for (Answer element : set.elements()) {
      if (once.size() > MAX_UNORDERED || once.stream().noneMatch(one -> equal(one, element))) {
        once.add(element);
      }
    }
    return once;
  }

  /** Names on one side only give the order of the other: {@code AB = 9, CD = 4} is 9, 4. */
  private boolean equalLists(List<Answer> a, List<Answer> b) {
    List<Answer> left = Assignments.inTurns(relations.withoutCommonName(a), relations::assignment);
    List<Answer> right = Assignments.inTurns(relations.withoutCommonName(b), relations::assignment);
    if (hasNames(left) == hasNames(right)) {
      return unordered(left, right);
    }
    // y = ±x is two equations, as x² = y² by its factors is.
    boolean equations =
        a.stream().allMatch(Relation.class::isInstance)
            && b.stream().allMatch(Relation.class::isInstance);
    return equations ? unordered(a, b) : inOrder(left, right);
  }

  private List<Answer> withoutName(Listed list) {
    return relations.withoutCommonName(list.elements());
  }

  private static boolean hasNames(List<Answer> elements) {
    return elements.stream().anyMatch(Relation.class::isInstance);
  }

  private boolean unordered(List<Answer> left, List<Answer> right) {
    List<Answer> rest = new ArrayList<>(right);
    if (left.size() != rest.size() || left.size() > MAX_UNORDERED) {
      return false;
    }
    for (Answer wanted : left) {
      @Nullable Answer found = null;
      for (Answer candidate : rest) {
        if (equal(wanted, candidate)) {
          found = candidate;
          break;
        }
      }
      if (found == null || !rest.remove(found)) {
        return false;
      }
    }
    return true;
  }
}
