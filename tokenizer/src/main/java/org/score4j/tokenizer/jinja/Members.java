package org.score4j.tokenizer.jinja;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes, elements and methods of values, as far as Jinja2's immutable sandbox shows them. */
@SuppressWarnings("ReferenceEquality") // As in Python, identity comes before equality.
final class Members {
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private static final Map<String, Method.Body> LIST =
      Map.of(
          "index", (in, self, args) -> index(in, (Sequence) self, args),
          "count", (in, self, args) -> count(in, self, args),
          "copy", (in, self, args) -> new PyList(((Sequence) self).items()));

  private static final Map<String, Method.Body> DICT =
      Map.of(
          "get",
          (in, self, args) -> {
            @Nullable Object[] bound = args.positional("get", 1, 2);
            Object value = ((PyDict) self).get(in.budget, given(bound[0]));
            return value == null ? given(bound[1]) : value;
          },
          "items",
          (in, self, args) -> view(self, args, PyView.Part.ITEMS),
          "keys",
          (in, self, args) -> view(self, args, PyView.Part.KEYS),
          "values",
          (in, self, args) -> view(self, args, PyView.Part.VALUES),
          "copy",
          (in, self, args) -> ((PyDict) self).copy(in.budget));

  private Members() {}

  private static Object given(@Nullable Object value) {
    return value == null ? None.NONE : value;
  }

  private static PyView view(Object self, Args args, PyView.Part part) {
    args.positional(part.name().toLowerCase(java.util.Locale.ROOT), 0, 0);
    return new PyView((PyDict) self, part);
  }

  /** {@code owner.name}: the attribute, else the element of that name, else undefined. */
  static Object attribute(Interpreter in, Object owner, String name) {
    if (owner instanceof Undefined undefined && !isInternal(name)) {
      throw undefined.error();
    }
    Object found = find(in, owner, name);
    if (found == null && owner instanceof PyDict dict) {
      found = dict.get(in.budget, name);
    }
    return found == null ? Undefined.member(owner, name) : found;
  }

  /** {@code owner[index]}: the element, else the attribute of that name, else undefined. */
  static Object element(Interpreter in, Object owner, Object index) {
    if (owner instanceof Undefined undefined) {
      throw undefined.error();
    }
    Object found = item(in, owner, index);
    if (found == null) {
      String name = Operators.textOf(index);
      found = name == null ? null : find(in, owner, name);
    }
    return found == null ? Undefined.member(owner, index) : found;
  }

  private static boolean isInternal(String name) {
    return name.startsWith("__") && name.endsWith("__");
  }

  private static @Nullable Object item(Interpreter in, Object owner, Object index) {
    if (owner instanceof PyDict dict) {
      boolean hashable = !(index instanceof PyList || index instanceof PyDict);
      return hashable ? dict.get(in.budget, index) : null;
    }
    if (!(index instanceof Long || index instanceof Boolean)) {
      return null;
    }
    long at = Operators.asLong(index, "index");
    String text = Operators.textOf(owner);
    if (text != null) {
      Object character = character(in, text, at);
      return character != null && owner instanceof Markup
          ? new Markup((String) character)
          : character;
    }
    return switch (owner) {
      case Sequence sequence -> {
        List<Object> items = sequence.items();
        long from = at < 0 ? at + items.size() : at;
        yield from >= 0 && from < items.size() ? items.get((int) from) : null;
      }
      case PyRange range -> {
        long from = at < 0 ? at + range.length() : at;
        yield from >= 0 && from < range.length() ? (Object) range.at((int) from) : null;
      }
      default -> null;
    };
  }

  private static @Nullable String character(Interpreter in, String text, long at) {
    if (at >= text.length() || at < -text.length()) {
      return null;
    }
    in.budget.scan(text);
    int from;
    try {
      from = text.offsetByCodePoints(at < 0 ? text.length() : 0, (int) at);
    } catch (IndexOutOfBoundsException e) {
      return null;
    }
    return from < text.length() ? Character.toString(text.codePointAt(from)) : null;
  }

  /** An attribute that is no element, or null. */
  static @Nullable Object find(Interpreter in, Object owner, String name) {
    if (owner instanceof Namespace namespace) {
      return namespace.attributes().get(name);
    }
    if (isInternal(name)) {
      return Undefined.unsafe(owner, name);
    }
    return switch (owner) {
      case String text -> StrMethods.find(owner, name);
      case Markup markup -> StrMethods.find(owner, name);
      case PyList list ->
          LIST_CHANGES.contains(name) ? Undefined.unsafe(owner, name) : method(LIST, owner, name);
      case PyTuple tuple -> {
        if (tuple.named() && name.equals("grouper")) {
          yield tuple.items().getFirst();
        }
        if (tuple.named() && name.equals("list")) {
          yield tuple.items().getLast();
        }
        yield name.equals("copy") ? null : method(LIST, owner, name);
      }
      case PyDict dict -> {
        if (name.equals("fromkeys")) {
          throw TemplateException.unsupported("the method 'fromkeys' of a dict");
        }
        yield DICT_CHANGES.contains(name)
            ? Undefined.unsafe(owner, name)
            : method(DICT, owner, name);
      }
      case Loop loop -> loop.attribute(name);
      case PyRange range ->
          switch (name) {
            case "start" -> range.start();
            case "stop" -> range.stop();
            case "step" -> range.step();
            case "count", "index" ->
                throw TemplateException.unsupported("the method '%s' of a range".formatted(name));
            default -> null;
          };
      case Interpreter.Macro macro -> macro(macro, name);
      case Globals.Cycler cycler -> cycler.attribute(name);
      case Generator generator -> {
        if (Set.of("send", "throw", "close").contains(name)) {
          throw TemplateException.unsupported("the method '%s' of a generator".formatted(name));
        }
        yield null;
      }
      default -> Operators.isNumber(owner) ? ofNumber(owner, name) : null;
    };
  }

  private static @Nullable Object method(
      Map<String, Method.Body> methods, Object owner, String name) {
    Method.Body body = methods.get(name);
    return body == null ? null : new Method(name, owner, body);
  }

  private static @Nullable Object macro(Interpreter.Macro macro, String name) {
    return switch (name) {
      case "name" -> macro.name.isEmpty() ? None.NONE : macro.name;
      case "arguments" -> new PyTuple(List.copyOf(macro.signature.names()));
      case "catch_kwargs", "catch_varargs", "caller", "explicit_caller" ->
          throw TemplateException.unsupported("the attribute '%s' of a macro".formatted(name));
      default -> null;
    };
  }

  private static @Nullable Object ofNumber(Object number, String name) {
    boolean integer = Operators.isInteger(number);
    return switch (name) {
      case "real" -> integer ? Operators.integer(Operators.big(number)) : number;
      case "imag" -> integer ? (Object) 0L : (Object) 0.0;
      case "numerator" -> integer ? Operators.integer(Operators.big(number)) : null;
      case "denominator" -> integer ? 1L : null;
      case "is_integer" ->
          integer
              ? null
              : new Method(
                  name, number, (in, self, args) -> (Double) self == Math.rint((Double) self));
      case "bit_length" ->
          integer
              ? new Method(
                  name, number, (in, self, args) -> (long) Operators.big(self).abs().bitLength())
              : null;
      case "as_integer_ratio",
          "conjugate",
          "bit_count",
          "from_bytes",
          "to_bytes",
          "fromhex",
          "hex" ->
          throw TemplateException.unsupported("the method '%s' of a number".formatted(name));
      default -> null;
    };
  }

  private static Object index(Interpreter in, Sequence self, Args args) {
    @Nullable Object[] bound = args.positional("index", 1, 3);
    List<Object> items = self.items();
    long from = bound[1] == null ? 0 : Operators.asLong(bound[1], "index");
    long to = bound[2] == null ? items.size() : Operators.asLong(bound[2], "index");
    from = from < 0 ? Math.max(0, from + items.size()) : from;
    to = Math.min(items.size(), to < 0 ? to + items.size() : to);
    Object wanted = given(bound[0]);
    for (long i = from; i < to; i++) {
      Object item = items.get((int) i);
      if (item == wanted || Operators.equal(in.budget, item, wanted)) {
        return i;
      }
    }
    throw TemplateException.error(
        "%s is not in the %s".formatted(Str.repr(in.budget, wanted), Operators.typeName(self)));
  }

  private static Object count(Interpreter in, Object self, Args args) {
    Object wanted = given(args.positional("count", 1, 1)[0]);
    return ((Sequence) self)
        .items().stream()
            .filter(item -> item == wanted || Operators.equal(in.budget, item, wanted))
            .count();
  }
}
