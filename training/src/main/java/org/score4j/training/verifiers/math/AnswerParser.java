package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Token.Kind;

/**
 * Finds the parts of an answer, from the outside in: lists, relations, unions, ratios, brackets,
 * matrices, values with units. What cannot be read stays as text.
 */
final class AnswerParser {
  private static final Set<String> ALIGNED =
      Set.of("align", "aligned", "alignat", "gather", "gathered", "split", "eqnarray", "multline");
  private static final String ORDER = "<≤>≥≠";

  private final Budget budget;
  private final ScalarParser scalars;
  private int depth;

  AnswerParser(Budget budget) {
    this.budget = budget;
    scalars = new ScalarParser(budget);
  }

  /** Reads a whole answer; never fails. */
  Answer parse(List<Token> tokens) {
    Tokens whole = new Tokens(tokens);
    if (tokens.size() > Budget.MAX_TOKENS) {
      return new Answer.Unread(whole.text());
    }
    return remarked(Remarks.withoutOptionWord(whole.unwrapped()));
  }

  /** An answer with an option's letter before it, or with a remark on its letters behind it. */
  private Answer remarked(Tokens tokens) {
    int label = Remarks.optionLabel(tokens);
    if (label > 0) {
      String letter = tokens.get(tokens.first().kind() == Kind.OPEN ? 1 : 0).text();
      Answer content = remarked(tokens.part(label, tokens.size()));
      return new Answer.Choice(tokens.text(), letter, content);
    }
    long kinds = tokens.kinds();
    // What letters stand for takes a word or an ∈.
    boolean remark = (kinds & (Tokens.bit(Kind.WORD) | Tokens.bit(Kind.RELATION))) != 0;
    int qualifier = remark ? Remarks.qualifier(tokens) : tokens.size();
    if (qualifier < tokens.size()) {
      Answer value = list(tokens.part(0, qualifier));
      String condition = Remarks.condition(tokens.part(qualifier, tokens.size()));
      return new Answer.Qualified(tokens.text(), value, condition);
    }
    return list(tokens, kinds);
  }

  private Answer list(Tokens given) {
    return list(given, given.kinds());
  }

  /** givenKinds: the {@link Tokens#kinds} of the tokens, which are asked for at every step. */
  private Answer list(Tokens given, long givenKinds) {
    Tokens tokens = given;
    long kinds = givenKinds;
    if ((kinds & (Tokens.bit(Kind.GAP) | Tokens.bit(Kind.ROW))) != 0) {
      tokens = given.withStatementsApart();
      kinds = tokens.kinds();
    }
    if ((kinds & (Tokens.bit(Kind.SEPARATOR) | Tokens.bit(Kind.PLUS_MINUS))) == 0) {
      return element(tokens, kinds);
    }
    boolean set = tokens.isEnclosed(Kind.OPEN, Kind.CLOSE) && tokens.first().text().equals("{");
    if (!tokens.hasTopLevel(Kind.SEPARATOR)
        && (set || (kinds & Tokens.bit(Kind.PLUS_MINUS)) == 0)) {
      return element(tokens, kinds);
    }
    Answer one = (kinds & Tokens.bit(Kind.WORD)) == 0 ? null : spelledOrCompound(tokens);
    if (one != null) {
      return one;
    }
    List<Answer> elements = elements(tokens);
    if (elements.size() == 1) {
      return elements.getFirst();
    }
    return elements.isEmpty()
        ? new Answer.Unread(tokens.text())
        : new Answer.Listed(
            tokens.text(),
            elements,
            tokens.topLevel(Kind.SEPARATOR).stream().allMatch("or"::equals));
  }

  /**
   * One value in spite of its separators: {@code one hundred and six}, {@code 5 feet and 3 inches}.
   */
  private static @Nullable Answer spelledOrCompound(Tokens tokens) {
    Token first = tokens.first();
    if (first.kind() == Kind.NUMBER) {
      return ScalarParser.compound(tokens);
    }
    boolean words =
        first.kind() == Kind.WORD
            && NumberWords.isNumeral(first.text())
            && tokens.list().stream()
                .allMatch(token -> token.kind() == Kind.WORD || token.is(Kind.SEPARATOR, "and"));
    return words ? ScalarParser.spelled(tokens) : null;
  }

  /** The elements between separators, each with a ± written out as two. */
  private List<Answer> elements(Tokens tokens) {
    List<Answer> elements = new ArrayList<>();
    for (Tokens part : tokens.splitAt(Kind.SEPARATOR)) {
      if (part.isEmpty()) {
        continue; // ", and", or a comma at the end
      }
      if (part.has(Kind.PLUS_MINUS)) {
        elements.add(element(part.withSign(true)));
        elements.add(element(part.withSign(false)));
      } else {
        elements.add(element(part));
      }
    }
    return elements;
  }

  private Answer element(Tokens given) {
    return element(given, given.kinds());
  }

  private Answer element(Tokens given, long kinds) {
    Tokens tokens = given.unwrapped();
    if (tokens.isEmpty() || ++depth > Budget.MAX_DEPTH) {
      return new Answer.Unread(tokens.text());
    }
    try {
      boolean mod = (kinds & Tokens.bit(Kind.MODULO)) != 0;
      int modulus = mod ? Remarks.modulus(tokens) : tokens.size();
      if (modulus < tokens.size()) {
        return residue(tokens, modulus);
      }
      long outside = tokens.topLevelKinds();
      if ((outside & Tokens.bit(Kind.RELATION)) != 0) {
        return isUnionOfRelations(tokens) ? union(tokens) : relation(tokens);
      }
      if ((outside & Tokens.bit(Kind.CUP)) != 0) {
        return union(tokens);
      }
      if ((outside & Tokens.bit(Kind.COLON)) != 0) {
        return ratio(tokens);
      }
      Answer structure = matrix(tokens);
      structure = structure == null ? brackets(tokens) : structure;
      if (structure == null && (kinds & Tokens.bit(Kind.WORD)) != 0) {
        structure = ScalarParser.words(tokens);
        structure = structure == null ? ScalarParser.compound(tokens) : structure;
      }
      if (structure == null && (kinds & (Tokens.bit(Kind.OPERATOR) | Tokens.bit(Kind.WORD))) != 0) {
        structure = ScalarParser.based(tokens);
        structure = structure == null ? realsWithout(tokens) : structure;
      }
      return structure == null ? scalars.scalar(tokens, outside) : structure;
    } catch (UnreadableException e) {
      return new Answer.Unread(tokens.text());
    } finally {
      depth--;
    }
  }

  /** {@code x<-1 ∪ x>1}, but not {@code x ∈ (0,1) ∪ (2,3)}. */
  private static boolean isUnionOfRelations(Tokens tokens) {
    return tokens.hasTopLevel(Kind.CUP)
        && tokens.splitAt(Kind.CUP).stream().allMatch(part -> part.hasTopLevel(Kind.RELATION));
  }

  /** {@code 5 (mod 7)} and {@code x ≡ 5 (mod 7)}. */
  private Answer residue(Tokens tokens, int at) throws UnreadableException {
    Tokens behind = tokens.part(at, tokens.size());
    Tokens modulus = (behind.first().kind() == Kind.OPEN ? behind.inner() : behind);
    modulus = modulus.part(1, modulus.size()).unwrapped();
    Tokens value = tokens.part(0, at);
    if (value.topLevel(Kind.RELATION).equals(List.of("≡"))) {
      List<Tokens> sides = value.splitAt(Kind.RELATION);
      if (!sides.getFirst().isName()) {
        throw new UnreadableException("a congruence that is not solved");
      }
      value = sides.getLast();
    }
    boolean number =
        modulus.size() == 1
            && modulus.first().isNumber()
            && modulus.first().text().indexOf('.') < 0;
    if (!number || !(element(value) instanceof Answer.Scalar scalar)) {
      throw new UnreadableException("a modulus that is no number");
    }
    Rational divisor = Rational.ofDecimal(modulus.first().text());
    if (divisor.signum() == 0) {
      throw new UnreadableException("the modulus 0");
    }
    return new Answer.Residue(tokens.text(), scalar, divisor);
  }

  /** {@code ℝ∖{1}}, {@code all real numbers except 1}; null for anything else. */
  private @Nullable Answer realsWithout(Tokens tokens) {
    int behind = 0;
    if (tokens.first().is(Kind.SYMBOL, "ℝ") && tokens.size() > 2) {
      Token sign = tokens.get(1);
      boolean less =
          sign.is(Kind.OPERATOR, "∖") || sign.is(Kind.OPERATOR, "-") || sign.is(Kind.OPERATOR, "/");
      behind = less && tokens.part(2, tokens.size()).isEnclosed(Kind.OPEN, Kind.CLOSE) ? 2 : 0;
    } else if (tokens.first().kind() == Kind.WORD) {
      int except = tokens.indexOf(Kind.WORD, "except");
      boolean reals =
          except > 0
              && ScalarParser.words(tokens.part(0, except)) instanceof Answer.Scalar scalar
              && scalar.text().equals("ℝ");
      behind = reals ? except + 1 : 0;
    }
    if (behind == 0 || behind == tokens.size()) {
      return null;
    }
    Answer points = element(tokens.part(behind, tokens.size()));
    List<Answer> without =
        points instanceof Answer.Braced(String text, List<Answer> inner) ? inner : List.of(points);
    return Regions.realsWithout(tokens.text(), without, budget);
  }

  private Answer relation(Tokens tokens) {
    List<Tokens> parts = tokens.splitAt(Kind.RELATION);
    List<String> signs = tokens.topLevel(Kind.RELATION);
    if (parts.size() == 2 && parts.getFirst().isEmpty() && signs.getFirst().equals("=")) {
      return element(parts.get(1));
    }
    // "≈ 8.24" and "⅔ ≈ 0.67": the value, and nothing that follows it.
    int about = signs.indexOf("≈");
    if (about == 0 && parts.getFirst().isEmpty() && parts.size() == 2) {
      return element(parts.get(1));
    }
    if (about >= 0 && (about > 0 || !parts.getFirst().isName())) {
      parts = parts.subList(0, about + 1);
      signs = signs.subList(0, about);
    }
    if (parts.size() == 1) {
      return element(parts.getFirst());
    }
    if (parts.size() == 2 && signs.getFirst().equals("∈")) {
      return element(parts.get(1));
    }
    List<Answer> sides = new ArrayList<>();
    for (Tokens part : parts) {
      sides.add(part.isName() ? name(part) : element(part));
    }
    List<String> plain = signs.stream().map(sign -> sign.equals("≈") ? "=" : sign).toList();
    return new Answer.Relation(tokens.text(), sides, plain);
  }

  /** What a value is called: a variable, a function of one, else words, for all they say. */
  private Answer name(Tokens tokens) {
    return switch (element(tokens)) {
      case Answer.Scalar(String text, Expression.Variable variable, String unit) ->
          new Answer.Scalar(text, variable, unit);
      case Answer.Scalar(String text, Expression.Call call, String unit)
          when ExpressionParser.isUnknownFunction(call.function()) ->
          new Answer.Scalar(text, call, unit);
      default -> new Answer.Words(tokens.text());
    };
  }

  private Answer union(Tokens tokens) {
    List<Answer> parts = tokens.splitAt(Kind.CUP).stream().map(this::element).toList();
    return new Answer.Union(tokens.text(), parts);
  }

  private Answer ratio(Tokens tokens) {
    List<Answer> parts = tokens.splitAt(Kind.COLON).stream().map(this::element).toList();
    return new Answer.Ratio(tokens.text(), parts);
  }

  private @Nullable Answer matrix(Tokens given) throws UnreadableException {
    // A brace that only opens or only closes, as \left\{ … \right. leaves it.
    boolean opens = given.size() > 2 && given.first().is(Kind.OPEN, "{");
    boolean closes = given.size() > 2 && given.last().is(Kind.CLOSE, "}");
    boolean braced = opens != closes;
    Tokens tokens = braced ? given.part(opens ? 1 : 0, given.size() - (closes ? 1 : 0)) : given;
    if (!tokens.isEnclosed(Kind.BEGIN, Kind.END)) {
      return null;
    }
    String environment = tokens.first().text();
    String delimiter =
        switch (environment) {
          case "vmatrix", "Vmatrix" -> "|";
          case "cases", "dcases", "rcases" -> "{";
          default -> braced ? "{" : "(";
        };
    if (delimiter.equals("{") || ALIGNED.contains(environment.replace("*", ""))) {
      Answer system = system(tokens);
      if (system != null) {
        return system;
      }
    }
    List<List<Answer>> rows = new ArrayList<>();
    for (Tokens row : tokens.inner().splitAt(Kind.ROW)) {
      if (!row.isEmpty()) {
        rows.add(row.splitAt(Kind.CELL).stream().map(this::element).toList());
      }
    }
    return new Answer.Matrix(tokens.text(), delimiter, rows);
  }

  /** Relations in rows as a list of them; null where a row is none, as in a function by cases. */
  private @Nullable Answer system(Tokens environment) {
    List<Tokens> rows = new ArrayList<>();
    for (Tokens row : environment.inner().splitAt(Kind.ROW)) {
      Tokens joined = row.without(Kind.CELL).withoutTrailing(Kind.SEPARATOR);
      List<Tokens> cells = row.splitAt(Kind.CELL);
      boolean second = cells.size() > 1 && !cells.get(1).isEmpty();
      boolean aligned =
          !second
              || cells.get(1).first().kind() == Kind.RELATION
              || (!cells.getFirst().isEmpty() && cells.getFirst().last().kind() == Kind.RELATION);
      if (joined.isEmpty()) {
        continue;
      }
      if (joined.first().kind() == Kind.RELATION && !rows.isEmpty()) {
        // The chain of the row above goes on.
        rows.set(rows.size() - 1, rows.getLast().joined(joined));
      } else if (aligned && joined.hasTopLevel(Kind.RELATION)) {
        rows.add(joined);
      } else {
        return null;
      }
    }
    if (rows.isEmpty()) {
      return null;
    }
    List<Answer> relations = new ArrayList<>();
    for (Tokens row : rows) {
      relations.addAll(elements(row.withStatementsApart()));
    }
    return relations.size() == 1
        ? relations.getFirst()
        : new Answer.Listed(environment.text(), relations, false);
  }

  private @Nullable Answer brackets(Tokens tokens) throws UnreadableException {
    if (tokens.size() == 1 && tokens.first().kind() == Kind.EMPTY_SET) {
      return new Answer.Braced(tokens.text(), List.of());
    }
    if (!tokens.isEnclosed(Kind.OPEN, Kind.CLOSE)) {
      return null;
    }
    String open = tokens.first().text();
    String close = tokens.last().text();
    Tokens inner = tokens.inner();
    if (open.equals("{") && close.equals("}")) {
      Answer built = setBuilder(inner);
      if (built != null) {
        return built;
      }
      return new Answer.Braced(tokens.text(), inner.isEmpty() ? List.of() : elements(inner));
    }
    boolean pair = "([⟨".contains(open) && ")]⟩".contains(close);
    if (!pair) {
      return null;
    }
    if (inner.hasTopLevel(Kind.SEPARATOR)) {
      Answer rows = open.equals("[") && close.equals("]") ? rowsInBrackets(tokens) : null;
      return rows == null
          ? new Answer.Bracketed(tokens.text(), open, close, elements(inner))
          : rows;
    }
    if (inner.hasTopLevel(Kind.GROUPED_NUMBER)) {
      // (2,500) is a point or an interval, whatever it would be without the brackets.
      throw new UnreadableException("a pair read as one number");
    }
    return inner.isEmpty() ? null : list(inner);
  }

  /** {@code [[1,2],[3,4]]} as a matrix; null where the rows are not all in brackets or as long. */
  private @Nullable Answer rowsInBrackets(Tokens tokens) {
    List<List<Answer>> rows = new ArrayList<>();
    for (Tokens row : tokens.inner().splitAt(Kind.SEPARATOR)) {
      boolean bracketed =
          row.isEnclosed(Kind.OPEN, Kind.CLOSE)
              && row.first().text().equals("[")
              && row.last().text().equals("]");
      if (!bracketed) {
        return null;
      }
      rows.add(elements(row.inner()));
      if (rows.getLast().size() != rows.getFirst().size()) {
        return null;
      }
    }
    return new Answer.Matrix(tokens.text(), "(", rows);
  }

  /** {@code x | -1<x<3} as its condition; null where no letter has conditions of order. */
  private @Nullable Answer setBuilder(Tokens inner) {
    int bar = 1;
    while (bar < inner.size()
        && inner.get(bar).kind() != Kind.BAR
        && inner.get(bar).kind() != Kind.COLON) {
      bar++;
    }
    if (bar >= inner.size() - 1) {
      return null;
    }
    Tokens element = inner.part(0, bar);
    int member = element.indexOf(Kind.RELATION, "∈");
    boolean reals = member < 0 || element.part(member + 1, element.size()).isReals();
    Tokens letter = member < 0 ? element : element.part(0, member);
    if (!reals || letter.size() != 1 || letter.first().kind() != Kind.LETTER) {
      return null;
    }
    Answer condition = list(inner.part(bar + 1, inner.size()));
    boolean order =
        condition instanceof Answer.Listed listed
            ? listed.elements().stream().allMatch(AnswerParser::isOrder)
            : condition instanceof Answer.Union || isOrder(condition);
    return order ? condition : null;
  }

  private static boolean isOrder(Answer answer) {
    return answer instanceof Answer.Relation relation
        && relation.signs().stream().allMatch(ORDER::contains);
  }
}
