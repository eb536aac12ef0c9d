package org.score4j.tokenizer.jinja;

import java.time.Instant;
import java.time.ZoneId;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template has. */
final class Globals {
  static final Map<String, Object> FUNCTIONS =
      Map.of(
          "range", (Callable) Globals::range,
          "dict", (Callable) Globals::dict,
          "namespace", (Callable) Globals::namespace,
          "cycler", (Callable) (in, args) -> cycler(args),
          "joiner", (Callable) Globals::joiner,
          "raise_exception", (Callable) Globals::raiseException,
          "strftime_now", (Callable) Globals::strftimeNow,
          "lipsum",
              (Callable)
                  (in, args) -> {
                    throw TemplateException.unsupported("the function lipsum");
                  });

  private Globals() {}

  private static Object range(Interpreter in, Args args) {
    @Nullable Object[] bound = args.positional("range", 1, 3);
    long first = number(bound[0]);
    return bound[1] == null
        ? PyRange.of(0, first, 1)
        : PyRange.of(first, number(bound[1]), bound[2] == null ? 1 : number(bound[2]));
  }

  private static long number(@Nullable Object value) {
    long number = Operators.asLong(value == null ? None.NONE : value, "range()");
    if (Math.abs(number / 4) > 1L << 59) {
      throw TemplateException.error("Range too big");
    }
    return number;
  }

  private static Object raiseException(Interpreter in, Args args) {
    @Nullable Object message = args.bind("raise_exception", 1, "message")[0];
    throw new TemplateException(
        TemplateException.Kind.REFUSED,
        0,
        Str.str(in.budget, message == null ? None.NONE : message));
  }

  private static Object strftimeNow(Interpreter in, Args args) {
    String format = StrMethods.text(args.bind("strftime_now", 1, "format")[0], "strftime");
    return Strftime.format(
        in,
        format,
        Instant.ofEpochMilli(in.clock.getAsLong())
            .atZone(ZoneId.systemDefault())
            .toLocalDateTime());
  }

  private static PyDict dict(Interpreter in, Args args) {
    PyDict dict = new PyDict();
    if (args.positional().size() > 1) {
      throw TemplateException.error("dict expected at most 1 argument");
    }
    if (!args.positional().isEmpty()) {
      Object from = args.positional().getFirst();
      if (from instanceof PyDict other) {
        other.entries().forEach(entry -> dict.put(in.budget, entry.key(), entry.value()));
      } else {
        Iterator<Object> pairs = Operators.iterator(in, from);
        while (pairs.hasNext()) {
          List<Object> pair = Operators.list(in, pairs.next());
          if (pair.size() != 2) {
            throw TemplateException.error("dictionary update sequence element has no length of 2");
          }
          dict.put(in.budget, pair.getFirst(), pair.getLast());
        }
      }
    }
    args.named().forEach((name, value) -> dict.put(in.budget, name, value));
    return dict;
  }

  private static Object namespace(Interpreter in, Args args) {
    Namespace namespace = new Namespace();
    for (PyDict.Entry entry : dict(in, args).entries()) {
      String name = Operators.textOf(entry.key());
      if (name == null) {
        throw TemplateException.unsupported("a namespace with keys that are no texts");
      }
      namespace.set(in.budget, name, entry.value());
    }
    return namespace;
  }

  private static Object joiner(Interpreter in, Args args) {
    @Nullable Object given = args.bind("joiner", 0, "sep")[0];
    Object separator = given == null ? ", " : given;
    boolean[] used = {false};
    return (Callable)
        (interpreter, none) -> {
          boolean first = !used[0];
          used[0] = true;
          return first ? "" : separator;
        };
  }

  private static Object cycler(Args args) {
    if (!args.named().isEmpty()) {
      throw TemplateException.error("cycler() takes no keyword arguments");
    }
    if (args.positional().isEmpty()) {
      throw TemplateException.error("at least one item has to be provided");
    }
    return new Cycler(args.positional());
  }

  /** Gives its items in turn. */
  static final class Cycler {
    private final List<Object> items;
    private int at;

    Cycler(List<Object> items) {
      this.items = items;
    }

    /** An attribute, or null. */
    @Nullable Object attribute(String name) {
      return switch (name) {
        case "current" -> items.get(at);
        case "next" ->
            new Method(
                name,
                this,
                (in, self, args) -> {
                  Object item = items.get(at);
                  at = (at + 1) % items.size();
                  return item;
                });
        case "reset" ->
            new Method(
                name,
                this,
                (in, self, args) -> {
                  at = 0;
                  return None.NONE;
                });
        case "items" -> new PyTuple(items);
        case "pos" -> (long) at;
        default -> null;
      };
    }
  }
}
