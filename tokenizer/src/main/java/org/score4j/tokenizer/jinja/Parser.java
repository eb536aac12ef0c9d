package org.score4j.tokenizer.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes a tree of tokens, by the grammar of Jinja2. */
final class Parser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> CONSTANTS =
      Set.of("true", "false", "none", "True", "False", "None");
  // Far more than a template needs, and little enough for the stack.
  private static final int MAX_NESTING = 150;

  private final List<Token> tokens;
  private int at;
  private int nesting;
  private int loops;

  private Parser(List<Token> tokens) {
    this.tokens = tokens;
  }

  static Stmt.Body parse(String template) {
    Parser parser = new Parser(Lexer.tokens(template));
    return new Stmt.Body(parser.statements());
  }

  private Token current() {
    return tokens.get(at);
  }

  private Token look() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  private Token next() {
    Token token = current();
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  private boolean skip(String operator) {
    boolean found = current().is(operator);
    if (found) {
      next();
    }
    return found;
  }

  private boolean skipName(String name) {
    boolean found = current().isName(name);
    if (found) {
      next();
    }
    return found;
  }

  private Token expect(Token.Type type, String what) {
    if (current().type() != type) {
      throw error("expected %s, got %s".formatted(what, current().description()));
    }
    return next();
  }

  private void expect(String operator) {
    if (!skip(operator)) {
      throw error("expected '%s', got %s".formatted(operator, current().description()));
    }
  }

  private TemplateException error(String message) {
    return TemplateException.syntax(current().line(), message);
  }

  private void enter() {
    if (++nesting > MAX_NESTING) {
      throw error("it nests deeper than %d levels".formatted(MAX_NESTING));
    }
  }

  // Statements

  /** Statements up to one of the tags, which is the current token then, or to the end. */
  private List<Stmt> statements(String... ends) {
    enter();
    List<Stmt> statements = new ArrayList<>();
    while (current().type() != Token.Type.END) {
      Token token = next();
      switch (token.type()) {
        case DATA -> statements.add(new Stmt.Text(token.line(), token.text()));
        case VARIABLE_BEGIN -> {
          statements.add(new Stmt.Print(token.line(), tuple(true, false)));
          expect(Token.Type.VARIABLE_END, "'}}'");
        }
        default -> {
          if (current().type() == Token.Type.NAME && List.of(ends).contains(current().text())) {
            nesting--;
            return statements;
          }
          statement(statements);
          expect(Token.Type.BLOCK_END, "'%}'");
        }
      }
    }
    if (ends.length > 0) {
      throw error("{%% %s %%} is missing".formatted(ends[ends.length - 1]));
    }
    nesting--;
    return statements;
  }

  /** The statements of a block; the tag that ends it is left. */
  private List<Stmt> block(String... ends) {
    skip(":");
    expect(Token.Type.BLOCK_END, "'%}'");
    return statements(ends);
  }

  private List<Stmt> blockTo(String end) {
    List<Stmt> statements = block(end);
    next();
    return statements;
  }

  private void statement(List<Stmt> to) {
    Token tag = expect(Token.Type.NAME, "the name of a tag");
    int line = tag.line();
    switch (tag.text()) {
      case "if" -> to.add(ifStatement(line));
      case "for" -> to.add(forStatement(line));
      case "set" -> to.add(setStatement(line));
      case "macro" -> {
        String name = parameterName();
        Stmt.Signature signature = signature();
        to.add(new Stmt.Macro(line, name, signature, functionBody("endmacro")));
      }
      case "call" -> {
        Stmt.Signature signature = current().is("(") ? signature() : Stmt.Signature.NONE;
        if (!(expression() instanceof Expr.Call call)) {
          throw error("expected call");
        }
        to.add(new Stmt.CallBlock(line, signature, call, functionBody("endcall")));
      }
      case "filter" -> {
        Expr.Filter filter = filter(null);
        while (skip("|")) {
          filter = filter(filter);
        }
        to.add(new Stmt.FilterBlock(line, filter, new Stmt.Body(blockTo("endfilter"))));
      }
      case "with" -> to.add(withStatement(line));
      case "generation" -> to.add(new Stmt.Generation(line, functionBody("endgeneration")));
      case "print" -> {
        while (current().type() != Token.Type.BLOCK_END) {
          to.add(new Stmt.Print(line, expression()));
          if (current().type() != Token.Type.BLOCK_END) {
            expect(",");
          }
        }
      }
      case "break", "continue" -> {
        if (loops == 0) {
          throw TemplateException.syntax(line, "'%s' outside loop".formatted(tag.text()));
        }
        to.add(tag.text().equals("break") ? new Stmt.Break(line) : new Stmt.Continue(line));
      }
      case "block", "autoescape" -> {
        skipToBlockEnd();
        blockTo("end" + tag.text());
        if (tag.text().equals("block") && current().type() == Token.Type.NAME) {
          next();
        }
        to.add(new Stmt.Unsupported(line, tag.text()));
      }
      case "include", "import", "from", "extends" -> {
        skipToBlockEnd();
        to.add(new Stmt.Unsupported(line, tag.text()));
      }
      default ->
          throw new TemplateException(
              TemplateException.Kind.SYNTAX,
              line,
              "Encountered unknown tag '%s'".formatted(tag.text()));
    }
  }

  private void skipToBlockEnd() {
    while (current().type() != Token.Type.BLOCK_END) {
      next();
    }
  }

  private Stmt ifStatement(int line) {
    List<Expr> tests = new ArrayList<>();
    List<List<Stmt>> bodies = new ArrayList<>();
    while (true) {
      tests.add(tuple(false, false));
      bodies.add(block("elif", "else", "endif"));
      String end = next().text();
      if (end.equals("else")) {
        return new Stmt.If(line, tests, bodies, blockTo("endif"));
      }
      if (end.equals("endif")) {
        return new Stmt.If(line, tests, bodies, List.of());
      }
    }
  }

  private Stmt forStatement(int line) {
    Expr target = target(true, false);
    if (!skipName("in")) {
      throw error("expected 'in', got " + current().description());
    }
    Expr iterable = tuple(false, true);
    Expr test = skipName("if") ? expression() : null;
    boolean recursive = skipName("recursive");
    loops++;
    List<Stmt> body = block("endfor", "else");
    loops--;
    List<Stmt> otherwise = next().text().equals("else") ? blockTo("endfor") : List.of();
    return new Stmt.For(
        line, target, iterable, test, recursive, new Stmt.Body(body), new Stmt.Body(otherwise));
  }

  private Stmt setStatement(int line) {
    Expr target = target(false, true);
    if (skip("=")) {
      return new Stmt.Assign(line, target, tuple(true, false));
    }
    Expr.Filter filter = null;
    while (skip("|")) {
      filter = filter(filter);
    }
    return new Stmt.AssignBlock(line, target, filter, new Stmt.Body(blockTo("endset")));
  }

  private Stmt withStatement(int line) {
    List<Expr> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (current().type() != Token.Type.BLOCK_END) {
      if (!targets.isEmpty()) {
        expect(",");
      }
      targets.add(target(false, false));
      expect("=");
      values.add(expression());
    }
    return new Stmt.With(line, targets, values, new Stmt.Body(blockTo("endwith")));
  }

  /** A body that Jinja2 compiles to a function: a loop around it cannot be left from within. */
  private Stmt.Body functionBody(String end) {
    int around = loops;
    loops = 0;
    List<Stmt> body = blockTo(end);
    loops = around;
    return new Stmt.Body(body);
  }

  private String parameterName() {
    Token name = expect(Token.Type.NAME, "a name");
    if (CONSTANTS.contains(name.text())) {
      throw error("can't assign to '%s'".formatted(name.text()));
    }
    return name.text();
  }

  private Stmt.Signature signature() {
    List<String> names = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    expect("(");
    while (!current().is(")")) {
      if (!names.isEmpty()) {
        expect(",");
      }
      names.add(parameterName());
      if (skip("=")) {
        defaults.add(expression());
      } else if (!defaults.isEmpty()) {
        throw error("non-default argument follows default argument");
      }
    }
    expect(")");
    return new Stmt.Signature(names, defaults);
  }

  /** What a value is assigned to: a name, a namespace's attribute, or a tuple of them. */
  private Expr target(boolean ofLoop, boolean namespaces) {
    int line = current().line();
    List<Expr> items = new ArrayList<>();
    boolean isTuple = false;
    while (true) {
      if (isTupleEnd() || (ofLoop && current().isName("in"))) {
        break;
      }
      items.add(targetItem(namespaces));
      if (!current().is(",")) {
        break;
      }
      next();
      isTuple = true;
    }
    if (items.isEmpty()) {
      throw error("Expected an expression, got " + current().description());
    }
    return isTuple ? new Expr.TupleOf(line, items) : items.getFirst();
  }

  private Expr targetItem(boolean namespaces) {
    if (namespaces && current().type() == Token.Type.NAME && look().is(".")) {
      Token name = next();
      next();
      return new Expr.NamespaceRef(
          name.line(), name.text(), expect(Token.Type.NAME, "a name").text());
    }
    return assignable(primary());
  }

  private Expr assignable(Expr target) {
    if (target instanceof Expr.TupleOf tuple) {
      tuple.items().forEach(this::assignable);
    } else if (!(target instanceof Expr.Name)) {
      throw error("can't assign to an expression");
    }
    return target;
  }

  // Expressions

  private Expr expression() {
    return expression(true);
  }

  private Expr expression(boolean conditional) {
    enter();
    Expr expression = conditional ? conditional() : or();
    nesting--;
    return expression;
  }

  private Expr conditional() {
    int line = current().line();
    Expr value = or();
    while (skipName("if")) {
      Expr test = or();
      Expr otherwise = skipName("else") ? expression() : null;
      value = new Expr.Conditional(line, test, value, otherwise);
    }
    return value;
  }

  private Expr or() {
    int line = current().line();
    Expr left = and();
    while (skipName("or")) {
      left = new Expr.Logical(line, false, left, and());
    }
    return left;
  }

  private Expr and() {
    int line = current().line();
    Expr left = not();
    while (skipName("and")) {
      left = new Expr.Logical(line, true, left, not());
    }
    return left;
  }

  private Expr not() {
    int line = current().line();
    if (!skipName("not")) {
      return compare();
    }
    enter();
    Expr operand = not();
    nesting--;
    return new Expr.Not(line, operand);
  }

  private Expr compare() {
    int line = current().line();
    List<Expr> operands = new ArrayList<>(List.of(sum()));
    List<String> operators = new ArrayList<>();
    while (true) {
      if (current().type() == Token.Type.OPERATOR && COMPARISONS.contains(current().text())) {
        operators.add(next().text());
      } else if (skipName("in")) {
        operators.add("in");
      } else if (current().isName("not") && look().isName("in")) {
        next();
        next();
        operators.add("not in");
      } else {
        return operators.isEmpty()
            ? operands.getFirst()
            : new Expr.Compare(line, operands, operators);
      }
      operands.add(sum());
    }
  }

  private Expr sum() {
    int line = current().line();
    Expr left = concat();
    while (current().is("+") || current().is("-")) {
      left = new Expr.Binary(line, next().text(), left, concat());
    }
    return left;
  }

  private Expr concat() {
    int line = current().line();
    List<Expr> parts = new ArrayList<>(List.of(product()));
    while (skip("~")) {
      parts.add(product());
    }
    return parts.size() == 1 ? parts.getFirst() : new Expr.Concat(line, parts);
  }

  private Expr product() {
    int line = current().line();
    Expr left = power();
    while (current().is("*") || current().is("/") || current().is("//") || current().is("%")) {
      left = new Expr.Binary(line, next().text(), left, power());
    }
    return left;
  }

  private Expr power() {
    int line = current().line();
    Expr left = unary(true);
    while (skip("**")) {
      left = new Expr.Binary(line, "**", left, unary(true));
    }
    return left;
  }

  private Expr unary(boolean withFilters) {
    enter();
    int line = current().line();
    Expr value;
    if (skip("-")) {
      value = new Expr.Unary(line, '-', unary(false));
    } else if (skip("+")) {
      value = new Expr.Unary(line, '+', unary(false));
    } else {
      value = primary();
    }
    value = postfix(value);
    value = withFilters ? filters(value) : value;
    nesting--;
    return value;
  }

  private Expr primary() {
    Token token = next();
    int line = token.line();
    switch (token.type()) {
      case NAME -> {
        return switch (token.text()) {
          case "true", "True" -> new Expr.Const(line, true);
          case "false", "False" -> new Expr.Const(line, false);
          case "none", "None" -> new Expr.Const(line, None.NONE);
          default -> new Expr.Name(line, token.text());
        };
      }
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (current().type() == Token.Type.STRING) {
          text.append(next().text());
        }
        return new Expr.Const(line, text.toString());
      }
      case INTEGER -> {
        return new Expr.Const(line, integer(token.text()));
      }
      case FLOAT -> {
        return new Expr.Const(line, Double.valueOf(token.text()));
      }
      default -> {}
    }
    if (token.is("(")) {
      Expr inner = parenthesised(line);
      expect(")");
      return inner;
    }
    if (token.is("[")) {
      return new Expr.ListOf(line, items("]"));
    }
    if (token.is("{")) {
      return dict(line);
    }
    throw TemplateException.syntax(line, "unexpected " + token.description());
  }

  private Object integer(String text) {
    int radix =
        text.length() < 2
            ? 10
            : switch (text.charAt(1)) {
              case 'x', 'X' -> 16;
              case 'o', 'O' -> 8;
              case 'b', 'B' -> 2;
              default -> 10;
            };
    if (text.length() > 4_000) {
      throw error("a number has more than 4,000 digits");
    }
    String digits = radix == 10 ? text : text.substring(2);
    return Operators.integer(new BigInteger(digits.toLowerCase(Locale.ROOT), radix));
  }

  private List<Expr> items(String end) {
    List<Expr> items = new ArrayList<>();
    while (!current().is(end)) {
      if (!items.isEmpty()) {
        expect(",");
        if (current().is(end)) {
          break;
        }
      }
      items.add(expression());
    }
    expect(end);
    return items;
  }

  private Expr dict(int line) {
    List<Expr> items = new ArrayList<>();
    while (!current().is("}")) {
      if (!items.isEmpty()) {
        expect(",");
        if (current().is("}")) {
          break;
        }
      }
      items.add(expression());
      expect(":");
      items.add(expression());
    }
    expect("}");
    return new Expr.DictOf(line, items);
  }

  private Expr parenthesised(int line) {
    return current().is(")") ? new Expr.TupleOf(line, List.of()) : tuple(true, false);
  }

  private boolean isTupleEnd() {
    Token token = current();
    return token.type() == Token.Type.VARIABLE_END
        || token.type() == Token.Type.BLOCK_END
        || token.is(")");
  }

  /** One expression, or several with commas between them. */
  private Expr tuple(boolean conditional, boolean ofLoop) {
    int line = current().line();
    List<Expr> items = new ArrayList<>();
    boolean isTuple = false;
    while (!isTupleEnd() && !(ofLoop && current().isName("recursive"))) {
      items.add(expression(conditional));
      if (!current().is(",")) {
        break;
      }
      next();
      isTuple = true;
    }
    if (items.isEmpty()) {
      throw error("Expected an expression, got " + current().description());
    }
    return isTuple ? new Expr.TupleOf(line, items) : items.getFirst();
  }

  private Expr postfix(Expr of) {
    Expr value = of;
    while (true) {
      int line = current().line();
      if (skip(".")) {
        Token name = next();
        value =
            switch (name.type()) {
              case NAME -> new Expr.Attribute(line, value, name.text());
              case INTEGER ->
                  new Expr.Element(line, value, new Expr.Const(line, integer(name.text())));
              default ->
                  throw TemplateException.syntax(
                      name.line(), "expected name or number, got " + name.description());
            };
      } else if (skip("[")) {
        value = new Expr.Element(line, value, subscript(line));
      } else if (current().is("(")) {
        value = new Expr.Call(line, value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expr subscript(int line) {
    List<Expr> items = new ArrayList<>();
    while (!current().is("]")) {
      if (!items.isEmpty()) {
        expect(",");
      }
      items.add(sliceOrIndex());
    }
    expect("]");
    return items.size() == 1 ? items.getFirst() : new Expr.TupleOf(line, items);
  }

  private Expr sliceOrIndex() {
    int line = current().line();
    Expr start = null;
    if (!current().is(":")) {
      start = expression();
      if (!current().is(":")) {
        return start;
      }
    }
    next();
    Expr stop = bound();
    Expr step = skip(":") ? bound() : null;
    return new Expr.Slice(line, start, stop, step);
  }

  private @Nullable Expr bound() {
    return current().is(":") || current().is("]") || current().is(",") ? null : expression();
  }

  private Expr filters(Expr of) {
    Expr value = of;
    while (true) {
      if (skip("|")) {
        value = filter(value);
      } else if (current().isName("is")) {
        value = test(value);
      } else if (current().is("(")) {
        value = new Expr.Call(current().line(), value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expr.Filter filter(@Nullable Expr value) {
    int line = current().line();
    String name = dottedName();
    Expr.Arguments arguments = current().is("(") ? arguments() : Expr.Arguments.NONE;
    return new Expr.Filter(line, value, name, arguments);
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(expect(Token.Type.NAME, "a name").text());
    while (skip(".")) {
      name.append('.').append(expect(Token.Type.NAME, "a name").text());
    }
    return name.toString();
  }

  private Expr test(Expr value) {
    int line = next().line();
    boolean negated = skipName("not");
    String name = dottedName();
    Expr.Arguments arguments = Expr.Arguments.NONE;
    if (current().is("(")) {
      arguments = arguments();
    } else if (beginsArgumentOfTest()) {
      if (current().isName("is")) {
        throw error("You cannot chain multiple tests with is");
      }
      arguments = new Expr.Arguments(List.of(postfix(primary())), List.of(), null, null);
    }
    Expr test = new Expr.Test(line, value, name, arguments);
    return negated ? new Expr.Not(line, test) : test;
  }

  private boolean beginsArgumentOfTest() {
    Token token = current();
    return switch (token.type()) {
      case NAME -> !Set.of("else", "or", "and").contains(token.text());
      case STRING, INTEGER, FLOAT -> true;
      default -> token.is("[") || token.is("{");
    };
  }

  private Expr.Arguments arguments() {
    List<Expr> values = new ArrayList<>();
    List<String> names = new ArrayList<>();
    Expr star = null;
    Expr doubleStar = null;
    expect("(");
    while (!current().is(")")) {
      boolean valid;
      if (skip("*")) {
        valid = star == null && doubleStar == null;
        star = expression();
      } else if (skip("**")) {
        valid = doubleStar == null;
        doubleStar = expression();
      } else if (current().type() == Token.Type.NAME && look().is("=")) {
        valid = doubleStar == null;
        names.add(next().text());
        next();
        values.add(expression());
      } else {
        valid = star == null && doubleStar == null && names.isEmpty();
        values.add(expression());
      }
      if (!valid) {
        throw error("invalid syntax for function call expression");
      }
      if (!current().is(")")) {
        expect(",");
      }
    }
    expect(")");
    return new Expr.Arguments(values, names, star, doubleStar);
  }
}
