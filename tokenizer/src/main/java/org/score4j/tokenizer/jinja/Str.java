package org.score4j.tokenizer.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PrimitiveIterator;

/** Texts as Python has them: sequences of code points, and the forms of other values. */
final class Str {
  private static final int PART = 1_024;
  private static final int SHORT = 64;

  private Str() {}

  // Characters

  static boolean isSpace(int c) {
    return (c >= 0x9 && c <= 0xd)
        || (c >= 0x1c && c <= 0x20)
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  static boolean isLineEnd(int c) {
    return (c >= 0xa && c <= 0xd)
        || (c >= 0x1c && c <= 0x1e)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  static boolean isPrintable(int c) {
    if (c == ' ') {
      return true;
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          false;
      default -> true;
    };
  }

  // Code points

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  static Iterator<Object> characters(String text) {
    PrimitiveIterator.OfInt codePoints = text.codePoints().iterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return codePoints.hasNext();
      }

      @Override
      public Object next() {
        return Character.toString(codePoints.nextInt());
      }
    };
  }

  /** The UTF-16 index of a code point, which may be the end. */
  static int offset(String text, int index) {
    return text.offsetByCodePoints(0, index);
  }

  static String slice(Budget budget, String text, int from, int to, long step) {
    budget.scan(text);
    if (step == 1) {
      return from >= to ? "" : text.substring(offset(text, from), offset(text, to));
    }
    int[] all = text.codePoints().toArray();
    StringBuilder part = new StringBuilder();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      part.appendCodePoint(all[(int) i]);
    }
    return part.toString();
  }

  /** Orders texts by code points. */
  static int compare(String a, String b) {
    int shared = Math.min(a.length(), b.length());
    for (int i = 0; i < shared; i++) {
      if (a.charAt(i) != b.charAt(i)) {
        char x = a.charAt(i);
        char y = b.charAt(i);
        boolean surrogates = Character.isSurrogate(x) != Character.isSurrogate(y);
        if (surrogates) {
          return Character.isSurrogate(x) ? 1 : -1;
        }
        return Character.compare(x, y);
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  // White space

  static String lstrip(String text) {
    int from = 0;
    while (from < text.length() && isSpace(text.charAt(from))) {
      from++;
    }
    return text.substring(from);
  }

  static String rstrip(String text) {
    int to = text.length();
    while (to > 0 && isSpace(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(0, to);
  }

  static String strip(String text, String characters, boolean left, boolean right) {
    int from = 0;
    int to = text.length();
    while (left && from < to && characters.indexOf(text.codePointAt(from)) >= 0) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (right && to > from && characters.indexOf(text.codePointBefore(to)) >= 0) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  static List<String> lines(Budget budget, String text, boolean keepEnds) {
    budget.scan(text);
    List<String> lines = new ArrayList<>();
    int from = 0;
    while (from < text.length()) {
      int end = from;
      while (end < text.length() && !isLineEnd(text.charAt(end))) {
        end++;
      }
      int next = end;
      if (end < text.length()) {
        next = text.startsWith("\r\n", end) ? end + 2 : end + 1;
      }
      budget.step();
      lines.add(text.substring(from, keepEnds ? next : end));
      from = next;
    }
    return lines;
  }

  // Case

  static String upper(Budget budget, String text) {
    budget.scan(text);
    if (text.length() <= PART) {
      return text.toUpperCase(Locale.ROOT);
    }
    // In parts, as the JDK copies all that it has for each character that becomes several.
    Buffer upper = new Buffer(budget);
    for (int from = 0; from < text.length(); ) {
      int to = Math.min(text.length(), from + PART);
      if (to < text.length() && Character.isLowSurrogate(text.charAt(to))) {
        to--;
      }
      upper.append(text.substring(from, to).toUpperCase(Locale.ROOT));
      from = to;
    }
    return upper.close();
  }

  static String lower(Budget budget, String text) {
    budget.scan(text);
    // The one character that becomes two, for the same reason.
    return text.replace("\u0130", "i\u0307").toLowerCase(Locale.ROOT);
  }

  // Searches

  /** As {@link String#indexOf(String, int)}, in a time that no text can make quadratic. */
  static int indexOf(Budget budget, String text, String part, int from) {
    if (part.length() <= SHORT) {
      int at = text.indexOf(part, from);
      budget.steps(1 + Math.max(0, (at < 0 ? text.length() : at) - from) / 8);
      return at;
    }
    return search(budget, text, part, from, text.length(), false);
  }

  /** The last occurrence that ends at an index or before it. */
  static int lastIndexOf(Budget budget, String text, String part, int end) {
    if (part.length() <= SHORT) {
      int at = part.length() > end ? -1 : text.lastIndexOf(part, end - part.length());
      budget.steps(1 + (end - Math.max(0, at)) / 8);
      return at;
    }
    return search(budget, text, part, 0, end, true);
  }

  /** The search of Knuth, Morris and Pratt. */
  private static int search(
      Budget budget, String text, String part, int from, int to, boolean last) {
    budget.steps(1 + (part.length() + Math.max(0, to - from)) / 8);
    int[] shorter = new int[part.length()];
    for (int i = 1, matched = 0; i < part.length(); i++) {
      while (matched > 0 && part.charAt(i) != part.charAt(matched)) {
        matched = shorter[matched - 1];
      }
      matched += part.charAt(i) == part.charAt(matched) ? 1 : 0;
      shorter[i] = matched;
    }
    int found = -1;
    for (int i = from, matched = 0; i < to; i++) {
      while (matched > 0 && text.charAt(i) != part.charAt(matched)) {
        matched = shorter[matched - 1];
      }
      matched += text.charAt(i) == part.charAt(matched) ? 1 : 0;
      if (matched == part.length()) {
        found = i + 1 - matched;
        if (!last) {
          return found;
        }
        matched = shorter[matched - 1];
      }
    }
    return found;
  }

  /** A character as the first of a word. */
  static String titleCase(int c) {
    String upper = Character.toString(c).toUpperCase(Locale.ROOT);
    int first = upper.codePointAt(0);
    return upper.codePointCount(0, upper.length()) > 1
        ? Character.toString(first)
            + upper.substring(Character.charCount(first)).toLowerCase(Locale.ROOT)
        : Character.toString(Character.toTitleCase(c));
  }

  // Forms of values

  /** What {@code str} gives. */
  static String str(Budget budget, Object value) {
    return switch (value) {
      case String text -> text;
      case Markup markup -> markup.text();
      case Undefined undefined -> "";
      default -> repr(budget, value);
    };
  }

  /** What {@code repr} gives. */
  static String repr(Budget budget, Object value) {
    StringBuilder out = new StringBuilder();
    repr(budget, value, out);
    return out.toString();
  }

  private static void repr(Budget budget, Object value, StringBuilder out) {
    budget.enter();
    budget.room(out.length(), 1);
    switch (value) {
      case String text -> quote(budget, text, out);
      case Markup markup -> {
        out.append("Markup(");
        quote(budget, markup.text(), out);
        out.append(')');
      }
      case Boolean bool -> out.append(bool ? "True" : "False");
      case Long number -> out.append(number);
      case BigInteger number -> {
        budget.steps(1 + (long) number.bitLength() * number.bitLength() / 32_768);
        String digits = number.toString();
        if (digits.length() > 4300) {
          throw TemplateException.error(
              "Exceeds the limit (4300 digits) for integer string conversion");
        }
        out.append(digits);
      }
      case Double number -> out.append(Formatting.repr(number));
      case None none -> out.append("None");
      case Undefined undefined -> out.append("Undefined");
      case PyList list -> items(budget, "[", list.items().iterator(), "]", out);
      case PyTuple tuple ->
          items(budget, "(", tuple.items().iterator(), tuple.items().size() == 1 ? ",)" : ")", out);
      case PyDict dict -> dict(budget, dict, out);
      case PyView view ->
          items(
              budget,
              "dict_" + view.part().name().toLowerCase(Locale.ROOT) + "([",
              view.iterator(),
              "])",
              out);
      case PyRange range -> {
        out.append("range(").append(range.start()).append(", ").append(range.stop());
        out.append(range.step() == 1 ? "" : ", " + range.step()).append(')');
      }
      case Namespace namespace -> {
        out.append("<Namespace {");
        String separator = "";
        for (Map.Entry<String, Object> entry : namespace.attributes().entrySet()) {
          out.append(separator);
          quote(budget, entry.getKey(), out);
          out.append(": ");
          repr(budget, entry.getValue(), out);
          separator = ", ";
        }
        out.append("}>");
      }
      case Loop loop -> out.append(loop);
      case Interpreter.Macro macro -> {
        out.append("<Macro ");
        if (macro.name.isEmpty()) {
          out.append("anonymous>");
        } else {
          out.append('\'').append(macro.name).append("'>");
        }
      }
      // What Python prints for these holds an address in memory.
      default ->
          throw TemplateException.unsupported(
              "printing a value of the type " + Operators.typeName(value));
    }
    budget.leave();
  }

  private static void items(
      Budget budget, String begin, Iterator<Object> items, String end, StringBuilder out) {
    out.append(begin);
    String separator = "";
    while (items.hasNext()) {
      out.append(separator);
      repr(budget, items.next(), out);
      separator = ", ";
    }
    out.append(end);
  }

  private static void dict(Budget budget, PyDict dict, StringBuilder out) {
    out.append('{');
    String separator = "";
    for (PyDict.Entry entry : dict.entries()) {
      out.append(separator);
      repr(budget, entry.key(), out);
      out.append(": ");
      repr(budget, entry.value(), out);
      separator = ", ";
    }
    out.append('}');
  }

  /** Appends a number in lower case, with zeros before it. */
  static void hexadecimal(StringBuilder out, int number, int digits) {
    for (int i = digits - 1; i >= 0; i--) {
      out.append(Character.forDigit((number >>> (4 * i)) & 0xf, 16));
    }
  }

  private static void quote(Budget budget, String text, StringBuilder out) {
    budget.room(out.length(), text.length());
    budget.scan(text);
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                  if (c == quote) {
                    out.append('\\').append(quote);
                  } else if (isPrintable(c)) {
                    out.appendCodePoint(c);
                  } else if (c < 0x100) {
                    hexadecimal(out.append("\\x"), c, 2);
                  } else if (c < 0x10000) {
                    hexadecimal(out.append("\\u"), c, 4);
                  } else {
                    hexadecimal(out.append("\\U"), c, 8);
                  }
                }
              }
            });
    out.append(quote);
    budget.room(out.length(), 0);
  }
}
