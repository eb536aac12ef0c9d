package org.score4j.tokenizer;

import com.hubspot.jinjava.objects.collections.PyList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;
import jinjava.javax.el.MethodNotFoundException;
import org.jspecify.annotations.NullUnmarked;

/**
 * The methods of Python's texts that templates call: Java's have other names, and {@code split} and
 * {@code strip} mean something else.
 */
@NullUnmarked
final class PythonStrings extends ELResolver {
  /** The method that {@code [::-1]} becomes. */
  static final String REVERSED = "__reversed__";

  @Override
  public Object invoke(
      ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
    if (base instanceof List<?> list && method.equals(REVERSED)) {
      context.setPropertyResolved(true);
      return new PyList(new ArrayList<>(list.reversed()));
    }
    if (!(base instanceof String text)) {
      return null;
    }
    Object[] args = arguments == null ? new Object[0] : arguments;
    context.setPropertyResolved(true);
    return switch (method + "/" + args.length) {
      case "strip/0", "strip/1" -> strip(text, args, true, true);
      case "lstrip/0", "lstrip/1" -> strip(text, args, true, false);
      case "rstrip/0", "rstrip/1" -> strip(text, args, false, true);
      case "split/0" -> new ArrayList<>(Arrays.asList(text.strip().split("\\s+", -1)));
      case "split/1" -> split(text, args[0].toString(), Integer.MAX_VALUE);
      case "split/2" -> split(text, args[0].toString(), ((Number) args[1]).intValue());
      case "splitlines/0" -> new ArrayList<>(text.lines().toList());
      case "startswith/1" -> text.startsWith(args[0].toString());
      case "endswith/1" -> text.endsWith(args[0].toString());
      case "replace/2" -> text.replace(args[0].toString(), args[1].toString());
      case "find/1" -> (long) text.indexOf(args[0].toString());
      case "count/1" -> (long) split(text, args[0].toString(), Integer.MAX_VALUE).size() - 1;
      case REVERSED + "/0" -> new StringBuilder(text).reverse().toString();
      case "upper/0" -> text.toUpperCase(Locale.ROOT);
      case "lower/0" -> text.toLowerCase(Locale.ROOT);
      case "capitalize/0" ->
          text.isEmpty()
              ? text
              : text.substring(0, 1).toUpperCase(Locale.ROOT)
                  + text.substring(1).toLowerCase(Locale.ROOT);
      default ->
          throw new MethodNotFoundException(
              "the method '%s' of a text, with %d arguments, is unknown"
                  .formatted(method, args.length));
    };
  }

  private static String strip(String text, Object[] args, boolean left, boolean right) {
    String set = args.length == 0 || args[0] == null ? null : args[0].toString();
    int from = 0;
    int to = text.length();
    while (left && from < to && strips(set, text.charAt(from))) {
      from++;
    }
    while (right && to > from && strips(set, text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean strips(String set, char c) {
    return set == null ? Character.isWhitespace(c) || c == '\u00A0' : set.indexOf(c) >= 0;
  }

  private static List<String> split(String text, String by, int most) {
    List<String> parts = new ArrayList<>();
    int from = 0;
    int at;
    while (parts.size() < most && (at = text.indexOf(by, from)) >= 0) {
      parts.add(text.substring(from, at));
      from = at + by.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  @Override
  public Object getValue(ELContext context, Object base, Object property) {
    // Jinjava asks by text: "0".
    if (!(base instanceof String text) || !property.toString().matches("-?\\d{1,9}")) {
      return null;
    }
    int length = text.codePointCount(0, text.length());
    int number = Integer.parseInt(property.toString());
    int index = number < 0 ? length + number : number;
    if (index < 0 || index >= length) {
      return null;
    }
    context.setPropertyResolved(true);
    return Character.toString(text.codePointAt(text.offsetByCodePoints(0, index)));
  }

  @Override
  public Class<?> getType(ELContext context, Object base, Object property) {
    return null;
  }

  @Override
  public void setValue(ELContext context, Object base, Object property, Object value) {}

  @Override
  public boolean isReadOnly(ELContext context, Object base, Object property) {
    return true;
  }

  @Override
  public java.util.Iterator<java.beans.FeatureDescriptor> getFeatureDescriptors(
      ELContext context, Object base) {
    return null;
  }

  @Override
  public Class<?> getCommonPropertyType(ELContext context, Object base) {
    return null;
  }
}
