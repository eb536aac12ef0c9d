package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import org.score4j.training.verifiers.math.Answer.Braced;
import org.score4j.training.verifiers.math.Answer.Bracketed;
import org.score4j.training.verifiers.math.Answer.Listed;
import org.score4j.training.verifiers.math.Answer.Matrix;
import org.score4j.training.verifiers.math.Answer.Ratio;
import org.score4j.training.verifiers.math.Answer.Relation;
import org.score4j.training.verifiers.math.Answer.Scalar;
import org.score4j.training.verifiers.math.Answer.Union;
import org.score4j.training.verifiers.math.Expression.Call;
import org.score4j.training.verifiers.math.Expression.Given;
import org.score4j.training.verifiers.math.Expression.Variable;

/**
 * Marks the values of a response, in every part of it, so that a comparison knows whose form
 * counts. Names and numbers, whose form is always right, stay as they are.
 */
final class GivenExpressions {
  private final ValueForm forms;

  GivenExpressions(ValueForm forms) {
    this.forms = forms;
  }

  /** The answer with its values marked. */
  Answer marked(Answer answer) {
    return switch (answer) {
      case Scalar scalar -> marked(scalar);
      case Bracketed(String text, String open, String close, List<Answer> elements) ->
          new Bracketed(text, open, close, marked(elements));
      case Listed(String text, List<Answer> elements, boolean alternatives) ->
          new Listed(text, marked(elements), alternatives);
      case Braced(String text, List<Answer> elements) -> new Braced(text, marked(elements));
      case Union(String text, List<Answer> parts) -> new Union(text, marked(parts));
      case Ratio(String text, List<Answer> parts) -> new Ratio(text, marked(parts));
      case Matrix(String text, String delimiter, List<List<Answer>> rows) ->
          new Matrix(text, delimiter, rows.stream().map(this::marked).toList());
      case Relation relation -> marked(relation);
      case Answer.Choice(String text, String letter, Answer content) ->
          new Answer.Choice(text, letter, marked(content));
      case Answer.Qualified(String text, Answer value, String condition) ->
          new Answer.Qualified(text, marked(value), condition);
      case Answer.Residue(String text, Scalar value, Rational modulus) ->
          new Answer.Residue(text, marked(value), modulus);
      case Answer.Words words -> words;
      case Answer.Based based -> based;
      case Answer.Unread unread -> unread;
    };
  }

  private List<Answer> marked(List<Answer> answers) {
    return answers.stream().map(this::marked).toList();
  }

  private Scalar marked(Scalar scalar) {
    Expression expression = scalar.expression();
    return isName(expression)
            || ExpressionComparison.infinity(expression) != 0
            || forms.isNumber(expression)
        ? scalar
        : new Scalar(scalar.text(), new Given(expression), scalar.unit());
  }

  /**
   * What an equation states is its last side; before it stand names and the way there: in 17·23 =
   * 391 only 391 is marked, and nothing where a number comes first and the way behind it. Of an
   * inequality both ends are.
   */
  private Relation marked(Relation relation) {
    List<Answer> sides = new ArrayList<>(relation.sides());
    boolean equation = relation.signs().stream().allMatch("="::equals);
    int last = sides.size() - 1;
    boolean turned = equation && last == 1 && isName(sides.get(last));
    if (equation && isNumber(sides.getFirst()) && !turned) {
      return relation; // its sides are compared with each other before any is with a reference
    }
    for (int i = 0; i <= last; i++) {
      if (equation ? i == (turned ? 0 : last) : isConstant(sides.get(i))) {
        sides.set(i, marked(sides.get(i)));
      }
    }
    return new Relation(relation.text(), sides, relation.signs());
  }

  private static boolean isConstant(Answer side) {
    return side instanceof Scalar scalar && ExpressionComparison.isConstant(scalar.expression());
  }

  private boolean isNumber(Answer side) {
    return side instanceof Scalar scalar && forms.isNumber(scalar.expression());
  }

  private static boolean isName(Answer side) {
    return side instanceof Answer.Words
        || (side instanceof Scalar scalar && isName(scalar.expression()));
  }

  private static boolean isName(Expression expression) {
    return switch (expression) {
      case Variable variable -> true;
      case Call(String function, Expression argument) ->
          ExpressionParser.isUnknownFunction(function);
      default -> false;
    };
  }
}
