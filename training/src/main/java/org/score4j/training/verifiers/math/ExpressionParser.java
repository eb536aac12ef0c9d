package org.score4j.training.verifiers.math;

import java.util.List;
import org.score4j.training.verifiers.math.Expression.Binomial;
import org.score4j.training.verifiers.math.Expression.Call;
import org.score4j.training.verifiers.math.Expression.Constant;
import org.score4j.training.verifiers.math.Expression.Degrees;
import org.score4j.training.verifiers.math.Expression.Factorial;
import org.score4j.training.verifiers.math.Expression.Infinite;
import org.score4j.training.verifiers.math.Expression.Negation;
import org.score4j.training.verifiers.math.Expression.Num;
import org.score4j.training.verifiers.math.Expression.Percent;
import org.score4j.training.verifiers.math.Expression.Power;
import org.score4j.training.verifiers.math.Expression.Product;
import org.score4j.training.verifiers.math.Expression.Quotient;
import org.score4j.training.verifiers.math.Expression.Root;
import org.score4j.training.verifiers.math.Expression.Sum;
import org.score4j.training.verifiers.math.Expression.Variable;
import org.score4j.training.verifiers.math.Token.Kind;

/**
 * Recursive descent over tokens.
 *
 * <pre>
 * sum      := product (('+' | '-') product)*
 * product  := '-' product | power (('*' | '/' | nothing) power)*
 * power    := postfix ('^' exponent)?
 * postfix  := primary ('!' | '°' | '%' | "'" | '_' name)*
 * primary  := number | mixed number | letter | symbol | '(' sum ')' | '|' sum '|' | \frac argument argument | \sqrt argument | function
 * </pre>
 *
 * <p>Inside of braces {@code sum \over sum} and {@code sum \choose sum}, which have all of the
 * group for their arguments. A product without a sign binds as one with a sign: {@code 1/2x} is
 * ½·x. A function without parentheses takes the product that follows up to the next function:
 * {@code \sin 2x \cos x}.
 */
final class ExpressionParser {
  // Each more doubles the expression.
  private static final int MAX_EXTREMUM = 6;

  private final TokenCursor cursor;
  private final NumberReader numbers;
  private final Budget budget;
  private int depth;
  private int openBars;

  ExpressionParser(List<Token> tokens, Budget budget) {
    cursor = new TokenCursor(tokens);
    numbers = new NumberReader(cursor);
    this.budget = budget;
  }

  /** Reads one expression; {@link #rest()} is what follows it. */
  Expression parse() throws UnreadableException {
    return infix(sum());
  }

  /** {@code a \over b} and {@code n \choose k}, which take all of their group. */
  private Expression infix(Expression left) throws UnreadableException {
    if (cursor.take(Kind.INFIX, "over")) {
      return new Quotient(left, sum());
    }
    return cursor.take(Kind.INFIX, "choose") ? new Binomial(left, sum()) : left;
  }

  /** The tokens behind the expression. */
  List<Token> rest() {
    return cursor.rest();
  }

  private Expression sum() throws UnreadableException {
    if (++depth > Budget.MAX_DEPTH) {
      throw new UnreadableException("nested too deeply");
    }
    cursor.take(Kind.OPERATOR, "+");
    Expression result = product(false);
    while (true) {
      if (cursor.take(Kind.OPERATOR, "+")) {
        result = new Sum(result, product(false));
      } else if (cursor.take(Kind.OPERATOR, "-")) {
        result = new Sum(result, new Negation(product(false)));
      } else {
        depth--;
        return result;
      }
    }
  }

  /**
   * ofFunction: the argument of a function without parentheses, which ends at the next function.
   */
  private Expression product(boolean ofFunction) throws UnreadableException {
    if (cursor.take(Kind.OPERATOR, "-")) {
      return new Negation(product(ofFunction));
    }
    Expression result = power();
    while (true) {
      budget.spend();
      if (!ofFunction && cursor.take(Kind.OPERATOR, "*")) {
        result = new Product(result, signedPower());
      } else if (!ofFunction && cursor.take(Kind.OPERATOR, "/")) {
        result = new Quotient(result, signedPower());
      } else if (beginsFactor(ofFunction)) {
        result = new Product(result, power());
      } else {
        return result;
      }
    }
  }

  private Expression signedPower() throws UnreadableException {
    if (cursor.take(Kind.OPERATOR, "-")) {
      return new Negation(power());
    }
    cursor.take(Kind.OPERATOR, "+");
    return power();
  }

  /** Whether a factor follows without a sign; a number does only behind a bracket. */
  private boolean beginsFactor(boolean ofFunction) {
    Token token = cursor.peek();
    if (token == null) {
      return false;
    }
    return switch (token.kind()) {
      case LETTER, SYMBOL, PI, FRACTION, BINOMIAL, ROOT, GROUP_OPEN, DECORATION -> true;
      case FUNCTION -> !ofFunction;
      case OPEN -> !token.text().equals("{");
      case BAR -> openBars == 0;
      case NUMBER, GROUPED_NUMBER -> {
        Token before = cursor.previous();
        yield before != null
            && (before.kind() == Kind.CLOSE
                || before.kind() == Kind.GROUP_CLOSE
                || isNextToPower(token));
      }
      case WORD -> isLetter(token);
      default -> false;
    };
  }

  /** {@code 2^6 3^5} and {@code 2 3^2}; a number next to a number is no product otherwise. */
  private boolean isNextToPower(Token number) {
    Token next = cursor.peek(1);
    boolean power = next != null && next.is(Kind.OPERATOR, "^");
    return number.spaced() && (power || cursor.isBehindPower());
  }

  /** A single letter of text, which is a variable as any other. */
  private static boolean isLetter(Token word) {
    return word.text().length() == 1 && Character.isLetter(word.text().charAt(0));
  }

  private Expression power() throws UnreadableException {
    Expression base = postfix();
    if (!cursor.take(Kind.OPERATOR, "^")) {
      return base;
    }
    Expression power = new Power(base, exponent());
    return postfixOf(power);
  }

  private Expression exponent() throws UnreadableException {
    if (cursor.take(Kind.OPERATOR, "-")) {
      return new Negation(exponent());
    }
    if (++depth > Budget.MAX_DEPTH) {
      throw new UnreadableException("nested too deeply");
    }
    Expression exponent = primary(false);
    // Towers are read from the top.
    Expression result =
        cursor.take(Kind.OPERATOR, "^") ? new Power(exponent, exponent()) : exponent;
    depth--;
    return result;
  }

  private Expression postfix() throws UnreadableException {
    return postfixOf(primary(true));
  }

  private Expression postfixOf(Expression operand) throws UnreadableException {
    Expression result = operand;
    while (true) {
      budget.spend();
      if (cursor.take(Kind.OPERATOR, "!")) {
        result = cursor.take(Kind.OPERATOR, "!") ? doubleFactorial(result) : new Factorial(result);
      } else if (cursor.take(Kind.DEGREE, "°")) {
        result = new Degrees(result);
      } else if (cursor.take(Kind.PERCENT, "%")) {
        result = new Percent(result);
      } else {
        return result;
      }
    }
  }

  /** n!! = n(n−2)(n−4)…, of a number: not the factorial of a factorial. */
  private Expression doubleFactorial(Expression operand) throws UnreadableException {
    if (!(operand instanceof Num n)
        || !n.value().isInteger()
        || n.value().numerator().bitLength() > 8
        || cursor.nextIs(Kind.OPERATOR, "!")) {
      throw new UnreadableException("a multiple factorial");
    }
    int factor = n.value().numerator().intValue();
    Expression product = Expression.integer(Math.max(factor, 1));
    for (factor -= 2; factor > 1; factor -= 2) {
      budget.spend();
      product = new Product(product, Expression.integer(factor));
    }
    return product;
  }

  private Expression primary(boolean mixed) throws UnreadableException {
    budget.spend();
    Token token = cursor.peek();
    if (token == null) {
      throw new UnreadableException("ends where a value should be");
    }
    cursor.advance(1);
    return switch (token.kind()) {
      case NUMBER, GROUPED_NUMBER -> numbers.read(token, mixed);
      case PI -> Constant.PI;
      case INFINITY -> new Infinite();
      case LETTER -> letter(token.text());
      case WORD -> word(token);
      case SYMBOL -> isExtremum(token) ? extremum(token.text()) : symbol(token);
      case FRACTION -> new Quotient(argument(), argument());
      case BINOMIAL -> new Binomial(argument(), argument());
      case ROOT -> root();
      case FUNCTION -> function(token.text());
      case DECORATION -> new Variable(token.text() + ' ' + cursor.rawArgument());
      case GROUP_OPEN -> bracketed(Kind.GROUP_CLOSE, "}");
      case OPEN -> opened(token.text());
      case BAR -> absolute(token.text());
      default ->
          throw new UnreadableException("'%s' where a value should be".formatted(token.text()));
    };
  }

  private Expression word(Token token) throws UnreadableException {
    if (isExtremum(token)) {
      return extremum(token.text());
    }
    if (!isLetter(token)) {
      throw new UnreadableException("'%s' where a value should be".formatted(token.text()));
    }
    return letter(token.text());
  }

  private Expression symbol(Token token) throws UnreadableException {
    return new Variable(token.text() + marks());
  }

  private boolean isExtremum(Token token) {
    Token next = cursor.peek();
    return (token.text().equals("max") || token.text().equals("min"))
        && next != null
        && next.kind() == Kind.OPEN
        && "({".contains(next.text());
  }

  /** {@code \max(a,b)} as (a+b+|a−b|)/2, of more than two from the left. */
  private Expression extremum(String name) throws UnreadableException {
    String close = cursor.take(Kind.OPEN, "(") ? ")" : "}";
    if (close.equals("}")) {
      cursor.advance(1);
    }
    Expression result = sum();
    for (int count = 1; cursor.take(Kind.SEPARATOR, ","); count++) {
      if (count > MAX_EXTREMUM) {
        throw new UnreadableException("the extremum of too many values");
      }
      Expression other = sum();
      Expression distance = new Call("abs", new Sum(result, new Negation(other)));
      Expression twice =
          new Sum(new Sum(result, other), name.equals("max") ? distance : new Negation(distance));
      result = new Quotient(twice, Expression.integer(2));
    }
    cursor.require(Kind.CLOSE, close);
    return result;
  }

  private Expression argument() throws UnreadableException {
    Token token = cursor.peek();
    if (token != null && token.isNumber()) {
      String digit = cursor.firstDigit(token);
      if (digit.equals(".")) {
        throw new UnreadableException("a dot as an argument");
      }
      return new Num(Rational.ofDecimal(digit), false);
    }
    if (++depth > Budget.MAX_DEPTH) {
      throw new UnreadableException("nested too deeply");
    }
    Expression argument = primary(false);
    depth--;
    return argument;
  }

  /** f and g, with primes and subscripts. */
  static boolean isUnknownFunction(String name) {
    boolean letter = name.startsWith("f") || name.startsWith("g");
    return letter && (name.length() == 1 || name.charAt(1) == '\'' || name.charAt(1) == '_');
  }

  private Expression letter(String letter) throws UnreadableException {
    String name = letter + marks();
    if (name.equals("i")) {
      return Constant.I;
    }
    if (name.equals("e")) {
      return Constant.E;
    }
    // f(x) is an application; other letters before a parenthesis are factors.
    if (isUnknownFunction(letter) && cursor.take(Kind.OPEN, "(")) {
      return new Call(name, bracketed(Kind.CLOSE, ")"));
    }
    return new Variable(name);
  }

  /** Primes and subscripts, which belong to a name. */
  private String marks() throws UnreadableException {
    StringBuilder marks = new StringBuilder();
    while (true) {
      if (cursor.take(Kind.OPERATOR, "'")) {
        marks.append('\'');
      } else if (cursor.take(Kind.OPERATOR, "_")) {
        marks.append('_').append(cursor.rawArgument());
      } else {
        return marks.toString();
      }
    }
  }

  private Expression root() throws UnreadableException {
    int index = 2;
    Token token = cursor.peek();
    if (token != null && token.is(Kind.OPEN, "[")) {
      cursor.advance(1);
      Token order = cursor.peek();
      if (order == null || order.kind() != Kind.NUMBER || order.text().length() > 3) {
        throw new UnreadableException("a root whose index is no small number");
      }
      index = order.text().indexOf('.') >= 0 ? 0 : Integer.parseInt(order.text());
      cursor.advance(1);
      cursor.require(Kind.CLOSE, "]");
    }
    if (index < 2) {
      throw new UnreadableException("a root of order %d".formatted(index));
    }
    return new Root(index, argument());
  }

  private Expression function(String name) throws UnreadableException {
    Expression base = null;
    Expression exponent = null;
    boolean more = true;
    while (more) {
      if (base == null && cursor.take(Kind.OPERATOR, "_")) {
        base = primary(false);
      } else if (exponent == null && cursor.take(Kind.OPERATOR, "^")) {
        exponent = exponent();
      } else {
        more = false;
      }
    }
    if (++depth > Budget.MAX_DEPTH) {
      throw new UnreadableException("nested too deeply");
    }
    Token next = cursor.peek();
    boolean parenthesised = next != null && next.is(Kind.OPEN, "(");
    Expression argument = parenthesised ? primary(false) : product(true);
    depth--;
    if (base != null && !name.equals("log")) {
      throw new UnreadableException("a base of " + name);
    }
    Expression call = new Call(name, argument);
    if (base != null) {
      call = new Quotient(new Call("ln", argument), new Call("ln", base));
    }
    if (exponent == null) {
      return call;
    }
    if (exponent instanceof Negation(Num one)
        && !one.decimal()
        && one.value().equals(Rational.ONE)) {
      return new Call("arc" + name, argument);
    }
    return new Power(call, exponent);
  }

  private Expression opened(String bracket) throws UnreadableException {
    return switch (bracket) {
      case "(" -> bracketed(Kind.CLOSE, ")");
      case "[" -> bracketed(Kind.CLOSE, "]");
      case "⌊" -> new Call("floor", bracketed(Kind.CLOSE, "⌋"));
      case "⌈" -> new Call("ceil", bracketed(Kind.CLOSE, "⌉"));
      default -> throw new UnreadableException("'%s' in an expression".formatted(bracket));
    };
  }

  private Expression bracketed(Kind kind, String close) throws UnreadableException {
    int bars = openBars;
    openBars = 0;
    Expression inner = infix(sum());
    openBars = bars;
    cursor.require(kind, close);
    return inner;
  }

  private Expression absolute(String bar) throws UnreadableException {
    openBars++;
    Expression inner = sum();
    openBars--;
    cursor.require(Kind.BAR, bar);
    return new Call(bar.equals("|") ? "abs" : "norm", inner);
  }
}
