package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Answer.Based;
import org.score4j.training.verifiers.math.Answer.Braced;
import org.score4j.training.verifiers.math.Answer.Bracketed;
import org.score4j.training.verifiers.math.Answer.Listed;
import org.score4j.training.verifiers.math.Answer.Matrix;
import org.score4j.training.verifiers.math.Answer.Ratio;
import org.score4j.training.verifiers.math.Answer.Relation;
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
 *   <li>A name and a unit may be missing on one side; two different ones differ.
 *   <li>18% equals 18 and 0.18; digits with a base equal the same digits without one.
 * </ul>
 */
final class AnswerComparison {
  // Matching without order takes the square of the size.
  private static final int MAX_UNORDERED = 100;
  private static final Set<String> ARTICLES = Set.of("a", "an", "the");

  private final ExpressionComparison expressions;
  private final RelationComparison relations;

  AnswerComparison(long seed, Budget budget) {
    this.expressions = new ExpressionComparison(seed, budget);
    this.relations = new RelationComparison(expressions, this);
  }

  boolean equal(Answer a, Answer b) {
    if (a.text().equals(b.text()) && !a.text().isEmpty()) {
      return true;
    }
    if (a instanceof Relation || b instanceof Relation) {
      return relations.equal(a, b);
    }
    return equalParts(RelationComparison.asUnion(a), RelationComparison.asUnion(b));
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
            case Braced right -> unordered(left.elements(), right.elements());
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
      case Unread u -> b instanceof Words && equalWords(u.text(), b.text());
    };
  }

  private boolean equalScalars(Scalar a, Scalar b) {
    String left = a.unit();
    String right = b.unit();
    if (!left.isEmpty() && !right.isEmpty() && !left.equals(right)) {
      return false;
    }
    if (expressions.equal(a.expression(), b.expression())) {
      return true;
    }
    // 18% is 0.18 as well as, without the sign, 18.
    if (left.equals(Units.PERCENT) && right.isEmpty()) {
      return expressions.equal(new Expression.Percent(a.expression()), b.expression());
    }
    return right.equals(Units.PERCENT)
        && left.isEmpty()
        && expressions.equal(a.expression(), new Expression.Percent(b.expression()));
  }

  /** Case counts in single letters only: A and a are two sides, North and north are not. */
  private static boolean equalWords(String a, String b) {
    String left = withoutArticle(a);
    String right = withoutArticle(b);
    return left.equals(right) || (left.length() > 1 && left.equalsIgnoreCase(right));
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

  private static boolean isReals(Scalar answer) {
    return answer.text().equals("ℝ");
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

  /** Names on one side only give the order of the other: {@code AB = 9, CD = 4} is 9, 4. */
  private boolean equalLists(List<Answer> a, List<Answer> b) {
    List<Answer> left = relations.withoutCommonName(a);
    List<Answer> right = relations.withoutCommonName(b);
    return hasNames(left) == hasNames(right) ? unordered(left, right) : inOrder(left, right);
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
