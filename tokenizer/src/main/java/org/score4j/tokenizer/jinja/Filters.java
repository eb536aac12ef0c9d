package org.score4j.tokenizer.jinja;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Jinja2's filters, with {@code tojson} as Hugging Face defines it. */
final class Filters {
  /** A filter. */
  private interface Filter {
    Object apply(Interpreter in, Object value, Args args);
  }

  private static final Map<String, Filter> FILTERS =
      Map.ofEntries(
          Map.entry("abs", Filters::abs),
          Map.entry("attr", Filters::attr),
          Map.entry("batch", Filters::batch),
          Map.entry("capitalize", (in, v, a) -> method(in, "capitalize", v, a)),
          Map.entry("center", Filters::center),
          Map.entry("count", Filters::length),
          Map.entry("d", Filters::defaultValue),
          Map.entry("default", Filters::defaultValue),
          Map.entry("dictsort", Filters::dictsort),
          Map.entry("e", Filters::escape),
          Map.entry("escape", Filters::escape),
          Map.entry("filesizeformat", Filters::filesizeformat),
          Map.entry("first", Filters::first),
          Map.entry("float", Filters::toFloat),
          Map.entry("forceescape", Filters::forceescape),
          Map.entry("format", Filters::format),
          Map.entry("groupby", Filters::groupby),
          Map.entry("indent", Filters::indent),
          Map.entry("int", Filters::toInt),
          Map.entry("items", Filters::items),
          Map.entry("join", Filters::join),
          Map.entry("last", Filters::last),
          Map.entry("length", Filters::length),
          Map.entry("list", (in, v, a) -> new PyList(Operators.list(in, only("list", v, a)))),
          Map.entry("lower", (in, v, a) -> method(in, "lower", v, a)),
          Map.entry("map", Filters::map),
          Map.entry("max", (in, v, a) -> extreme(in, v, a, true)),
          Map.entry("min", (in, v, a) -> extreme(in, v, a, false)),
          Map.entry("reject", (in, v, a) -> select(in, v, a, false, false)),
          Map.entry("rejectattr", (in, v, a) -> select(in, v, a, false, true)),
          Map.entry("replace", Filters::replace),
          Map.entry("reverse", Filters::reverse),
          Map.entry("round", Filters::round),
          Map.entry(
              "safe", (in, v, a) -> v instanceof Markup ? v : new Markup(Str.str(in.budget, v))),
          Map.entry("select", (in, v, a) -> select(in, v, a, true, false)),
          Map.entry("selectattr", (in, v, a) -> select(in, v, a, true, true)),
          Map.entry("slice", Filters::slice),
          Map.entry("sort", Filters::sort),
          Map.entry("string", (in, v, a) -> soft(in, only("string", v, a))),
          Map.entry("sum", Filters::sum),
          Map.entry("title", Filters::title),
          Map.entry("tojson", Json::tojson),
          Map.entry("trim", Filters::trim),
          Map.entry("truncate", Filters::truncate),
          Map.entry("unique", Filters::unique),
          Map.entry("upper", (in, v, a) -> method(in, "upper", v, a)),
          Map.entry("urlencode", Filters::urlencode),
          Map.entry("wordcount", Filters::wordcount),
          Map.entry("xmlattr", Filters::xmlattr),
          unsupported("pprint"),
          unsupported("random"),
          unsupported("striptags"),
          unsupported("urlize"),
          unsupported("wordwrap"));

  /** Names, for {@code is filter}. */
  static final Set<Object> NAMES = Set.copyOf(FILTERS.keySet());

  private static final String HEX = "0123456789ABCDEF";
  // A path is taken apart for each use of a filter.
  private static final int MAX_PATH = 10_000;

  private Filters() {}

  private static Map.Entry<String, Filter> unsupported(String name) {
    return Map.entry(
        name,
        (in, value, args) -> {
          throw TemplateException.unsupported("the filter " + name);
        });
  }

  static Object apply(Interpreter in, String name, Object value, Args args) {
    Filter filter = FILTERS.get(name);
    if (filter == null) {
      throw TemplateException.error("No filter named '%s'".formatted(name));
    }
    return filter.apply(in, value, args);
  }

  // Arguments

  private static Object only(String filter, Object value, Args args) {
    args.bind(filter, 0);
    return value;
  }

  private static boolean isTrue(@Nullable Object value) {
    return value != null && Operators.isTrue(value);
  }

  private static long integer(@Nullable Object value, String filter, long otherwise) {
    return value == null ? otherwise : Operators.asLong(value, filter);
  }

  private static boolean isGiven(@Nullable Object value) {
    return value != null && value != None.NONE;
  }

  /** A text, safe where the value is. */
  private static Object soft(Interpreter in, Object value) {
    return value instanceof Markup ? value : Str.str(in.budget, value);
  }

  private static Object method(Interpreter in, String name, Object value, Args args) {
    only(name, value, args);
    return call(in, soft(in, value), name);
  }

  private static Object call(Interpreter in, Object text, String method, Object... args) {
    Object found = StrMethods.find(text, method);
    if (!(found instanceof Method bound)) {
      throw new IllegalStateException(method);
    }
    return bound.call(in, Args.of(args));
  }

  /** What is taken of each element: of an attribute such as {@code address.city}, or itself. */
  private static Function<Object, Object> getter(
      Interpreter in, @Nullable Object attribute, @Nullable Object otherwise, boolean ignoreCase) {
    List<Object> path = path(attribute);
    return item -> {
      Object value = item;
      for (Object part : path) {
        value = Members.element(in, value, part);
        if (value instanceof Undefined && isGiven(otherwise) && otherwise != null) {
          value = otherwise;
        }
      }
      return ignoreCase ? ignoreCase(in, value) : value;
    };
  }

  private static List<Object> path(@Nullable Object attribute) {
    if (attribute == null || attribute == None.NONE) {
      return List.of();
    }
    String text = Operators.textOf(attribute);
    if (text == null) {
      return List.of(attribute);
    }
    requireShort(text);
    List<Object> path = new ArrayList<>();
    for (String part : text.split("\\.", -1)) {
      boolean number =
          !part.isEmpty() && part.length() < 10 && part.chars().allMatch(Character::isDigit);
      path.add(number ? (Object) Long.valueOf(part) : part);
    }
    return path;
  }

  private static void requireShort(String path) {
    if (path.length() > MAX_PATH) {
      throw TemplateException.limit(
          "the name of an attribute has more than %,d characters".formatted(MAX_PATH));
    }
  }

  private static Object ignoreCase(Interpreter in, Object value) {
    return value instanceof String text
        ? Str.lower(in.budget, text)
        : value instanceof Markup markup ? new Markup(Str.lower(in.budget, markup.text())) : value;
  }

  // Numbers

  private static Object abs(Interpreter in, Object value, Args args) {
    only("abs", value, args);
    if (value instanceof Double number) {
      return Math.abs(number);
    }
    if (Operators.isInteger(value)) {
      return Operators.integer(Operators.big(value).abs());
    }
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    throw TemplateException.error("bad operand type for abs(): " + Operators.typeName(value));
  }

  private static Object toInt(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("int", 0, "default", "base");
    Object otherwise = bound[0] == null ? 0L : bound[0];
    String text = Operators.textOf(value);
    if (text != null) {
      in.budget.steps(1 + text.length());
      var number = Formatting.parseInteger(text, (int) integer(bound[1], "int", 10));
      if (number != null) {
        return Operators.integer(number);
      }
      Double decimal = Formatting.parseFloat(text);
      return decimal == null || decimal.isNaN() || decimal.isInfinite()
          ? otherwise
          : truncated(decimal);
    }
    return switch (value) {
      case Undefined undefined -> throw undefined.error();
      case Double number -> {
        if (number.isInfinite()) {
          throw TemplateException.error("cannot convert float infinity to integer");
        }
        yield number.isNaN() ? otherwise : truncated(number);
      }
      default -> Operators.isInteger(value) ? Operators.integer(Operators.big(value)) : otherwise;
    };
  }

  private static Object truncated(double number) {
    return Operators.integer(new java.math.BigDecimal(number).toBigInteger());
  }

  private static Object toFloat(Interpreter in, Object value, Args args) {
    @Nullable Object given = args.bind("float", 0, "default")[0];
    Object otherwise = given == null ? 0.0 : given;
    String text = Operators.textOf(value);
    if (text != null) {
      in.budget.steps(1 + text.length());
      Double number = Formatting.parseFloat(text);
      return number == null ? otherwise : number;
    }
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    return Operators.isNumber(value) ? (Object) Operators.toDouble(value) : otherwise;
  }

  private static Object round(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("round", 0, "precision", "method");
    long precision = integer(bound[0], "round", 0);
    String method = bound[1] == null ? "common" : Str.str(in.budget, bound[1]);
    if (!Set.of("common", "ceil", "floor").contains(method)) {
      throw TemplateException.error("method must be common, ceil or floor");
    }
    if (!Operators.isNumber(value)) {
      throw TemplateException.error(
          "type %s doesn't define __round__ method".formatted(Operators.typeName(value)));
    }
    if (method.equals("common")) {
      return Formatting.round(value, precision);
    }
    Object factor = Operators.binary(in, "**", 10L, precision);
    double scaled = Operators.toDouble(Operators.binary(in, "*", value, factor));
    double whole = method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled);
    return Operators.binary(in, "/", whole, factor);
  }

  private static Object filesizeformat(Interpreter in, Object value, Args args) {
    boolean binary = isTrue(args.bind("filesizeformat", 0, "binary")[0]);
    Object number = toFloat(in, value, Args.of(None.NONE));
    if (!(number instanceof Double bytes)) {
      throw TemplateException.error("filesizeformat takes a number");
    }
    double base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return "1 Byte";
    }
    if (bytes < base) {
      return bytes.longValue() + " Bytes";
    }
    String[] prefixes = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
    int i = 0;
    while (i < prefixes.length - 1 && bytes >= Math.pow(base, i + 2.0)) {
      i++;
    }
    String prefix = binary && i == 0 ? "K" : prefixes[i];
    return Formatting.percent(in, "%.1f ", base * bytes / Math.pow(base, i + 2.0))
        + prefix
        + (binary ? "iB" : "B");
  }

  private static Object sum(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("sum", 0, "attribute", "start");
    Function<Object, Object> getter = getter(in, bound[0], null, false);
    Object sum = bound[1] == null ? 0L : bound[1];
    if (Operators.textOf(sum) != null) {
      throw TemplateException.error("sum() can't sum strings [use ''.join(seq) instead]");
    }
    Iterator<Object> items = Operators.iterator(in, value);
    while (items.hasNext()) {
      in.budget.step();
      sum = Operators.binary(in, "+", sum, getter.apply(items.next()));
    }
    return sum;
  }

  // Texts

  private static Object center(Interpreter in, Object value, Args args) {
    Object text = soft(in, value);
    @Nullable Object width = args.bind("center", 0, "width")[0];
    return call(in, text, "center", width == null ? 80L : width);
  }

  private static Object trim(Interpreter in, Object value, Args args) {
    @Nullable Object chars = args.bind("trim", 0, "chars")[0];
    return call(in, soft(in, value), "strip", chars == null ? None.NONE : chars);
  }

  private static Object replace(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("replace", 2, "old", "new", "count");
    return StrMethods.replace(
        in,
        Str.str(in.budget, value),
        Str.str(in.budget, bound[0] == null ? None.NONE : bound[0]),
        Str.str(in.budget, bound[1] == null ? None.NONE : bound[1]),
        isGiven(bound[2]) ? integer(bound[2], "replace", -1) : -1);
  }

  private static Object title(Interpreter in, Object value, Args args) {
    String text = Str.str(in.budget, only("title", value, args));
    in.budget.steps(1 + text.length());
    StringBuilder title = new StringBuilder();
    int from = 0;
    while (from < text.length()) {
      int to = from;
      boolean separator = isWordSeparator(text.codePointAt(from));
      while (to < text.length() && isWordSeparator(text.codePointAt(to)) == separator) {
        to += Character.charCount(text.codePointAt(to));
      }
      String part = text.substring(from, to);
      int first = Character.charCount(part.codePointAt(0));
      title
          .append(Str.upper(in.budget, part.substring(0, first)))
          .append(Str.lower(in.budget, part.substring(first)));
      from = to;
    }
    return title.toString();
  }

  private static boolean isWordSeparator(int c) {
    return Str.isSpace(c) || "-({[<".indexOf(c) >= 0;
  }

  private static Object indent(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("indent", 0, "width", "first", "blank");
    String text = Operators.textOf(value);
    if (text == null) {
      if (value instanceof Undefined undefined) {
        throw undefined.error();
      }
      throw TemplateException.error(
          "unsupported operand type(s) for +=: '%s' and 'str'"
              .formatted(Operators.typeName(value)));
    }
    String given = bound[0] == null ? null : Operators.textOf(bound[0]);
    String indention =
        given != null
            ? given
            : StrMethods.pad(in, "", Math.max(0, integer(bound[0], "indent", 4)), " ", "ljust");
    boolean blank = isTrue(bound[2]);
    Buffer out = new Buffer(in.budget);
    List<String> lines = Str.lines(in.budget, text + "\n", false);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      boolean indented = i == 0 ? isTrue(bound[1]) : blank || !line.isEmpty();
      out.append(i == 0 ? "" : "\n");
      out.append(indented ? indention : "");
      out.append(line);
    }
    String result = out.close();
    return value instanceof Markup ? new Markup(result) : result;
  }

  private static Object truncate(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("truncate", 0, "length", "killwords", "end", "leeway");
    long length = integer(bound[0], "truncate", 255);
    String end = bound[2] == null ? "..." : Str.str(in.budget, bound[2]);
    long leeway = isGiven(bound[3]) ? integer(bound[3], "truncate", 5) : 5;
    int endLength = Str.length(end);
    if (length < endLength || leeway < 0) {
      throw TemplateException.error(
          "expected length >= %d and leeway >= 0, got %d and %d"
              .formatted(endLength, length, leeway));
    }
    long size = Operators.length(in, value);
    String text = Operators.textOf(value);
    if (size <= length + leeway) {
      return value;
    }
    if (text == null) {
      throw TemplateException.error("truncate takes a text");
    }
    String kept = text.substring(0, Str.offset(text, (int) (length - endLength)));
    int space = kept.lastIndexOf(' ');
    return (isTrue(bound[1]) || space < 0 ? kept : kept.substring(0, space)) + end;
  }

  private static Object wordcount(Interpreter in, Object value, Args args) {
    String text = Str.str(in.budget, only("wordcount", value, args));
    in.budget.steps(1 + text.length());
    long words = 0;
    boolean within = false;
    for (int c : text.codePoints().toArray()) {
      boolean word = c == '_' || Character.isLetterOrDigit(c);
      words += word && !within ? 1 : 0;
      within = word;
    }
    return words;
  }

  private static Object format(Interpreter in, Object value, Args args) {
    if (!args.positional().isEmpty() && !args.named().isEmpty()) {
      throw TemplateException.error(
          "can't handle positional and keyword arguments at the same time");
    }
    if (args.named().isEmpty()) {
      return Operators.binary(in, "%", soft(in, value), new PyTuple(args.positional()));
    }
    PyDict named = new PyDict();
    args.named().forEach((name, item) -> named.put(in.budget, name, item));
    return Operators.binary(in, "%", soft(in, value), named);
  }

  private static Object escape(Interpreter in, Object value, Args args) {
    only("escape", value, args);
    return value instanceof Markup
        ? value
        : new Markup(Markup.escape(in.budget, Str.str(in.budget, value)));
  }

  private static Object forceescape(Interpreter in, Object value, Args args) {
    only("forceescape", value, args);
    return new Markup(Markup.escape(in.budget, Str.str(in.budget, value)));
  }

  private static Object urlencode(Interpreter in, Object value, Args args) {
    only("urlencode", value, args);
    if (Operators.textOf(value) != null || !Operators.isIterable(value)) {
      return quoted(in, value, "/");
    }
    Iterator<Object> pairs =
        value instanceof PyDict dict
            ? new PyView(dict, PyView.Part.ITEMS).iterator()
            : Operators.iterator(in, value);
    Buffer out = new Buffer(in.budget);
    while (pairs.hasNext()) {
      List<Object> pair = Operators.list(in, pairs.next());
      if (pair.size() != 2) {
        throw TemplateException.error("not enough or too many values to unpack (expected 2)");
      }
      out.append(
          quoted(in, pair.getFirst(), "").replace("%20", "+")
              + "="
              + quoted(in, pair.getLast(), "").replace("%20", "+"));
      out.append(pairs.hasNext() ? "&" : "");
    }
    return out.close();
  }

  private static String quoted(Interpreter in, Object value, String safe) {
    String text = Str.str(in.budget, value);
    in.budget.room(3L * text.length());
    in.budget.scan(text);
    StringBuilder out = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean plain =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || ("_.-~" + safe).indexOf(c) >= 0;
      if (plain) {
        out.append(c);
      } else {
        out.append('%').append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 0xf));
      }
    }
    return out.toString();
  }

  private static Object xmlattr(Interpreter in, Object value, Args args) {
    @Nullable Object autospace = args.bind("xmlattr", 0, "autospace")[0];
    if (!(value instanceof PyDict dict)) {
      throw TemplateException.error("xmlattr takes a dict");
    }
    StringBuilder out = new StringBuilder();
    for (PyDict.Entry entry : dict.entries()) {
      if (entry.value() == None.NONE || entry.value() instanceof Undefined) {
        continue;
      }
      String key = StrMethods.text(entry.key(), "xmlattr");
      if (key.chars()
          .anyMatch(c -> (c < 128 && Str.isSpace(c) && c < 0x1c) || " />=".indexOf(c) >= 0)) {
        throw TemplateException.error("Invalid character in attribute name: '" + key + "'");
      }
      String text = Str.str(in.budget, entry.value());
      out.append(out.isEmpty() ? "" : " ")
          .append(Markup.escape(in.budget, key))
          .append("=\"")
          .append(entry.value() instanceof Markup ? text : Markup.escape(in.budget, text))
          .append('"');
      in.budget.room(out.length(), 0);
    }
    boolean space = (autospace == null || Operators.isTrue(autospace)) && !out.isEmpty();
    return space ? " " + out : out.toString();
  }

  // Elements

  private static Object length(Interpreter in, Object value, Args args) {
    return Operators.length(in, only("length", value, args));
  }

  private static Object defaultValue(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("default", 0, "default_value", "boolean");
    Object otherwise = bound[0] == null ? "" : bound[0];
    return value instanceof Undefined || (isTrue(bound[1]) && !Operators.isTrue(value))
        ? otherwise
        : value;
  }

  private static Object attr(Interpreter in, Object value, Args args) {
    String name = StrMethods.text(args.bind("attr", 1, "name")[0], "attr");
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    Object found = Members.find(in, value, name);
    return found == null ? Undefined.member(value, name) : found;
  }

  private static Object first(Interpreter in, Object value, Args args) {
    Iterator<Object> items = Operators.iterator(in, only("first", value, args));
    return items.hasNext() ? items.next() : Undefined.because("No first item, sequence was empty");
  }

  private static Object last(Interpreter in, Object value, Args args) {
    Iterator<Object> items = reversed(in, only("last", value, args));
    return items.hasNext() ? items.next() : Undefined.because("No last item, sequence was empty");
  }

  private static Iterator<Object> reversed(Interpreter in, Object value) {
    String text = Operators.textOf(value);
    if (text != null) {
      in.budget.scan(text);
      in.budget.retain(Str.length(text));
      List<Object> characters = new ArrayList<>();
      Str.characters(text).forEachRemaining(characters::add);
      return characters.reversed().iterator();
    }
    if (value instanceof Sequence sequence) {
      return sequence.items().reversed().iterator();
    }
    if (value instanceof Generator || !Operators.isIterable(value) || value instanceof Loop) {
      throw TemplateException.error(
          "'%s' object is not reversible".formatted(Operators.typeName(value)));
    }
    return Operators.list(in, value).reversed().iterator();
  }

  private static Object reverse(Interpreter in, Object value, Args args) {
    only("reverse", value, args);
    String text = Operators.textOf(value);
    if (text != null) {
      in.budget.room(text.length());
      String reversed = Str.slice(in.budget, text, Str.length(text) - 1, -1, -1);
      return value instanceof Markup ? new Markup(reversed) : reversed;
    }
    if (value instanceof Generator) {
      return new PyList(Operators.list(in, value).reversed());
    }
    if (!Operators.isIterable(value)) {
      throw TemplateException.error("argument must be iterable");
    }
    return new Generator(reversed(in, value));
  }

  private static Object items(Interpreter in, Object value, Args args) {
    only("items", value, args);
    return Generators.deferred(
        () ->
            switch (value) {
              case Undefined undefined -> List.of().iterator();
              case PyDict dict -> new PyView(dict, PyView.Part.ITEMS).iterator();
              default -> throw TemplateException.error("Can only get item pairs from a mapping");
            });
  }

  private static Object join(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("join", 0, "d", "attribute");
    Function<Object, Object> getter = getter(in, bound[1], null, false);
    String separator = bound[0] == null ? "" : Str.str(in.budget, bound[0]);
    Iterator<Object> items = Operators.iterator(in, value);
    Buffer out = new Buffer(in.budget);
    for (boolean first = true; items.hasNext(); first = false) {
      in.budget.step();
      out.append(first ? "" : separator);
      out.append(Str.str(in.budget, getter.apply(items.next())));
    }
    return out.close();
  }

  private static Object batch(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("batch", 1, "linecount", "fill_with");
    long size = integer(bound[0], "batch", 0);
    return Generators.deferred(
        () -> {
          List<Object> batches = new ArrayList<>();
          List<Object> batch = new ArrayList<>();
          Iterator<Object> items = Operators.iterator(in, value);
          while (items.hasNext()) {
            if (batch.size() == size) {
              in.budget.add(batches, new PyList(batch));
              batch = new ArrayList<>();
            }
            in.budget.add(batch, items.next());
          }
          if (!batch.isEmpty()) {
            fill(in, batch, bound[1], size);
            in.budget.add(batches, new PyList(batch));
          }
          return batches.iterator();
        });
  }

  private static void fill(Interpreter in, List<Object> to, @Nullable Object with, long size) {
    while (with != null && with != None.NONE && to.size() < size) {
      in.budget.add(to, with);
    }
  }

  private static Object slice(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("slice", 1, "slices", "fill_with");
    long slices = integer(bound[0], "slice", 0);
    return Generators.deferred(
        () -> {
          List<Object> all = Operators.list(in, value);
          if (slices == 0) {
            throw TemplateException.error("integer division or modulo by zero");
          }
          List<Object> parts = new ArrayList<>();
          int from = 0;
          for (long i = 0; i < slices; i++) {
            boolean extra = i < Math.floorMod((long) all.size(), slices);
            int to = from + (int) Math.floorDiv(all.size(), slices) + (extra ? 1 : 0);
            List<Object> part = new ArrayList<>(all.subList(from, to));
            if (!extra) {
              fill(in, part, bound[1], part.size() + 1L);
            }
            in.budget.add(parts, new PyList(part));
            from = to;
          }
          return parts.iterator();
        });
  }

  private static Object unique(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("unique", 0, "case_sensitive", "attribute");
    Function<Object, Object> getter = getter(in, bound[1], null, !isTrue(bound[0]));
    Set<Object> seen = new HashSet<>();
    return Generators.deferred(
        () ->
            Generators.filtered(
                    in,
                    value,
                    item -> {
                      in.budget.retain(8);
                      return seen.add(PyDict.hashed(in.budget, getter.apply(item)));
                    })
                .items());
  }

  private static Object extreme(Interpreter in, Object value, Args args, boolean greatest) {
    @Nullable Object[] bound =
        args.bind(greatest ? "max" : "min", 0, "case_sensitive", "attribute");
    Function<Object, Object> getter = getter(in, bound[1], null, !isTrue(bound[0]));
    Iterator<Object> items = Operators.iterator(in, value);
    if (!items.hasNext()) {
      return Undefined.because("No aggregated item, sequence was empty");
    }
    Object best = items.next();
    Object bestKey = getter.apply(best);
    while (items.hasNext()) {
      Object item = items.next();
      Object key = getter.apply(item);
      boolean better =
          greatest
              ? Operators.less(in.budget, bestKey, key)
              : Operators.less(in.budget, key, bestKey);
      if (better) {
        best = item;
        bestKey = key;
      }
    }
    return best;
  }

  // Selections

  private static Object map(Interpreter in, Object value, Args args) {
    return Generators.mapped(
        in,
        value,
        () -> {
          if (args.positional().isEmpty() && args.named().containsKey("attribute")) {
            @Nullable Object[] bound = args.bind("map", 0, "attribute", "default");
            return getter(in, bound[0], bound[1], false);
          }
          if (args.positional().isEmpty()) {
            throw TemplateException.error("map requires a filter argument");
          }
          String name = StrMethods.text(args.positional().getFirst(), "map");
          Args rest = args.rest(1);
          return item -> apply(in, name, item, rest);
        });
  }

  private static Object select(
      Interpreter in, Object value, Args args, boolean wanted, boolean byAttribute) {
    return Generators.mapped(
        in,
        value,
        () -> {
          if (byAttribute && args.positional().isEmpty()) {
            throw TemplateException.error("Missing parameter for attribute name");
          }
          int first = byAttribute ? 1 : 0;
          Function<Object, Object> getter =
              getter(in, byAttribute ? args.positional().getFirst() : null, null, false);
          if (args.positional().size() == first) {
            return item -> Operators.isTrue(getter.apply(item)) == wanted ? item : null;
          }
          String name = Str.str(in.budget, args.positional().get(first));
          Args rest = args.rest(first + 1);
          return item -> Tests.test(in, name, getter.apply(item), rest) == wanted ? item : null;
        });
  }

  // Orders

  /** An element and what it is ordered by. */
  private record Keyed(Object key, Object item) {}

  /** Sorts as Python does: stable, and asking for nothing but what is less. */
  private static List<Object> sorted(
      Interpreter in, List<Object> items, Function<Object, Object> key, boolean reverse) {
    List<Keyed> keyed = new ArrayList<>();
    for (Object item : items) {
      in.budget.retain(2);
      keyed.add(new Keyed(key.apply(item), item));
    }
    List<Object> sorted = new ArrayList<>();
    for (Keyed one : mergeSort(in, keyed, reverse)) {
      in.budget.add(sorted, one.item());
    }
    return sorted;
  }

  private static List<Keyed> mergeSort(Interpreter in, List<Keyed> items, boolean reverse) {
    if (items.size() < 2) {
      return items;
    }
    int middle = items.size() / 2;
    List<Keyed> left = mergeSort(in, items.subList(0, middle), reverse);
    List<Keyed> right = mergeSort(in, items.subList(middle, items.size()), reverse);
    List<Keyed> merged = new ArrayList<>(items.size());
    int i = 0;
    int j = 0;
    while (i < left.size() && j < right.size()) {
      Object a = left.get(i).key();
      Object b = right.get(j).key();
      boolean rightFirst =
          reverse ? Operators.less(in.budget, a, b) : Operators.less(in.budget, b, a);
      merged.add(rightFirst ? right.get(j++) : left.get(i++));
    }
    merged.addAll(left.subList(i, left.size()));
    merged.addAll(right.subList(j, right.size()));
    return merged;
  }

  private static Object sort(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    boolean ignoreCase = !isTrue(bound[1]);
    String names = bound[2] == null ? null : Operators.textOf(bound[2]);
    List<Function<Object, Object>> getters = new ArrayList<>();
    if (names == null) {
      getters.add(getter(in, bound[2], null, ignoreCase));
    } else {
      requireShort(names);
      for (String name : names.split(",", -1)) {
        getters.add(getter(in, name, null, ignoreCase));
      }
    }
    Function<Object, Object> key =
        item -> {
          List<Object> keys = new ArrayList<>(getters.size());
          getters.forEach(getter -> keys.add(getter.apply(item)));
          return new PyList(keys);
        };
    return new PyList(sorted(in, Operators.list(in, value), key, isTrue(bound[0])));
  }

  private static Object dictsort(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    String by = bound[1] == null ? "key" : Str.str(in.budget, bound[1]);
    if (!by.equals("key") && !by.equals("value")) {
      throw TemplateException.error("You can only sort by either \"key\" or \"value\"");
    }
    if (!(value instanceof PyDict dict)) {
      if (value instanceof Undefined undefined) {
        throw undefined.error();
      }
      throw TemplateException.error(
          "'%s' object has no attribute 'items'".formatted(Operators.typeName(value)));
    }
    int at = by.equals("key") ? 0 : 1;
    boolean ignoreCase = !isTrue(bound[0]);
    List<Object> pairs = Operators.list(in, new PyView(dict, PyView.Part.ITEMS));
    return new PyList(
        sorted(
            in,
            pairs,
            pair -> {
              Object part = ((PyTuple) pair).items().get(at);
              return ignoreCase ? ignoreCase(in, part) : part;
            },
            isTrue(bound[2])));
  }

  private static Object groupby(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound = args.bind("groupby", 1, "attribute", "default", "case_sensitive");
    boolean ignoreCase = !isTrue(bound[2]);
    Function<Object, Object> key = getter(in, bound[0], bound[1], ignoreCase);
    Function<Object, Object> shown = getter(in, bound[0], bound[1], false);
    List<Object> groups = new ArrayList<>();
    List<Object> group = new ArrayList<>();
    Object groupKey = None.NONE;
    for (Object item : sorted(in, Operators.list(in, value), key, false)) {
      Object itemKey = key.apply(item);
      if (!group.isEmpty() && !Operators.equal(in.budget, groupKey, itemKey)) {
        in.budget.add(groups, group(shown, group));
        group = new ArrayList<>();
      }
      groupKey = itemKey;
      in.budget.add(group, item);
    }
    if (!group.isEmpty()) {
      in.budget.add(groups, group(shown, group));
    }
    return new PyList(groups);
  }

  private static PyTuple group(Function<Object, Object> key, List<Object> items) {
    return new PyTuple(
        Collections.unmodifiableList(
            new ArrayList<>(List.of(key.apply(items.getFirst()), new PyList(items)))),
        true);
  }
}
