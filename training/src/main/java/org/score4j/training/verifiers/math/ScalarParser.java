package org.score4j.training.verifiers.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.math.Expression.Degrees;
import org.score4j.training.verifiers.math.Expression.Negation;
import org.score4j.training.verifiers.math.Expression.Num;
import org.score4j.training.verifiers.math.Expression.Percent;
import org.score4j.training.verifiers.math.Expression.Product;
import org.score4j.training.verifiers.math.Token.Kind;

/**
 * Reads a single value: an expression with its unit, number words, a quantity in two units, digits
 * with a base; and words.
 */
final class ScalarParser {
  private static final Set<String> ALL_REALS =
      Set.of(
          "all real numbers",
          "all real number",
          "all reals",
          "all real",
          "all real values",
          "any real number",
          "every real number",
          "real numbers",
          "the real numbers",
          "set of all real numbers",
          "the set of all real numbers",
          "the set of real numbers");

  // Without one of these no unit stands behind a value: 20° C has its letter behind a degree.
  private static final long UNIT_KINDS =
      Tokens.bit(Kind.WORD) | Tokens.bit(Kind.CURRENCY) | Tokens.bit(Kind.DEGREE);

  private final Budget budget;

  ScalarParser(Budget budget) {
    this.budget = budget;
  }

  /**
   * An expression and what stands behind it.
   *
   * @param outside the {@link Tokens#topLevelKinds} of the tokens
   */
  Answer scalar(Tokens tokens, long outside) throws UnreadableException {
    if ((outside & UNIT_KINDS) == 0) {
      return scalar(tokens.text(), expression(tokens), "");
    }
    Tokens value = tokens;
    boolean negated = value.size() > 1 && isNegation(value.first());
    if (negated) {
      value = value.part(1, value.size());
    }
    String currency = "";
    int money = value.first().is(Kind.OPERATOR, "-") ? 1 : 0;
    if (value.size() > money + 1 && value.get(money).kind() == Kind.CURRENCY) {
      currency = value.get(money).text();
      value = value.without(money);
    }
    int end = unitStart(value, !currency.isEmpty());
    UnitReader.Quantity behind =
        end == value.size()
            ? new UnitReader.Quantity(Rational.ONE, currency)
            : UnitReader.read(currency, value.part(end, value.size()));
    String unit = behind.unit();
    Expression expression = expression(end == value.size() ? value : value.part(0, end));
    if (expression instanceof Degrees(Expression operand) && isTemperature(unit)) {
      expression = operand;
    }
    expression = scaled(expression, behind.factor());
    if (negated) {
      expression = new Negation(expression);
    }
    return scalar(tokens.text(), expression, unit);
  }

  private static Answer scalar(String text, Expression expression, String unit) {
    if (!unit.isEmpty()) {
      return new Answer.Scalar(text, expression, unit);
    }
    return switch (expression) {
      case Degrees(Expression operand) -> new Answer.Scalar(text, operand, Units.DEGREE);
      case Percent(Expression operand) -> new Answer.Scalar(text, operand, Units.PERCENT);
      default -> new Answer.Scalar(text, expression, "");
    };
  }

  private static boolean isNegation(Token token) {
    return token.kind() == Kind.WORD
        && (token.text().equalsIgnoreCase("negative") || token.text().equalsIgnoreCase("minus"));
  }

  private static boolean isTemperature(String unit) {
    return unit.equals("celsius") || unit.equals("fahrenheit") || unit.equals("K");
  }

  private Expression expression(Tokens tokens) throws UnreadableException {
    ExpressionParser parser = new ExpressionParser(tokens.list(), budget);
    Expression expression = parser.parse();
    if (!parser.rest().isEmpty()) {
      throw new UnreadableException("'%s' behind a value".formatted(parser.rest().getFirst()));
    }
    return expression;
  }

  /** Times a factor; a number stays a number, so that 5 million is one. */
  private static Expression scaled(Expression value, Rational factor) throws UnreadableException {
    if (factor.equals(Rational.ONE)) {
      return value;
    }
    return switch (value) {
      case Num number -> {
        Rational product = number.value().times(factor);
        if (product == null) {
          throw new UnreadableException("a number that is too long");
        }
        yield new Num(product, number.decimal() && !product.isInteger());
      }
      case Negation(Expression operand) -> new Negation(scaled(operand, factor));
      default -> new Product(value, new Num(factor, false));
    };
  }

  /**
   * Where the unit begins: at the first word outside of brackets that is no single letter standing
   * for a variable, or at a currency behind its number; the size where there is none.
   *
   * @param money whether a currency stands in front, of which {@code /day} makes a rate
   */
  private static int unitStart(Tokens tokens, boolean money) {
    int depth = 0;
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      depth += Tokens.nesting(token);
      if (i == 0 || depth != 0) {
        continue;
      }
      Token before = tokens.get(i - 1);
      boolean unit =
          switch (token.kind()) {
            case WORD ->
                (token.text().length() > 1
                        || (money && token.text().equals("a"))
                        || Units.unit(token.text()) != null
                        || Units.isIdeograph(token.text().charAt(0)))
                    && before.kind() != Kind.OPERATOR;
            case CURRENCY -> before.kind() != Kind.OPERATOR;
            // $18/day
            case OPERATOR ->
                money
                    && token.text().equals("/")
                    && i + 1 < tokens.size()
                    && tokens.get(i + 1).kind() == Kind.WORD
                    && Units.unit(tokens.get(i + 1).text()) != null;
            case LETTER ->
                before.kind() == Kind.DEGREE
                    && i == tokens.size() - 1
                    && "CFK".contains(token.text());
            default -> false;
          };
      if (unit) {
        return i;
      }
    }
    return tokens.size();
  }

  /** A phrase, or the number it spells; null for what is not of words alone. */
  static @Nullable Answer words(Tokens tokens) {
    if (!tokens.all(Kind.WORD)) {
      return null;
    }
    String phrase = tokens.phrase();
    if (ALL_REALS.contains(phrase.toLowerCase(Locale.ROOT))) {
      return new Answer.Scalar("ℝ", new Expression.Variable("ℝ"), "");
    }
    Answer spelled = spelled(tokens);
    return spelled == null ? new Answer.Words(phrase) : spelled;
  }

  /** {@code twenty-five apples}; null where the words are no number with a unit. */
  static @Nullable Answer spelled(Tokens tokens) {
    boolean negated = tokens.size() > 1 && isNegation(tokens.first());
    Tokens positive = negated ? tokens.part(1, tokens.size()) : tokens;
    List<String> words = positive.list().stream().map(Token::text).toList();
    NumberWords.Spelled spelled = NumberWords.spelled(words);
    if (spelled == null) {
      return null;
    }
    try {
      UnitReader.Quantity rest =
          UnitReader.read("", positive.part(spelled.words(), positive.size()));
      Expression value = scaled(new Num(spelled.value(), false), rest.factor());
      return new Answer.Scalar(tokens.phrase(), negated ? new Negation(value) : value, rest.unit());
    } catch (UnreadableException e) {
      return null;
    }
  }

  /**
   * {@code 1 hour 30 minutes}, {@code 5 feet and 3 inches} in the smallest of its units; null for
   * anything else.
   */
  static @Nullable Answer compound(Tokens tokens) {
    if (tokens.size() < 4
        || tokens.first().kind() != Kind.NUMBER
        || tokens.get(1).kind() != Kind.WORD) {
      return null;
    }
    List<Rational> values = new ArrayList<>();
    List<String> units = new ArrayList<>();
    int at = 0;
    while (at + 1 < tokens.size()) {
      boolean joined =
          at > 0
              && tokens.get(at).kind() == Kind.SEPARATOR
              && !tokens.get(at).text().equals("or")
              && !tokens.get(at).text().equals(";");
      at += joined ? 1 : 0;
      Token number = tokens.get(at);
      String unit =
          at + 1 < tokens.size() && tokens.get(at + 1).kind() == Kind.WORD
              ? Units.unit(tokens.get(at + 1).text())
              : null;
      if (number.kind() != Kind.NUMBER || unit == null) {
        return null;
      }
      values.add(Rational.ofDecimal(number.text()));
      units.add(unit);
      at += 2;
    }
    if (at != tokens.size() || values.size() < 2) {
      return null;
    }
    Rational total = values.getFirst();
    for (int i = 1; i < values.size(); i++) {
      int parts = Units.parts(units.get(i - 1), units.get(i));
      Rational product = parts == 0 ? null : total.times(Rational.of(parts));
      Rational sum = product == null ? null : product.plus(values.get(i));
      if (sum == null) {
        return null;
      }
      total = sum;
    }
    return new Answer.Scalar(tokens.text(), new Num(total, false), units.getLast());
  }

  /**
   * Digits with a base: {@code 1010_2}, {@code (1010)_2}, {@code 1010_{(2)}}, {@code
   * 1010_{\text{two}}}, {@code 1010 (base 2)}. Null for anything else.
   */
  static @Nullable Answer based(Tokens tokens) {
    int line = tokens.indexOf(Kind.OPERATOR, "_");
    int word = line < 1 ? tokens.indexOf(Kind.WORD, "base") : -1;
    int from = line >= 1 ? line : word;
    if (from < 1) {
      return null;
    }
    boolean opened = word > 1 && tokens.get(word - 1).is(Kind.OPEN, "(");
    boolean closed = tokens.last().is(Kind.CLOSE, ")");
    if (word >= 1 && opened != closed) {
      return null;
    }
    Tokens behind =
        tokens.part(from + 1, tokens.size() - (word >= 1 && closed ? 1 : 0)).unwrapped();
    String base = base(behind);
    Tokens digits = withoutBrackets(tokens.part(0, opened ? from - 1 : from));
    if (base == null || digits.isEmpty()) {
      return null;
    }
    boolean negative = digits.first().is(Kind.OPERATOR, "-") && digits.size() > 1;
    Tokens unsigned = negative ? digits.part(1, digits.size()) : digits;
    Kind kind = unsigned.first().kind();
    boolean begins = kind == Kind.NUMBER || kind == Kind.WORD;
    String written = unsigned.joined();
    if (!begins || base.length() > 2 || !isDigits(written, base)) {
      return null;
    }
    return new Answer.Based(tokens.text(), (negative ? "-" : "") + written, base);
  }

  /** A base as digits: 2, (2), two, base two; null for anything else. */
  private static @Nullable String base(Tokens given) {
    Tokens tokens = withoutBrackets(given);
    if (tokens.size() == 2 && tokens.first().text().equalsIgnoreCase("base")) {
      tokens = tokens.part(1, 2);
    }
    if (tokens.size() != 1) {
      return null;
    }
    Token base = tokens.first();
    if (base.kind() == Kind.NUMBER) {
      return base.text();
    }
    int cardinal = base.kind() == Kind.WORD ? NumberWords.cardinal(base.text()) : -1;
    return cardinal < 0 ? null : Integer.toString(cardinal);
  }

  private static Tokens withoutBrackets(Tokens given) {
    Tokens tokens = given.unwrapped();
    return tokens.isEnclosed(Kind.OPEN, Kind.CLOSE) && tokens.first().text().equals("(")
        ? tokens.inner().unwrapped()
        : tokens;
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
}
