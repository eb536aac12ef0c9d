package org.score4j.tokenizer.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's {@code json.dumps}, which is Hugging Face's filter {@code tojson}. */
final class Json {
  private final Budget budget;
  private final Buffer out;
  private final boolean ascii;
  private final boolean sorted;
  private final @Nullable String indent;
  private final String itemSeparator;
  private final String keySeparator;

  private Json(
      Budget budget,
      boolean ascii,
      boolean sorted,
      @Nullable String indent,
      String itemSeparator,
      String keySeparator) {
    this.budget = budget;
    this.out = new Buffer(budget);
    this.ascii = ascii;
    this.sorted = sorted;
    this.indent = indent;
    this.itemSeparator = itemSeparator;
    this.keySeparator = keySeparator;
  }

  static Object tojson(Interpreter in, Object value, Args args) {
    @Nullable Object[] bound =
        args.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    String indent = null;
    if (bound[1] != null && bound[1] != None.NONE) {
      String text = Operators.textOf(bound[1]);
      indent =
          text != null
              ? text
              : StrMethods.pad(
                  in, "", Math.max(0, Operators.asLong(bound[1], "indent")), " ", "ljust");
    }
    String itemSeparator = indent == null ? ", " : ",";
    String keySeparator = ": ";
    if (bound[2] != null && bound[2] != None.NONE) {
      List<Object> pair = Operators.list(in, bound[2]);
      if (pair.size() != 2) {
        throw TemplateException.error("separators are not two (expected 2)");
      }
      itemSeparator = StrMethods.text(pair.getFirst(), "separators");
      keySeparator = StrMethods.text(pair.getLast(), "separators");
    }
    Json json =
        new Json(
            in.budget,
            bound[0] != null && Operators.isTrue(bound[0]),
            bound[3] != null && Operators.isTrue(bound[3]),
            indent,
            itemSeparator,
            keySeparator);
    json.write(value, 0);
    return json.out.close();
  }

  private void write(Object value, int level) {
    budget.step();
    budget.enter();
    switch (value) {
      case String text -> quote(text);
      case Markup markup -> quote(markup.text());
      case Sequence sequence -> array(sequence.items(), level);
      case PyDict dict -> object(dict, level);
      default -> out.append(scalar(value));
    }
    budget.leave();
  }

  private String scalar(Object value) {
    return switch (value) {
      case None none -> "null";
      case Boolean bool -> bool ? "true" : "false";
      case Long number -> number.toString();
      case BigInteger number -> Str.repr(budget, number);
      case Double number ->
          number.isNaN()
              ? "NaN"
              : number.isInfinite()
                  ? (number > 0 ? "Infinity" : "-Infinity")
                  : Formatting.repr(number);
      default ->
          throw TemplateException.error(
              "Object of type %s is not JSON serializable".formatted(Operators.typeName(value)));
    };
  }

  private void array(List<Object> items, int level) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append("[");
    for (int i = 0; i < items.size(); i++) {
      out.append(i == 0 ? "" : itemSeparator);
      line(level + 1);
      write(items.get(i), level + 1);
    }
    line(level);
    out.append("]");
  }

  private void object(PyDict dict, int level) {
    if (dict.size() == 0) {
      out.append("{}");
      return;
    }
    List<PyDict.Entry> entries = new ArrayList<>(dict.entries());
    if (sorted) {
      entries.sort(
          (a, b) ->
              Operators.less(budget, a.key(), b.key())
                  ? -1
                  : Operators.less(budget, b.key(), a.key()) ? 1 : 0);
    }
    out.append("{");
    for (int i = 0; i < entries.size(); i++) {
      out.append(i == 0 ? "" : itemSeparator);
      line(level + 1);
      Object key = entries.get(i).key();
      String text = Operators.textOf(key);
      boolean scalar = Operators.isNumber(key) || key == None.NONE;
      if (text == null && !scalar) {
        throw TemplateException.error(
            "keys must be str, int, float, bool or None, not " + Operators.typeName(key));
      }
      quote(text == null ? scalar(key) : text);
      out.append(keySeparator);
      write(entries.get(i).value(), level + 1);
    }
    line(level);
    out.append("}");
  }

  private void line(int level) {
    if (indent != null) {
      out.append("\n");
      budget.room((long) indent.length() * level);
      out.append(indent.repeat(level));
    }
  }

  private void quote(String text) {
    budget.scan(text);
    StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        case '\b' -> quoted.append("\\b");
        case '\f' -> quoted.append("\\f");
        default -> {
          if (c < 0x20 || (ascii && c > 0x7e)) {
            Str.hexadecimal(quoted.append("\\u"), c, 4);
          } else {
            quoted.append(c);
          }
        }
      }
    }
    out.append(quoted.append('"').toString());
  }
}
