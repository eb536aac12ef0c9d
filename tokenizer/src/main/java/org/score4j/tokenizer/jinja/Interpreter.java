package org.score4j.tokenizer.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Evaluates a template for one conversation. Not for several threads. */
final class Interpreter {
  /** How a statement ends. */
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  final Budget budget;
  final LongSupplier clock;
  private final Names names;
  private final Map<String, Object> context;
  private int line = 1;

  /**
   * An interpreter.
   *
   * @param names of the template
   * @param context by name, besides the global functions
   * @param clock milliseconds since 1970
   */
  Interpreter(Names names, Map<String, Object> context, LongSupplier clock, Budget budget) {
    this.names = names;
    this.context = context;
    this.clock = clock;
    this.budget = budget;
  }

  /** The line that was evaluated last. */
  int line() {
    return line;
  }

  String render(Stmt.Body template) {
    Buffer out = new Buffer(budget);
    body(template, new Scope(null), out);
    return out.close();
  }

  // Statements

  /** A body in a scope of its own, which the caller has made and filled. */
  private Flow body(Stmt.Body body, Scope scope, Buffer out) {
    names.unset(body).forEach(scope::unset);
    Flow flow = statements(body.statements(), scope, out);
    scope.close(budget);
    return flow;
  }

  /** What a body prints. */
  private String text(Stmt.Body body, Scope scope) {
    Buffer out = new Buffer(budget);
    body(body, scope, out);
    return out.close();
  }

  private Flow statements(List<Stmt> statements, Scope scope, Buffer out) {
    budget.enter();
    for (Stmt statement : statements) {
      Flow flow = statement(statement, scope, out);
      if (flow != Flow.NEXT) {
        budget.leave();
        return flow;
      }
    }
    budget.leave();
    return Flow.NEXT;
  }

  private Flow statement(Stmt statement, Scope scope, Buffer out) {
    budget.step();
    line = statement.line();
    switch (statement) {
      case Stmt.Text text -> out.append(text.text());
      case Stmt.Print print -> out.append(Str.str(budget, eval(print.value(), scope)));
      case Stmt.If branches -> {
        for (int i = 0; i < branches.tests().size(); i++) {
          if (isTrue(branches.tests().get(i), scope)) {
            return statements(branches.bodies().get(i), scope, out);
          }
        }
        return statements(branches.otherwise(), scope, out);
      }
      case Stmt.For loop -> {
        return loop(loop, eval(loop.iterable(), scope), 0, scope, out);
      }
      case Stmt.Assign assign -> assign(assign.target(), eval(assign.value(), scope), scope);
      case Stmt.AssignBlock block -> {
        Buffer text = new Buffer(budget);
        Flow flow = body(block.body(), new Scope(scope), text);
        String value = text.close();
        if (flow != Flow.NEXT) {
          return flow;
        }
        Expr.Filter filter = block.filter();
        assign(block.target(), filter == null ? value : filter(filter, value, scope), scope);
      }
      case Stmt.Macro macro -> {
        scope.capture();
        scope.set(
            budget, macro.name(), new Macro(macro.name(), macro.signature(), macro.body(), scope));
      }
      case Stmt.CallBlock block -> {
        scope.capture();
        Macro caller = new Macro("", block.signature(), block.body(), scope);
        Args args = args(block.call().arguments(), scope);
        Map<String, Object> named = new LinkedHashMap<>(args.named());
        named.put("caller", caller);
        Object value = call(eval(block.call().callee(), scope), new Args(args.positional(), named));
        out.append(printable(value));
      }
      case Stmt.FilterBlock block -> {
        Buffer text = new Buffer(budget);
        Flow flow = body(block.body(), new Scope(scope), text);
        String value = text.close();
        if (flow != Flow.NEXT) {
          return flow;
        }
        out.append(printable(filter(block.filter(), value, scope)));
      }
      case Stmt.With with -> {
        Scope inner = new Scope(scope);
        for (int i = 0; i < with.targets().size(); i++) {
          assign(with.targets().get(i), eval(with.values().get(i), scope), inner);
        }
        return body(with.body(), inner, out);
      }
      case Stmt.Generation generation -> out.append(text(generation.body(), new Scope(scope)));
      case Stmt.Break jump -> {
        return Flow.BREAK;
      }
      case Stmt.Continue jump -> {
        return Flow.CONTINUE;
      }
      case Stmt.Unsupported tag ->
          throw TemplateException.unsupported("the tag {%% %s %%}".formatted(tag.tag()));
    }
    return Flow.NEXT;
  }

  /** What a block gives; Jinja2 prints no value there but a text. */
  private static String printable(Object value) {
    String text = Operators.textOf(value);
    if (text == null) {
      throw TemplateException.error(
          "expected str instance, %s found".formatted(Operators.typeName(value)));
    }
    return text;
  }

  private Flow loop(Stmt.For loop, Object iterable, int depth, Scope scope, Buffer out) {
    Object elements = iterable;
    Expr test = loop.test();
    if (test != null) {
      elements =
          Generators.filtered(
              this,
              iterable,
              element -> {
                Scope own = new Scope(scope);
                assign(loop.target(), element, own);
                boolean holds = isTrue(test, own);
                own.close(budget);
                return holds;
              });
    }
    Loop state = new Loop(this, elements, depth, loop.recursive() ? recursion(loop, scope) : null);
    // As in Jinja2, a turn that ends by break or continue does not count for else.
    boolean completed = false;
    while (state.hasNext()) {
      budget.step();
      Scope turn = new Scope(scope);
      assign(loop.target(), state.next(), turn);
      turn.set(budget, "loop", state);
      Flow flow = body(loop.body(), turn, out);
      if (flow == Flow.BREAK) {
        break;
      }
      completed |= flow == Flow.NEXT;
    }
    return completed ? Flow.NEXT : body(loop.otherwise(), new Scope(scope), out);
  }

  private Loop.Recursion recursion(Stmt.For loop, Scope scope) {
    return (iterable, depth) -> {
      Buffer out = new Buffer(budget);
      loop(loop, iterable, depth, scope, out);
      return out.close();
    };
  }

  private void assign(Expr target, Object value, Scope scope) {
    switch (target) {
      case Expr.Name name -> scope.set(budget, name.name(), value);
      case Expr.NamespaceRef attribute -> {
        if (!(name(attribute.namespace(), scope) instanceof Namespace namespace)) {
          throw TemplateException.error("cannot assign attribute on non-namespace object");
        }
        namespace.set(budget, attribute.attribute(), value);
      }
      case Expr.TupleOf tuple -> {
        Iterator<Object> values = Operators.iterator(this, value);
        for (Expr item : tuple.items()) {
          if (!values.hasNext()) {
            throw TemplateException.error(
                "not enough values to unpack (expected %d)".formatted(tuple.items().size()));
          }
          assign(item, values.next(), scope);
        }
        if (values.hasNext()) {
          throw TemplateException.error(
              "too many values to unpack (expected %d)".formatted(tuple.items().size()));
        }
      }
      default -> throw new IllegalStateException("no target: " + target);
    }
  }

  /** A macro, or the block of a call. */
  final class Macro implements Callable {
    final String name;
    final Stmt.Signature signature;
    private final Stmt.Body body;
    private final Scope outer;
    private final boolean usesCaller;
    private final boolean usesVarargs;
    private final boolean usesKwargs;

    Macro(String name, Stmt.Signature signature, Stmt.Body body, Scope outer) {
      this.name = name;
      this.signature = signature;
      this.body = body;
      this.outer = outer;
      usesCaller = names.reads(body, "caller");
      usesVarargs = names.reads(body, "varargs");
      usesKwargs = names.reads(body, "kwargs");
    }

    @Override
    public Object call(Interpreter interpreter, Args args) {
      budget.enter();
      List<String> parameters = signature.names();
      List<Object> given = args.positional();
      Map<String, Object> named = new LinkedHashMap<>(args.named());
      Scope scope = new Scope(outer);
      int firstDefault = parameters.size() - signature.defaults().size();
      boolean takesCaller = parameters.contains("caller");
      for (int i = 0; i < parameters.size(); i++) {
        String parameter = parameters.get(i);
        Object value = i < given.size() ? given.get(i) : named.remove(parameter);
        if (value == null && i >= firstDefault) {
          value = eval(signature.defaults().get(i - firstDefault), scope);
        }
        scope.set(
            budget,
            parameter,
            value == null
                ? Undefined.because("parameter '%s' was not provided".formatted(parameter))
                : value);
      }
      if (usesCaller && !takesCaller) {
        Object caller = named.remove("caller");
        scope.set(
            budget, "caller", caller == null ? Undefined.because("No caller defined") : caller);
      }
      if (usesKwargs) {
        PyDict kwargs = new PyDict();
        named.forEach((key, value) -> kwargs.put(budget, key, value));
        scope.set(budget, "kwargs", kwargs);
      } else if (!named.isEmpty()) {
        throw TemplateException.error(
            "macro '%s' takes no keyword argument '%s'"
                .formatted(name, named.keySet().iterator().next()));
      }
      if (usesVarargs) {
        List<Object> rest = new ArrayList<>();
        for (int i = parameters.size(); i < given.size(); i++) {
          budget.add(rest, given.get(i));
        }
        scope.set(budget, "varargs", new PyTuple(rest));
      } else if (given.size() > parameters.size()) {
        throw TemplateException.error(
            "macro '%s' takes not more than %d argument(s)".formatted(name, parameters.size()));
      }
      String text = text(body, scope);
      budget.leave();
      return text;
    }
  }

  // Expressions

  boolean isTrue(Expr test, Scope scope) {
    return Operators.isTrue(eval(test, scope));
  }

  private Object name(String name, Scope scope) {
    Object value = scope.get(name);
    if (value == null) {
      value = context.get(name);
    }
    if (value == null) {
      value = Globals.FUNCTIONS.get(name);
    }
    return value == null || Scope.UNSET.equals(value) ? Undefined.name(name) : value;
  }

  Object eval(Expr expression, Scope scope) {
    budget.step();
    budget.enter();
    Object value = value(expression, scope);
    line = expression.line();
    budget.leave();
    return value;
  }

  private Object value(Expr expression, Scope scope) {
    return switch (expression) {
      case Expr.Const literal -> literal.value();
      case Expr.Name name -> name(name.name(), scope);
      case Expr.Attribute attribute ->
          Members.attribute(this, eval(attribute.owner(), scope), attribute.name());
      case Expr.Element element -> element(element, scope);
      case Expr.Compare compare -> compare(compare, scope);
      case Expr.Logical logical -> {
        Object left = eval(logical.left(), scope);
        yield Operators.isTrue(left) == logical.and() ? eval(logical.right(), scope) : left;
      }
      case Expr.Not not -> !isTrue(not.operand(), scope);
      case Expr.Binary binary -> {
        Object left = eval(binary.left(), scope);
        Object right = eval(binary.right(), scope);
        line = binary.line();
        yield Operators.binary(this, binary.operator(), left, right);
      }
      case Expr.Unary unary -> Operators.unary(unary.operator(), eval(unary.operand(), scope));
      case Expr.Concat concat -> {
        Buffer text = new Buffer(budget);
        for (Expr part : concat.parts()) {
          text.append(Str.str(budget, eval(part, scope)));
        }
        yield text.close();
      }
      case Expr.Conditional conditional -> {
        if (isTrue(conditional.test(), scope)) {
          yield eval(conditional.then(), scope);
        }
        Expr otherwise = conditional.otherwise();
        yield otherwise == null
            ? Undefined.because(
                "the inline if-expression on line %d evaluated to false and no else section was defined"
                    .formatted(conditional.line()))
            : eval(otherwise, scope);
      }
      case Expr.Call call -> {
        Object callee = eval(call.callee(), scope);
        Args args = args(call.arguments(), scope);
        line = call.line();
        yield call(callee, args);
      }
      case Expr.Filter filter -> {
        Expr of = filter.value();
        if (of == null) {
          throw new IllegalStateException("the filter of a block, evaluated alone");
        }
        yield filter(filter, eval(of, scope), scope);
      }
      case Expr.Test test -> {
        Object value = eval(test.value(), scope);
        Args args = args(test.arguments(), scope);
        line = test.line();
        yield Tests.test(this, test.name(), value, args);
      }
      case Expr.ListOf list -> new PyList(values(list.items(), scope));
      case Expr.TupleOf tuple -> new PyTuple(values(tuple.items(), scope));
      case Expr.DictOf dict -> {
        PyDict made = new PyDict();
        List<Expr> items = dict.keysAndValues();
        for (int i = 0; i < items.size(); i += 2) {
          Object key = eval(items.get(i), scope);
          made.put(budget, key, eval(items.get(i + 1), scope));
        }
        yield made;
      }
      case Expr.Slice slice -> throw TemplateException.unsupported("a slice among other indices");
      case Expr.NamespaceRef attribute -> throw new IllegalStateException("a target, evaluated");
    };
  }

  private List<Object> values(List<Expr> expressions, Scope scope) {
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expr expression : expressions) {
      budget.add(values, eval(expression, scope));
    }
    return values;
  }

  private Object element(Expr.Element element, Scope scope) {
    Object owner = eval(element.owner(), scope);
    if (element.index() instanceof Expr.Slice slice) {
      return Operators.slice(
          this,
          owner,
          bound(slice.start(), scope),
          bound(slice.stop(), scope),
          bound(slice.step(), scope));
    }
    return Members.element(this, owner, eval(element.index(), scope));
  }

  private Object bound(@Nullable Expr bound, Scope scope) {
    return bound == null ? None.NONE : eval(bound, scope);
  }

  private boolean compare(Expr.Compare compare, Scope scope) {
    Object left = eval(compare.operands().getFirst(), scope);
    for (int i = 0; i < compare.operators().size(); i++) {
      Object right = eval(compare.operands().get(i + 1), scope);
      line = compare.line();
      if (!Operators.compare(this, compare.operators().get(i), left, right)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  /** A filter, or a chain of them, on the value that its innermost one lacks. */
  private Object filter(Expr.Filter filter, Object value, Scope scope) {
    Object of =
        filter.value() instanceof Expr.Filter inner && isOfBlock(inner)
            ? filter(inner, value, scope)
            : value;
    Args args = args(filter.arguments(), scope);
    line = filter.line();
    return Filters.apply(this, filter.name(), of, args);
  }

  private static boolean isOfBlock(Expr.Filter filter) {
    return filter.value() == null
        || (filter.value() instanceof Expr.Filter inner && isOfBlock(inner));
  }

  private Args args(Expr.Arguments arguments, Scope scope) {
    if (arguments.equals(Expr.Arguments.NONE)) {
      return Args.NONE;
    }
    List<Object> positional = new ArrayList<>();
    Map<String, Object> named = new LinkedHashMap<>();
    int byName = arguments.values().size() - arguments.names().size();
    for (int i = 0; i < arguments.values().size(); i++) {
      Object value = eval(arguments.values().get(i), scope);
      if (i < byName) {
        positional.add(value);
      } else {
        named.put(arguments.names().get(i - byName), value);
      }
    }
    if (arguments.star() != null) {
      Iterator<Object> more = Operators.iterator(this, eval(arguments.star(), scope));
      while (more.hasNext()) {
        budget.add(positional, more.next());
      }
    }
    if (arguments.doubleStar() != null) {
      if (!(eval(arguments.doubleStar(), scope) instanceof PyDict dict)) {
        throw TemplateException.error("argument after ** must be a mapping");
      }
      for (PyDict.Entry entry : dict.entries()) {
        if (!(entry.key() instanceof String key)) {
          throw TemplateException.error("keywords must be strings");
        }
        if (named.put(key, entry.value()) != null) {
          throw TemplateException.error("got multiple values for keyword argument '" + key + "'");
        }
      }
    }
    return new Args(positional, named);
  }

  Object call(Object callee, Args args) {
    return switch (callee) {
      case Callable function -> function.call(this, args);
      case Undefined undefined -> throw undefined.error();
      default ->
          throw TemplateException.error(
              "'%s' object is not callable".formatted(Operators.typeName(callee)));
    };
  }

  /** Values of Java as those of Python: texts, numbers, booleans, null, lists and maps of them. */
  static Map<String, Object> context(Budget budget, Map<String, ?> values) {
    Map<String, Object> context = new HashMap<>();
    values.forEach((name, value) -> context.put(name, value(budget, value)));
    return context;
  }

  private static Object value(Budget budget, @Nullable Object value) {
    return switch (value) {
      case null -> None.NONE;
      case String text -> text;
      case Boolean bool -> bool;
      case Integer number -> number.longValue();
      case Long number -> number;
      case Double number -> number;
      case List<?> list -> {
        List<Object> items = new ArrayList<>(list.size());
        for (Object item : list) {
          budget.add(items, value(budget, item));
        }
        yield new PyList(items);
      }
      case Map<?, ?> map -> {
        PyDict dict = new PyDict();
        map.forEach((key, item) -> dict.put(budget, value(budget, key), value(budget, item)));
        yield dict;
      }
      default ->
          throw new IllegalArgumentException("templates know no " + value.getClass().getName());
    };
  }
}
