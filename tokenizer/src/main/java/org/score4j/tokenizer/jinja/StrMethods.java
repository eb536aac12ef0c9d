package org.score4j.tokenizer.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The methods of texts. Those of a safe text give safe texts, and escape what they put in. */
final class StrMethods {
  /** What a method does with the characters of its text. */
  private interface OnText {
    Object call(Interpreter in, String self, Args args);
  }

  // Numerals of Chinese script, which have no other mark in the JDK.
  private static final String CJK_NUMERALS = "〇一二三四五六七八九十百千万億兆零壹贰叁肆伍陆柒捌玖拾佰仟萬亿両两";

  private static final Set<String> KEEP_SAFE =
      Set.of(
          "capitalize",
          "title",
          "lower",
          "upper",
          "swapcase",
          "casefold",
          "strip",
          "lstrip",
          "rstrip",
          "zfill",
          "expandtabs",
          "removeprefix",
          "removesuffix",
          "center",
          "ljust",
          "rjust",
          "replace",
          "split",
          "rsplit",
          "splitlines",
          "partition",
          "rpartition");

  private static final Map<String, OnText> METHODS =
      Map.ofEntries(
          Map.entry("upper", (in, s, a) -> Str.upper(in.budget, none(a, "upper", s))),
          Map.entry("lower", (in, s, a) -> Str.lower(in.budget, none(a, "lower", s))),
          Map.entry("casefold", (in, s, a) -> casefold(in, none(a, "casefold", s))),
          Map.entry("capitalize", (in, s, a) -> capitalize(in, none(a, "capitalize", s))),
          Map.entry("title", (in, s, a) -> title(in, none(a, "title", s))),
          Map.entry("swapcase", (in, s, a) -> swapcase(in, none(a, "swapcase", s))),
          Map.entry("strip", (in, s, a) -> strip(in, s, a, true, true)),
          Map.entry("lstrip", (in, s, a) -> strip(in, s, a, true, false)),
          Map.entry("rstrip", (in, s, a) -> strip(in, s, a, false, true)),
          Map.entry("split", (in, s, a) -> split(in, s, a, false)),
          Map.entry("rsplit", (in, s, a) -> split(in, s, a, true)),
          Map.entry("splitlines", StrMethods::splitlines),
          Map.entry("partition", (in, s, a) -> partition(in, s, a, false)),
          Map.entry("rpartition", (in, s, a) -> partition(in, s, a, true)),
          Map.entry("replace", StrMethods::replace),
          Map.entry("startswith", (in, s, a) -> affix(in, s, a, true)),
          Map.entry("endswith", (in, s, a) -> affix(in, s, a, false)),
          Map.entry("removeprefix", (in, s, a) -> removeprefix(in, s, a)),
          Map.entry("removesuffix", (in, s, a) -> removesuffix(in, s, a)),
          Map.entry("find", (in, s, a) -> find(in, s, a, "find", false)),
          Map.entry("rfind", (in, s, a) -> find(in, s, a, "rfind", true)),
          Map.entry("index", (in, s, a) -> found(find(in, s, a, "index", false))),
          Map.entry("rindex", (in, s, a) -> found(find(in, s, a, "rindex", true))),
          Map.entry("count", StrMethods::count),
          Map.entry("join", StrMethods::join),
          Map.entry("format", (in, s, a) -> Formatting.format(in, s, a)),
          Map.entry("format_map", StrMethods::formatMap),
          Map.entry("center", (in, s, a) -> pad(in, s, a, "center")),
          Map.entry("ljust", (in, s, a) -> pad(in, s, a, "ljust")),
          Map.entry("rjust", (in, s, a) -> pad(in, s, a, "rjust")),
          Map.entry("zfill", StrMethods::zfill),
          Map.entry("expandtabs", StrMethods::expandtabs),
          Map.entry("isspace", (in, s, a) -> all(in, none(a, "isspace", s), Str::isSpace)),
          Map.entry("isalpha", (in, s, a) -> all(in, none(a, "isalpha", s), Character::isLetter)),
          Map.entry(
              "isdecimal", (in, s, a) -> all(in, none(a, "isdecimal", s), Character::isDigit)),
          Map.entry("isdigit", (in, s, a) -> all(in, none(a, "isdigit", s), StrMethods::isDigit)),
          Map.entry(
              "isnumeric", (in, s, a) -> all(in, none(a, "isnumeric", s), StrMethods::isNumeric)),
          Map.entry(
              "isalnum",
              (in, s, a) ->
                  all(in, none(a, "isalnum", s), c -> Character.isLetter(c) || isNumeric(c))),
          Map.entry(
              "isprintable",
              (in, s, a) -> s.isEmpty() || all(in, none(a, "isprintable", s), Str::isPrintable)),
          Map.entry(
              "isascii", (in, s, a) -> s.isEmpty() || all(in, none(a, "isascii", s), c -> c < 128)),
          Map.entry("islower", (in, s, a) -> isCase(in, none(a, "islower", s), false)),
          Map.entry("isupper", (in, s, a) -> isCase(in, none(a, "isupper", s), true)),
          Map.entry("istitle", (in, s, a) -> isTitle(in, none(a, "istitle", s))),
          Map.entry("isidentifier", (in, s, a) -> isIdentifier(none(a, "isidentifier", s))));

  private static final Set<String> UNSUPPORTED = Set.of("encode", "translate", "maketrans");

  private StrMethods() {}

  /** A method of a text, or null. */
  static @Nullable Object find(Object self, String name) {
    OnText method = METHODS.get(name);
    if (method != null) {
      return new Method(
          name,
          self,
          (in, of, args) ->
              of instanceof Markup markup
                  ? ofSafe(in, name, method, markup.text(), args)
                  : method.call(in, (String) of, args));
    }
    if (UNSUPPORTED.contains(name)
        || (self instanceof Markup && Set.of("unescape", "striptags", "escape").contains(name))) {
      throw TemplateException.unsupported("the method '%s' of a text".formatted(name));
    }
    return null;
  }

  private static Object ofSafe(Interpreter in, String name, OnText method, String self, Args args) {
    if (name.equals("join") || name.startsWith("format")) {
      throw TemplateException.unsupported("the method '%s' of a safe text".formatted(name));
    }
    Args given = args;
    if (name.equals("replace") && args.positional().size() > 1) {
      List<Object> escaped = new ArrayList<>(args.positional());
      if (escaped.get(1) instanceof String with) {
        escaped.set(1, Markup.escape(in.budget, with));
      }
      given = new Args(escaped, args.named());
    }
    Object result = method.call(in, self, given);
    return KEEP_SAFE.contains(name) ? safe(result) : result;
  }

  private static Object safe(Object value) {
    return switch (value) {
      case String text -> new Markup(text);
      case PyList list -> new PyList(list.items().stream().map(StrMethods::safe).toList());
      case PyTuple tuple -> new PyTuple(tuple.items().stream().map(StrMethods::safe).toList());
      default -> value;
    };
  }

  // Arguments

  private static String none(Args args, String method, String self) {
    args.positional(method, 0, 0);
    return self;
  }

  /** A text, as Python's methods demand it. */
  static String text(@Nullable Object value, String function) {
    String text = value == null ? null : Operators.textOf(value);
    if (text == null) {
      throw TemplateException.error(
          "%s() argument must be str, not %s"
              .formatted(function, Operators.typeName(value == null ? None.NONE : value)));
    }
    return text;
  }

  private static long integer(@Nullable Object value, String function, long otherwise) {
    return value == null ? otherwise : Operators.asLong(value, function);
  }

  private static boolean all(Interpreter in, String text, IntPredicate holds) {
    in.budget.scan(text);
    return !text.isEmpty() && text.codePoints().allMatch(holds);
  }

  // Kinds of characters

  @SuppressWarnings("CharacterGetNumericValue") // The value of other numbers is what is asked.
  private static boolean isDigit(int c) {
    return Character.isDigit(c)
        || (Character.getType(c) == Character.OTHER_NUMBER
            && Character.getNumericValue(c) >= 0
            && Character.getNumericValue(c) <= 9
            && !(c >= 0x3220 && c <= 0x3289));
  }

  private static boolean isNumeric(int c) {
    return switch (Character.getType(c)) {
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
      default -> CJK_NUMERALS.indexOf(c) >= 0;
    };
  }

  private static boolean isCase(Interpreter in, String text, boolean upper) {
    in.budget.scan(text);
    boolean cased = false;
    for (int c : text.codePoints().toArray()) {
      boolean wrong =
          Character.isTitleCase(c) || (upper ? Character.isLowerCase(c) : Character.isUpperCase(c));
      if (wrong) {
        return false;
      }
      cased |= upper ? Character.isUpperCase(c) : Character.isLowerCase(c);
    }
    return cased;
  }

  static boolean isLower(Interpreter in, String text) {
    return isCase(in, text, false);
  }

  static boolean isUpper(Interpreter in, String text) {
    return isCase(in, text, true);
  }

  private static boolean isTitle(Interpreter in, String text) {
    in.budget.scan(text);
    boolean cased = false;
    boolean afterCased = false;
    for (int c : text.codePoints().toArray()) {
      if (Character.isUpperCase(c) || Character.isTitleCase(c)) {
        if (afterCased) {
          return false;
        }
        afterCased = true;
        cased = true;
      } else if (Character.isLowerCase(c)) {
        if (!afterCased) {
          return false;
        }
        cased = true;
      } else {
        afterCased = false;
      }
    }
    return cased;
  }

  private static boolean isIdentifier(String text) {
    if (text.isEmpty()) {
      return false;
    }
    int first = text.codePointAt(0);
    return (first == '_' || Character.isUnicodeIdentifierStart(first))
        && text.codePoints()
            .allMatch(
                c ->
                    c == '_'
                        || (Character.isUnicodeIdentifierPart(c)
                            && !Character.isIdentifierIgnorable(c)));
  }

  // Case

  private static String casefold(Interpreter in, String text) {
    StringBuilder folded = new StringBuilder();
    in.budget.steps(1 + text.length());
    text.codePoints()
        .forEach(
            c ->
                folded.append(
                    Character.toString(c)
                        .toUpperCase(java.util.Locale.ROOT)
                        .toLowerCase(java.util.Locale.ROOT)));
    return folded.toString();
  }

  static String capitalize(Interpreter in, String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    String lower = Str.lower(in.budget, text);
    int skipped = Character.toString(first).toLowerCase(java.util.Locale.ROOT).length();
    return Str.titleCase(first) + lower.substring(skipped);
  }

  private static String title(Interpreter in, String text) {
    in.budget.steps(1 + text.length());
    StringBuilder title = new StringBuilder();
    boolean afterCased = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int c = text.codePointAt(i);
      title.append(afterCased ? lowerAt(text, i, c) : Str.titleCase(c));
      afterCased = Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }
    return title.toString();
  }

  /** A character in lower case within its word, where the form of sigma depends on it. */
  private static String lowerAt(String text, int at, int c) {
    if (c != 'Σ') {
      return Character.toString(c).toLowerCase(java.util.Locale.ROOT);
    }
    int end = at + 1;
    boolean last = end >= text.length() || !Character.isLetter(text.codePointAt(end));
    return last ? "ς" : "σ";
  }

  private static String swapcase(Interpreter in, String text) {
    in.budget.steps(1 + text.length());
    StringBuilder swapped = new StringBuilder();
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int c = text.codePointAt(i);
      if (Character.isUpperCase(c)) {
        swapped.append(lowerAt(text, i, c));
      } else if (Character.isLowerCase(c)) {
        swapped.append(Character.toString(c).toUpperCase(java.util.Locale.ROOT));
      } else {
        swapped.appendCodePoint(c);
      }
    }
    return swapped.toString();
  }

  // White space and parts

  private static String strip(Interpreter in, String self, Args args, boolean left, boolean right) {
    @Nullable Object chars = args.positional("strip", 0, 1)[0];
    return strip(in, self, chars, left, right);
  }

  static String strip(
      Interpreter in, String self, @Nullable Object characters, boolean left, boolean right) {
    in.budget.scan(self);
    if (characters == null || characters == None.NONE) {
      String text = left ? Str.lstrip(self) : self;
      return right ? Str.rstrip(text) : text;
    }
    String set = text(characters, "strip");
    in.budget.steps((long) Math.min(self.length(), 1_000_000) * (1 + set.length() / 32) / 8);
    return Str.strip(self, set, left, right);
  }

  private static PyList split(Interpreter in, String self, Args args, boolean fromEnd) {
    String name = fromEnd ? "rsplit" : "split";
    @Nullable Object[] bound = args.bind(name, 0, "sep", "maxsplit");
    in.budget.scan(self);
    long most = integer(bound[1], name, -1);
    most = most < 0 ? Long.MAX_VALUE : most;
    List<Object> parts = new ArrayList<>();
    if (bound[0] == null || bound[0] == None.NONE) {
      if (fromEnd) {
        splitSpaceFromEnd(in.budget, self, most, parts);
      } else {
        splitSpace(in.budget, self, most, parts);
      }
      return new PyList(parts);
    }
    String separator = text(bound[0], name);
    if (separator.isEmpty()) {
      throw TemplateException.error("empty separator");
    }
    if (fromEnd) {
      int end = self.length();
      for (int at = Str.lastIndexOf(in.budget, self, separator, end);
          at >= 0 && most > 0;
          most--, at = Str.lastIndexOf(in.budget, self, separator, end)) {
        in.budget.add(parts, self.substring(at + separator.length(), end));
        end = at;
      }
      in.budget.add(parts, self.substring(0, end));
      Collections.reverse(parts);
      return new PyList(parts);
    }
    int from = 0;
    for (int at = Str.indexOf(in.budget, self, separator, 0);
        at >= 0 && most > 0;
        most--, at = Str.indexOf(in.budget, self, separator, from)) {
      in.budget.add(parts, self.substring(from, at));
      from = at + separator.length();
    }
    in.budget.add(parts, self.substring(from));
    return new PyList(parts);
  }

  private static void splitSpace(Budget budget, String self, long most, List<Object> parts) {
    int at = 0;
    long left = most;
    while (true) {
      while (at < self.length() && Str.isSpace(self.charAt(at))) {
        at++;
      }
      if (at == self.length()) {
        return;
      }
      if (left-- == 0) {
        budget.add(parts, self.substring(at));
        return;
      }
      int from = at;
      while (at < self.length() && !Str.isSpace(self.charAt(at))) {
        at++;
      }
      budget.add(parts, self.substring(from, at));
    }
  }

  private static void splitSpaceFromEnd(Budget budget, String self, long most, List<Object> parts) {
    int end = self.length();
    long left = most;
    while (true) {
      while (end > 0 && Str.isSpace(self.charAt(end - 1))) {
        end--;
      }
      if (end == 0) {
        break;
      }
      if (left-- == 0) {
        budget.add(parts, self.substring(0, end));
        break;
      }
      int to = end;
      while (end > 0 && !Str.isSpace(self.charAt(end - 1))) {
        end--;
      }
      budget.add(parts, self.substring(end, to));
    }
    Collections.reverse(parts);
  }

  private static PyList splitlines(Interpreter in, String self, Args args) {
    @Nullable Object keep = args.bind("splitlines", 0, "keepends")[0];
    List<Object> lines = new ArrayList<>();
    Str.lines(in.budget, self, keep != null && Operators.isTrue(keep))
        .forEach(line -> in.budget.add(lines, line));
    return new PyList(lines);
  }

  private static PyTuple partition(Interpreter in, String self, Args args, boolean last) {
    String separator = text(args.positional("partition", 1, 1)[0], "partition");
    if (separator.isEmpty()) {
      throw TemplateException.error("empty separator");
    }
    in.budget.scan(self);
    int at =
        last
            ? Str.lastIndexOf(in.budget, self, separator, self.length())
            : Str.indexOf(in.budget, self, separator, 0);
    if (at < 0) {
      return last ? PyTuple.of("", "", self) : PyTuple.of(self, "", "");
    }
    return PyTuple.of(self.substring(0, at), separator, self.substring(at + separator.length()));
  }

  private static String replace(Interpreter in, String self, Args args) {
    @Nullable Object[] bound = args.positional("replace", 2, 3);
    return replace(
        in,
        self,
        text(bound[0], "replace"),
        text(bound[1], "replace"),
        integer(bound[2], "replace", -1));
  }

  static String replace(Interpreter in, String self, String old, String with, long most) {
    in.budget.scan(self);
    long left = most < 0 ? Long.MAX_VALUE : most;
    Buffer out = new Buffer(in.budget);
    int from = 0;
    if (old.isEmpty()) {
      while (left-- > 0) {
        out.append(with);
        if (from == self.length()) {
          return out.close();
        }
        int next = from + Character.charCount(self.codePointAt(from));
        out.append(self.substring(from, next));
        from = next;
      }
      out.append(self.substring(from));
      return out.close();
    }
    for (int at = Str.indexOf(in.budget, self, old, 0);
        at >= 0 && left > 0;
        left--, at = Str.indexOf(in.budget, self, old, from)) {
      out.append(self.substring(from, at));
      out.append(with);
      from = at + old.length();
    }
    if (from == 0) {
      out.close();
      return self;
    }
    out.append(self.substring(from));
    return out.close();
  }

  private static String removeprefix(Interpreter in, String self, Args args) {
    String prefix = text(args.positional("removeprefix", 1, 1)[0], "removeprefix");
    in.budget.scan(prefix);
    return self.startsWith(prefix) ? self.substring(prefix.length()) : self;
  }

  private static String removesuffix(Interpreter in, String self, Args args) {
    String suffix = text(args.positional("removesuffix", 1, 1)[0], "removesuffix");
    in.budget.scan(suffix);
    return self.endsWith(suffix) ? self.substring(0, self.length() - suffix.length()) : self;
  }

  // Searches

  /**
   * The part between two positions in code points, as UTF-16 indices; null where start is behind.
   */
  private static int @Nullable [] range(
      Interpreter in, String self, @Nullable Object start, @Nullable Object stop) {
    boolean whole = (start == null || start == None.NONE) && (stop == null || stop == None.NONE);
    if (whole) {
      return new int[] {0, self.length()};
    }
    in.budget.scan(self);
    int length = Str.length(self);
    long from = start == null || start == None.NONE ? 0 : Operators.asLong(start, "slice");
    long to = stop == null || stop == None.NONE ? length : Operators.asLong(stop, "slice");
    from = from < 0 ? Math.max(0, from + length) : from;
    to = Math.min(length, to < 0 ? Math.max(0, to + length) : to);
    return from > to ? null : new int[] {Str.offset(self, (int) from), Str.offset(self, (int) to)};
  }

  private static boolean affix(Interpreter in, String self, Args args, boolean start) {
    String name = start ? "startswith" : "endswith";
    @Nullable Object[] bound = args.positional(name, 1, 3);
    int[] range = range(in, self, bound[1], bound[2]);
    String part = range == null ? "" : self.substring(range[0], range[1]);
    List<Object> candidates =
        bound[0] instanceof PyTuple tuple
            ? tuple.items()
            : List.of(bound[0] == null ? None.NONE : bound[0]);
    for (Object candidate : candidates) {
      String affix = Operators.textOf(candidate);
      if (affix == null) {
        throw TemplateException.error(
            "%s first arg must be str or a tuple of str, not %s"
                .formatted(name, Operators.typeName(candidate)));
      }
      in.budget.scan(affix);
      if (range != null && (start ? part.startsWith(affix) : part.endsWith(affix))) {
        return true;
      }
    }
    return false;
  }

  private static long find(Interpreter in, String self, Args args, String name, boolean last) {
    @Nullable Object[] bound = args.positional(name, 1, 3);
    String part = text(bound[0], name);
    in.budget.scan(self);
    int[] range = range(in, self, bound[1], bound[2]);
    if (range == null) {
      return -1;
    }
    String within = self.substring(range[0], range[1]);
    int at =
        last
            ? Str.lastIndexOf(in.budget, within, part, within.length())
            : Str.indexOf(in.budget, within, part, 0);
    return at < 0 ? -1 : self.codePointCount(0, range[0] + at);
  }

  private static long found(long index) {
    if (index < 0) {
      throw TemplateException.error("substring not found");
    }
    return index;
  }

  private static long count(Interpreter in, String self, Args args) {
    @Nullable Object[] bound = args.positional("count", 1, 3);
    String part = text(bound[0], "count");
    in.budget.scan(self);
    int[] range = range(in, self, bound[1], bound[2]);
    if (range == null) {
      return 0;
    }
    String within = self.substring(range[0], range[1]);
    if (part.isEmpty()) {
      return Str.length(within) + 1L;
    }
    long count = 0;
    for (int at = Str.indexOf(in.budget, within, part, 0);
        at >= 0;
        at = Str.indexOf(in.budget, within, part, at + part.length())) {
      count++;
    }
    return count;
  }

  // Composition

  private static String join(Interpreter in, String self, Args args) {
    @Nullable Object parts = args.positional("join", 1, 1)[0];
    Buffer out = new Buffer(in.budget);
    Iterator<Object> elements = Operators.iterator(in, parts == null ? None.NONE : parts);
    for (int i = 0; elements.hasNext(); i++) {
      in.budget.step();
      Object element = elements.next();
      String text = Operators.textOf(element);
      if (text == null) {
        throw TemplateException.error(
            "sequence item %d: expected str instance, %s found"
                .formatted(i, Operators.typeName(element)));
      }
      if (element instanceof Markup) {
        throw TemplateException.unsupported("the method 'join' for safe texts");
      }
      out.append(i > 0 ? self : "");
      out.append(text);
    }
    return out.close();
  }

  private static String formatMap(Interpreter in, String self, Args args) {
    if (!(args.positional("format_map", 1, 1)[0] instanceof PyDict dict)) {
      throw TemplateException.error("format_map() takes a mapping");
    }
    Map<String, Object> named = new java.util.HashMap<>();
    for (PyDict.Entry entry : dict.entries()) {
      if (entry.key() instanceof String key) {
        named.put(key, entry.value());
      }
    }
    return Formatting.format(in, self, new Args(List.of(), named));
  }

  private static String pad(Interpreter in, String self, Args args, String name) {
    @Nullable Object[] bound = args.positional(name, 1, 2);
    long width = integer(bound[0], name, 0);
    String fill = bound[1] == null ? " " : text(bound[1], name);
    if (Str.length(fill) != 1) {
      throw TemplateException.error("The fill character must be exactly one character long");
    }
    return pad(in, self, width, fill, name);
  }

  static String pad(Interpreter in, String self, long width, String fill, String where) {
    long missing = Math.max(0, width - Str.length(self));
    in.budget.room(self.length(), Math.min(missing, Integer.MAX_VALUE) * fill.length());
    long left =
        switch (where) {
          case "ljust" -> 0;
          case "rjust" -> missing;
          default -> missing / 2 + (missing & width & 1);
        };
    return fill.repeat((int) left) + self + fill.repeat((int) (missing - left));
  }

  private static String zfill(Interpreter in, String self, Args args) {
    long width = integer(args.positional("zfill", 1, 1)[0], "zfill", 0);
    boolean signed = self.startsWith("-") || self.startsWith("+");
    String sign = signed ? self.substring(0, 1) : "";
    return sign + pad(in, self.substring(sign.length()), width - sign.length(), "0", "rjust");
  }

  private static String expandtabs(Interpreter in, String self, Args args) {
    int size =
        Math.clamp(
            integer(args.bind("expandtabs", 0, "tabsize")[0], "expandtabs", 8), 0, 1_000_000);
    Buffer out = new Buffer(in.budget);
    in.budget.steps(1 + self.length());
    int column = 0;
    for (int c : self.codePoints().toArray()) {
      if (c == '\t') {
        int spaces = size == 0 ? 0 : size - column % size;
        out.append(" ".repeat(spaces));
        column += spaces;
      } else {
        out.append(Character.toString(c));
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.close();
  }
}
