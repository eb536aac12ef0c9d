package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Answer.Bracketed;
import org.score4j.training.verifiers.math.Answer.Listed;
import org.score4j.training.verifiers.math.Answer.Relation;
import org.score4j.training.verifiers.math.Answer.Scalar;
import org.score4j.training.verifiers.math.Answer.Union;
import org.score4j.training.verifiers.math.Answer.Words;
import org.score4j.training.verifiers.math.Expression.Negation;
import org.score4j.training.verifiers.math.Expression.Sum;
import org.score4j.training.verifiers.math.Expression.Variable;

/**
 * Equations and inequalities. {@code x = 5} is 5 under a name; other equations are equal when one
 * is a multiple of the other; an inequality in one variable is an interval.
 */
final class RelationComparison {
  private static final String ORDER = "<≤>≥";

  private final ExpressionComparison expressions;
  private final AnswerComparison answers;
  private final Budget budget;

  RelationComparison(ExpressionComparison expressions, AnswerComparison answers, Budget budget) {
    this.expressions = expressions;
    this.answers = answers;
    this.budget = budget;
  }

  /** At least one of the two is a relation. */
  boolean equal(Answer a, Answer b) {
    Answer left = region(a);
    Answer right = region(b);
    if (!(left instanceof Relation) && !(right instanceof Relation)) {
      return answers.equal(left, right);
    }
    if (a instanceof Relation one) {
      return b instanceof Relation other ? equalRelations(one, other) : equalNamed(one, b);
    }
    return b instanceof Relation other && equalNamed(other, a);
  }

  private boolean equalNamed(Relation relation, Answer other) {
    Answer value = value(relation);
    return value != null && answers.equal(value, other);
  }

  /**
   * The value of {@code x = 5}, of {@code 5 = x} and of {@code x = 2 + 3 = 5}, where all sides but
   * names agree; else null.
   */
  private @Nullable Answer value(Relation relation) {
    if (!isEquation(relation)) {
      return null;
    }
    List<Answer> sides = relation.sides();
    boolean named = isName(sides.getFirst());
    if (!named && sides.size() == 2 && isName(sides.getLast())) {
      return sides.getFirst();
    }
    Answer value = sides.getLast();
    if (!named && !(sides.getFirst() instanceof Scalar)) {
      return null;
    }
    for (int i = named ? 1 : 0; i < sides.size() - 1; i++) {
      boolean anotherName = named && isName(sides.get(i));
      if (!anotherName && !answers.equal(sides.get(i), value)) {
        return null;
      }
    }
    return value;
  }

  /** The name and the value of {@code x = 5}; null for any other relation. */
  Map.@Nullable Entry<String, Answer> assignment(Relation relation) {
    Answer value = value(relation);
    if (value == null) {
      return null;
    }
    Answer first = relation.sides().getFirst();
    Answer last = relation.sides().getLast();
    if (isName(first)) {
      return Map.entry(first.text(), value);
    }
    return isName(last) ? Map.entry(last.text(), value) : null;
  }

  private static boolean isEquation(Relation relation) {
    return relation.signs().stream().allMatch("="::equals);
  }

  static boolean isName(Answer side) {
    return switch (side) {
      case Words w -> true;
      case Scalar s -> s.unit().isEmpty() && isName(s);
      case Bracketed b -> b.elements().stream().allMatch(RelationComparison::isName);
      default -> false;
    };
  }

  private static boolean isName(Scalar side) {
    return switch (side.expression()) {
      case Variable v -> true;
      case Expression.Call c -> ExpressionParser.isUnknownFunction(c.function());
      default -> false;
    };
  }

  private boolean equalRelations(Relation a, Relation b) {
    if (isEquation(a) && isEquation(b)) {
      Answer left = value(a);
      Answer right = value(b);
      if (left != null && right != null && !haveDifferentNames(a, b)) {
        return answers.equal(left, right);
      }
      if (left != null && right != null && !isVariable(a.sides().getFirst())) {
        return false;
      }
      return a.sides().size() == 2 && b.sides().size() == 2 && proportional(a, b) != 0;
    }
    if (a.signs().equals(b.signs()) && answers.inOrder(a.sides(), b.sides())) {
      return true;
    }
    Relation turned = turned(b);
    if (a.signs().equals(turned.signs()) && answers.inOrder(a.sides(), turned.sides())) {
      return true;
    }
    return a.sides().size() == 2 && b.sides().size() == 2 && equalInequalities(a, b);
  }

  /**
   * Whether both name what they state in one way and differently: x and y, f(2) and f(3), {@code
   * \sin A} and {@code \cos A}. A name in words may be that of any of them.
   */
  private static boolean haveDifferentNames(Relation a, Relation b) {
    Answer left = a.sides().getFirst();
    Answer right = b.sides().getFirst();
    if (left instanceof Scalar one && right instanceof Scalar other) {
      return one.expression().getClass() == other.expression().getClass()
          && isName(left)
          && isName(right)
          && !one.expression().equals(other.expression());
    }
    return left instanceof Words
        && right instanceof Words
        && !isProse(left.text())
        && !isProse(right.text())
        && !points(left.text()).equals(points(right.text()));
  }

  private static boolean isVariable(Answer side) {
    return side instanceof Scalar scalar && scalar.expression() instanceof Variable;
  }

  private static boolean isProse(String name) {
    for (String word : name.split(" ", -1)) {
      if (LatexVocabulary.word(word) != null || LatexVocabulary.isGreek(word)) {
        return false;
      }
    }
    return name.chars().allMatch(c -> Character.isLetter(c) || c == ' ')
        && name.chars().anyMatch(Character::isLowerCase);
  }

  /** The spelling of a name without the marks of a length; the points of a segment in one order. */
  private static String points(String name) {
    String bare = name.replaceAll("overline|overrightarrow|vec|[|‖ ]", "");
    return bare.length() == 2 && bare.charAt(0) > bare.charAt(1)
        ? new StringBuilder(bare).reverse().toString()
        : bare;
  }

  private boolean equalInequalities(Relation a, Relation b) {
    String sign = a.signs().getFirst();
    int factor = proportional(a, b);
    return (factor > 0 && sign.equals(b.signs().getFirst()))
        || (factor < 0 && sign.equals(turned(b.signs().getFirst())));
  }

  private int proportional(Relation a, Relation b) {
    Expression left = difference(a);
    Expression right = difference(b);
    return left == null || right == null ? 0 : expressions.proportional(left, right);
  }

  private static @Nullable Expression difference(Relation relation) {
    return relation.sides().getFirst() instanceof Scalar left
            && relation.sides().getLast() instanceof Scalar right
        ? new Sum(left.expression(), new Negation(right.expression()))
        : null;
  }

  /** Read from right to left. */
  private static Relation turned(Relation relation) {
    return new Relation(
        relation.text(),
        relation.sides().reversed(),
        relation.signs().reversed().stream().map(RelationComparison::turned).toList());
  }

  private static String turned(String sign) {
    return switch (sign) {
      case "<" -> ">";
      case ">" -> "<";
      case "≤" -> "≥";
      case "≥" -> "≤";
      default -> sign;
    };
  }

  /**
   * {@code x < 2 or x > 5} as the union of two intervals, {@code x ≠ 1, x ≠ 2} as that of three;
   * else unchanged.
   */
  Answer asUnion(Answer answer) {
    if (!(answer instanceof Listed listed)
        || listed.elements().stream().noneMatch(Relation.class::isInstance)) {
      return answer;
    }
    List<Answer> relations =
        listed.elements().stream().filter(element -> !AnswerComparison.isReals(element)).toList();
    if (relations.isEmpty() || !relations.stream().allMatch(Relation.class::isInstance)) {
      return answer;
    }
    if (relations.size() == 1) {
      // x ∈ ℝ, x ≠ 1
      return region(relations.getFirst());
    }
    List<Answer> excluded = excluded(relations);
    if (!excluded.isEmpty()) {
      Answer union = Regions.realsWithout(listed.text(), excluded, budget);
      return union == null ? answer : union;
    }
    List<Answer> parts = relations.stream().map(RelationComparison::interval).toList();
    return listed.alternatives() && parts.stream().allMatch(Bracketed.class::isInstance)
        ? new Union(listed.text(), parts)
        : answer;
  }

  /** The points of {@code x ≠ 1, x ≠ 2}; empty where a relation is another, or of another name. */
  private static List<Answer> excluded(List<Answer> relations) {
    List<Answer> points = new ArrayList<>();
    String name = null;
    for (Answer answer : relations) {
      if (!(answer instanceof Relation(String text, List<Answer> sides, List<String> signs))
          || !signs.equals(List.of("≠"))
          || !isName(sides.getFirst())
          || (name != null && !name.equals(sides.getFirst().text()))) {
        return List.of();
      }
      name = sides.getFirst().text();
      points.add(sides.getLast());
    }
    return points;
  }

  /** An inequality in one variable as an interval, or as what {@code ≠} leaves; else unchanged. */
  private Answer region(Answer answer) {
    List<Answer> excluded = answer instanceof Relation ? excluded(List.of(answer)) : List.of();
    if (excluded.isEmpty()) {
      return interval(answer);
    }
    Answer union = Regions.realsWithout(answer.text(), excluded, budget);
    return union == null ? answer : union;
  }

  /** {@code 1 < x ≤ 2} as (1,2], {@code x > 5} as (5,∞); else unchanged. */
  private static Answer interval(Answer answer) {
    if (!(answer instanceof Relation relation)
        || relation.sides().size() > 3
        || !relation.signs().stream().allMatch(ORDER::contains)) {
      return answer;
    }
    Relation rising = ">≥".contains(relation.signs().getFirst()) ? turned(relation) : relation;
    if (!rising.signs().stream().allMatch("<≤"::contains)) {
      return answer;
    }
    List<Answer> sides = rising.sides();
    List<String> signs = rising.signs();
    if (sides.size() == 3
        && isName(sides.get(1))
        && isConstant(sides.get(0))
        && isConstant(sides.get(2))) {
      return bracketed(signs.get(0), sides.get(0), sides.get(2), signs.get(1), relation.text());
    }
    if (sides.size() == 2 && isName(sides.get(0)) && isConstant(sides.get(1))) {
      return bracketed("<", Regions.infinity(-1), sides.get(1), signs.get(0), relation.text());
    }
    if (sides.size() == 2 && isName(sides.get(1)) && isConstant(sides.get(0))) {
      return bracketed(signs.get(0), sides.get(0), Regions.infinity(1), "<", relation.text());
    }
    return answer;
  }

  private static boolean isConstant(Answer side) {
    return side instanceof Scalar scalar && ExpressionComparison.isConstant(scalar.expression());
  }

  private static Bracketed bracketed(
      String lower, Answer from, Answer to, String upper, String text) {
    return new Bracketed(
        text, lower.equals("≤") ? "[" : "(", upper.equals("≤") ? "]" : ")", List.of(from, to));
  }

  /** {@code x = 1, x = 2} and {@code x = 1, 2} as 1, 2. */
  List<Answer> withoutCommonName(List<Answer> elements) {
    String name = null;
    List<Answer> values = new ArrayList<>();
    for (int i = 0; i < elements.size(); i++) {
      Answer element = elements.get(i);
      if (!(element instanceof Relation relation)) {
        if (name == null) {
          return elements;
        }
        values.add(element);
        continue;
      }
      Answer value = value(relation);
      String own = relation.sides().getFirst().text();
      if (value == null
          || !isName(relation.sides().getFirst())
          || (name != null && !name.equals(own))) {
        return elements;
      }
      name = own;
      values.add(value);
    }
    return values;
  }
}
