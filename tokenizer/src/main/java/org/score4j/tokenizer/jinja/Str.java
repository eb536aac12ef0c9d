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
    budget.room(text.length());
    return text.toUpperCase(Locale.ROOT);
  }

  static String lower(Budget budget, String text) {
    budget.room(text.length());
    return text.toLowerCase(Locale.ROOT);
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

  private static void quote(Budget budget, String text, StringBuilder out) {
    budget.room(out.length(), text.length());
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
                    out.append("\\x%02x".formatted(c));
                  } else if (c < 0x10000) {
                    out.append("\\u%04x".formatted(c));
                  } else {
                    out.append("\\U%08x".formatted(c));
                  }
                }
              }
            });
    out.append(quote);
    budget.room(out.length(), 0);
  }
}
