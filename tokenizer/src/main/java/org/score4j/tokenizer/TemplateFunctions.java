package org.score4j.tokenizer;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.objects.date.StrftimeFormatter;
import java.io.Serial;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What Hugging Face adds to Jinja2 for chat templates. */
public final class TemplateFunctions {
  private TemplateFunctions() {}

  /** Thrown by a template that refuses a conversation. */
  static final class Refusal extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    Refusal(String message) {
      super(message);
    }
  }

  /** The functions; Jinjava calls them by reflection. */
  static List<ELFunctionDefinition> functions() {
    return List.of(
        new ELFunctionDefinition(
            "", "raise_exception", TemplateFunctions.class, "raiseException", String.class),
        new ELFunctionDefinition(
            "", "strftime_now", TemplateFunctions.class, "strftimeNow", String.class));
  }

  /** {@code raise_exception(message)}. */
  public static Object raiseException(String message) {
    throw new Refusal(message);
  }

  /** {@code strftime_now(format)}. */
  public static String strftimeNow(String format) {
    long now =
        JinjavaInterpreter.getCurrent().getConfig().getDateTimeProvider().getCurrentTimeMillis();
    return StrftimeFormatter.format(
        Instant.ofEpochMilli(now).atZone(ZoneId.systemDefault()), format, Locale.ROOT);
  }

  /** {@code is iterable} and {@code is sequence}, which hold for texts and objects too. */
  static final class IsCollection implements ExpTest {
    private final String name;

    IsCollection(String name) {
      this.name = name;
    }

    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean evaluate(
        @Nullable Object value, JinjavaInterpreter interpreter, Object... args) {
      return value instanceof String
          || value instanceof Map<?, ?>
          || value instanceof Iterable<?>
          || value instanceof Object[];
    }
  }

  /** The filter around every value that is printed. */
  static final String PRINT = "print__";

  /** Prints a value as Python does; refuses lists and objects, whose form is Python's alone. */
  static final class Print implements Filter {
    @Override
    public String getName() {
      return PRINT;
    }

    @Override
    public @Nullable Object filter(
        @Nullable Object value, JinjavaInterpreter interpreter, String... args) {
      if (value instanceof Boolean bool) {
        return bool ? "True" : "False";
      }
      if (value instanceof Iterable<?> || value instanceof Map<?, ?>) {
        throw new Refusal("it prints a list or an object, which is not supported");
      }
      return value;
    }
  }

  /** {@code tojson}: Python's json.dumps with ensure_ascii off. */
  static final class ToJson implements AdvancedFilter {
    @Override
    public String getName() {
      return "tojson";
    }

    @Override
    public Object filter(
        @Nullable Object value,
        JinjavaInterpreter interpreter,
        Object[] args,
        Map<String, Object> named) {
      if (args.length > 0 || !named.keySet().stream().allMatch(key -> key.equals("indent"))) {
        throw new Refusal("tojson is known without arguments or with indent");
      }
      int indent = named.get("indent") instanceof Number n ? n.intValue() : -1;
      StringBuilder json = new StringBuilder();
      write(json, value, indent, 0);
      return json.toString();
    }

    private static void write(StringBuilder json, @Nullable Object value, int indent, int depth) {
      switch (value) {
        case null -> json.append("null");
        case Boolean bool -> json.append(bool);
        case Number number -> json.append(number);
        case Map<?, ?> map -> {
          json.append('{');
          boolean first = true;
          for (Map.Entry<?, ?> entry : map.entrySet()) {
            next(json, indent, depth, first);
            first = false;
            quote(json, String.valueOf(entry.getKey()));
            json.append(": ");
            write(json, entry.getValue(), indent, depth + 1);
          }
          end(json, indent, depth, first).append('}');
        }
        case Iterable<?> list -> {
          json.append('[');
          boolean first = true;
          for (Object item : list) {
            next(json, indent, depth, first);
            first = false;
            write(json, item, indent, depth + 1);
          }
          end(json, indent, depth, first).append(']');
        }
        default -> quote(json, value.toString());
      }
    }

    private static void next(StringBuilder json, int indent, int depth, boolean first) {
      if (!first) {
        json.append(indent < 0 ? ", " : ",");
      }
      if (indent >= 0) {
        json.append('\n').append(" ".repeat(indent * (depth + 1)));
      }
    }

    private static StringBuilder end(StringBuilder json, int indent, int depth, boolean empty) {
      return indent >= 0 && !empty ? json.append('\n').append(" ".repeat(indent * depth)) : json;
    }

    private static void quote(StringBuilder json, String text) {
      json.append('"');
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        switch (c) {
          case '"' -> json.append("\\\"");
          case '\\' -> json.append("\\\\");
          case '\n' -> json.append("\\n");
          case '\r' -> json.append("\\r");
          case '\t' -> json.append("\\t");
          case '\b' -> json.append("\\b");
          case '\f' -> json.append("\\f");
          default -> {
            if (c < ' ') {
              json.append("\\u%04x".formatted((int) c));
            } else {
              json.append(c);
            }
          }
        }
      }
      json.append('"');
    }
  }
}
