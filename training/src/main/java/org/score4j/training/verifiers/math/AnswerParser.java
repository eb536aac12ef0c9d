package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Expression.Degrees;
import org.score4j.training.verifiers.math.Expression.Percent;
import org.score4j.training.verifiers.math.Token.Kind;

/**
 * Finds the parts of an answer, from the outside in: lists, relations, unions, ratios, brackets,
 * matrices, values with units. What cannot be read stays as text.
 */
final class AnswerParser {
  private static final List<String> NUMERALS =
      List.of("zero one two three four five six seven eight nine ten eleven twelve".split(" ", -1));

  private final Budget budget;
  private int depth;

  AnswerParser(Budget budget) {
    this.budget = budget;
  }

  /** Reads a whole answer; never fails. */
  Answer parse(List<Token> tokens) {
    Tokens whole = new Tokens(tokens);
    if (tokens.size() > Budget.MAX_TOKENS) {
      return new Answer.Unread(whole.text());
    }
    return list(whole.unwrapped());
  }

  private Answer list(Tokens tokens) {
    boolean set = tokens.isEnclosed(Kind.OPEN, Kind.CLOSE) && tokens.first().text().equals("{");
    if (!tokens.hasTopLevel(Kind.SEPARATOR) && (set || !tokens.has(Kind.PLUS_MINUS))) {
      return element(tokens);
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
    Tokens tokens = given.unwrapped();
    if (tokens.isEmpty() || ++depth > Budget.MAX_DEPTH) {
      return new Answer.Unread(tokens.text());
    }
    try {
      if (tokens.hasTopLevel(Kind.RELATION)) {
        return relation(tokens);
      }
      if (tokens.hasTopLevel(Kind.CUP)) {
        return union(tokens);
      }
      if (tokens.hasTopLevel(Kind.COLON)) {
        return ratio(tokens);
      }
      Answer structure = matrix(tokens);
      structure = structure == null ? brackets(tokens) : structure;
      structure = structure == null ? words(tokens) : structure;
      structure = structure == null ? based(tokens) : structure;
      return structure == null ? scalar(tokens) : structure;
    } catch (UnreadableException e) {
      return new Answer.Unread(tokens.text());
    } finally {
      depth--;
    }
  }

  private Answer relation(Tokens tokens) {
    List<Tokens> parts = tokens.splitAt(Kind.RELATION);
    List<String> signs = tokens.topLevel(Kind.RELATION);
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
      case Answer.Scalar(String text, Expression.Call call, String unit) ->
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

  private @Nullable Answer matrix(Tokens tokens) {
    if (!tokens.isEnclosed(Kind.BEGIN, Kind.END)) {
      return null;
    }
    String environment = tokens.first().text();
    String delimiter =
        switch (environment) {
          case "vmatrix", "Vmatrix" -> "|";
          case "cases" -> "{";
          default -> "(";
        };
    List<List<Answer>> rows = new ArrayList<>();
    for (Tokens row : tokens.inner().splitAt(Kind.ROW)) {
      if (!row.isEmpty()) {
        rows.add(row.splitAt(Kind.CELL).stream().map(this::element).toList());
      }
    }
    return new Answer.Matrix(tokens.text(), delimiter, rows);
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
      return new Answer.Braced(tokens.text(), inner.isEmpty() ? List.of() : elements(inner));
    }
    boolean pair = "([⟨".contains(open) && ")]⟩".contains(close);
    if (!pair) {
      return null;
    }
    if (inner.hasTopLevel(Kind.SEPARATOR)) {
      return new Answer.Bracketed(tokens.text(), open, close, elements(inner));
    }
    if (inner.hasTopLevel(Kind.GROUPED_NUMBER)) {
      // (2,500) is a point or an interval, whatever it would be without the brackets.
      throw new UnreadableException("a pair read as one number");
    }
    return inner.isEmpty() ? null : list(inner);
  }

  private static @Nullable Answer words(Tokens tokens) {
    if (!tokens.all(Kind.WORD)) {
      return null;
    }
    String phrase = tokens.phrase();
    int numeral = NUMERALS.indexOf(phrase.toLowerCase(Locale.ROOT));
    return numeral >= 0
        ? new Answer.Scalar(phrase, Expression.integer(numeral), "")
        : new Answer.Words(phrase);
  }

  /** {@code 1101_2}, {@code A5_{11}}. */
  private static @Nullable Answer based(Tokens tokens) {
    int line = tokens.indexOf(Kind.OPERATOR, "_");
    if (line < 1) {
      return null;
    }
    Tokens base = tokens.part(line + 1, tokens.size()).unwrapped();
    Tokens digits = tokens.part(0, line).unwrapped();
    if (base.size() != 1 || base.first().kind() != Kind.NUMBER || digits.isEmpty()) {
      return null;
    }
    boolean negative = digits.first().is(Kind.OPERATOR, "-") && digits.size() > 1;
    Tokens unsigned = negative ? digits.part(1, digits.size()) : digits;
    Kind kind = unsigned.first().kind();
    boolean begins = kind == Kind.NUMBER || kind == Kind.WORD;
    String written = unsigned.joined();
    if (!begins || base.first().text().length() > 2 || !isDigits(written, base.first().text())) {
      return null;
    }
    return new Answer.Based(tokens.text(), (negative ? "-" : "") + written, base.first().text());
  }

  private static boolean isDigits(String written, String base) {
    if (base.indexOf('.') >= 0) {
      return false;
    }
    int radix = Integer.parseInt(base);
    return radix >= Character.MIN_RADIX
        && radix <= Character.MAX_RADIX
        && written.chars().allMatch(c -> c == '.' || Character.digit(c, radix) >= 0);
  }

  private Answer scalar(Tokens tokens) throws UnreadableException {
    String currency = "";
    Tokens value = tokens;
    Token first = tokens.first();
    boolean signed = first.is(Kind.OPERATOR, "-");
    int money = signed ? 1 : 0;
    if (tokens.size() > money + 1 && tokens.get(money).kind() == Kind.CURRENCY) {
      currency = tokens.get(money).text().equals("$") ? Units.DOLLAR : "euro";
      value = tokens.without(money);
    }
    ExpressionParser parser = new ExpressionParser(value.list(), budget);
    Expression expression = parser.parse();
    String unit = unit(new Tokens(parser.rest()));
    if (!currency.isEmpty() && !unit.isEmpty() && !unit.equals(currency)) {
      throw new UnreadableException("two currencies");
    }
    if (currency.isEmpty() && unit.isEmpty()) {
      return switch (expression) {
        case Degrees(Expression operand) -> new Answer.Scalar(tokens.text(), operand, Units.DEGREE);
        case Percent(Expression operand) ->
            new Answer.Scalar(tokens.text(), operand, Units.PERCENT);
        default -> new Answer.Scalar(tokens.text(), expression, "");
      };
    }
    return new Answer.Scalar(tokens.text(), expression, currency.isEmpty() ? unit : currency);
  }

  /** {@code square cm}, {@code cm^2}, {@code miles/hour}, or nothing. */
  private static String unit(Tokens rest) throws UnreadableException {
    List<String> words = new ArrayList<>();
    int power = 1;
    int at = 0;
    while (at < rest.size()) {
      Token token = rest.get(at);
      if (token.kind() == Kind.WORD) {
        words.add(token.text());
      } else if (token.is(Kind.OPERATOR, "/") && !words.isEmpty()) {
        words.add("per");
      } else if (token.is(Kind.OPERATOR, "^") && !words.isEmpty()) {
        Tokens exponent = rest.part(at + 1, rest.size()).unwrapped();
        if (exponent.size() != 1 || !"23".contains(exponent.first().text())) {
          throw new UnreadableException("a unit to another power than 2 or 3");
        }
        power = exponent.first().text().equals("2") ? 2 : 3;
        break;
      } else {
        throw new UnreadableException("'%s' behind a value".formatted(token.text()));
      }
      at++;
    }
    String unit = words.isEmpty() ? "" : Units.canonical(words, power);
    if (unit == null) {
      throw new UnreadableException("words that change the value");
    }
    return unit;
  }
}
