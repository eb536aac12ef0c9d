package org.score4j.tokenizer.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Python's forms of numbers, {@code %} and {@code str.format}. */
final class Formatting {
  private static final int MAX_PRECISION = 100;

  // Steps that a number with all its decimal digits counts as.
  private static final int FLOATING = 100;

  private Formatting() {}

  // Numbers

  /** The shortest form that reads back as the same number. */
  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    String sign = value < 0 || (value == 0 && 1 / value < 0) ? "-" : "";
    if (value == 0) {
      return sign + "0.0";
    }
    BigDecimal shortest = new BigDecimal(Double.toString(Math.abs(value))).stripTrailingZeros();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent < -4 || exponent >= 16) {
      String digits = shortest.unscaledValue().toString();
      String mantissa =
          digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
      return sign + mantissa + exponent(exponent, 'e');
    }
    String plain = shortest.toPlainString();
    return sign + (plain.contains(".") ? plain : plain + ".0");
  }

  private static String exponent(int exponent, char letter) {
    return letter
        + (exponent < 0 ? "-" : "+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  /** A number of no sign in one of the forms e, f and g, upper or lower case. */
  private static String floating(double value, char form, int precision, boolean alternate) {
    boolean upper = Character.isUpperCase(form);
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      String name = Double.isNaN(value) ? "nan" : "inf";
      return upper ? name.toUpperCase(Locale.ROOT) : name;
    }
    BigDecimal exact = new BigDecimal(value);
    char letter = upper ? 'E' : 'e';
    return switch (Character.toLowerCase(form)) {
      case 'f' -> {
        String digits = exact.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
        yield alternate && precision == 0 ? digits + "." : digits;
      }
      case 'e' -> scientific(exact, precision, letter, alternate);
      default -> {
        int significant = Math.max(1, precision);
        BigDecimal rounded = exact.round(new MathContext(significant, RoundingMode.HALF_EVEN));
        int exponent = value == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        String text =
            exponent < -4 || exponent >= significant
                ? scientific(exact, significant - 1, letter, alternate)
                : rounded
                    .setScale(significant - 1 - exponent, RoundingMode.HALF_EVEN)
                    .toPlainString();
        yield alternate ? text : withoutTrailingZeros(text, letter);
      }
    };
  }

  private static String scientific(
      BigDecimal value, int precision, char letter, boolean alternate) {
    BigDecimal rounded = value.round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
    int exponent = value.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    String digits = rounded.unscaledValue().toString();
    StringBuilder text = new StringBuilder(digits);
    while (text.length() < precision + 1) {
      text.append('0');
    }
    text.setLength(precision + 1);
    if (precision > 0 || alternate) {
      text.insert(1, '.');
    }
    return text + exponent(exponent, letter);
  }

  private static String withoutTrailingZeros(String text, char letter) {
    int tail = text.indexOf(letter);
    String mantissa = tail < 0 ? text : text.substring(0, tail);
    if (mantissa.indexOf('.') < 0) {
      return text;
    }
    int end = mantissa.length();
    while (mantissa.charAt(end - 1) == '0') {
      end--;
    }
    if (mantissa.charAt(end - 1) == '.') {
      end--;
    }
    return mantissa.substring(0, end) + (tail < 0 ? "" : text.substring(tail));
  }

  // The operator %

  /** {@code format % values}. */
  static String percent(Interpreter in, String format, Object values) {
    return new Percent(in, format, values).text();
  }

  /** One evaluation of {@code %}. */
  private static final class Percent {
    private final Interpreter in;
    private final String format;
    private final Object values;
    private final List<Object> positional;
    private final Buffer out;
    private int used;
    private int at;

    Percent(Interpreter in, String format, Object values) {
      this.in = in;
      this.format = format;
      this.values = values;
      positional = values instanceof PyTuple tuple ? tuple.items() : List.of(values);
      out = new Buffer(in.budget);
    }

    String text() {
      while (at < format.length()) {
        int percent = format.indexOf('%', at);
        if (percent < 0) {
          out.append(format.substring(at));
          break;
        }
        out.append(format.substring(at, percent));
        at = percent + 1;
        conversion();
      }
      boolean byName =
          values instanceof PyDict
              || values instanceof PyList
              || values instanceof PyRange
              || values instanceof Undefined;
      if (used < positional.size() && !byName) {
        throw TemplateException.error("not all arguments converted during string formatting");
      }
      return out.close();
    }

    private char peek() {
      if (at >= format.length()) {
        throw TemplateException.error("incomplete format");
      }
      return format.charAt(at);
    }

    private Object value(@Nullable String key) {
      if (key != null) {
        if (!(values instanceof PyDict dict)) {
          throw TemplateException.error("format requires a mapping");
        }
        Object value = dict.get(in.budget, key);
        if (value == null) {
          throw TemplateException.error("KeyError: '" + key + "'");
        }
        return value;
      }
      if (used >= positional.size()) {
        throw TemplateException.error("not enough arguments for format string");
      }
      return positional.get(used++);
    }

    private void conversion() {
      String key = null;
      if (peek() == '(') {
        int depth = 0;
        int from = at + 1;
        do {
          char c = peek();
          depth += c == '(' ? 1 : c == ')' ? -1 : 0;
          at++;
        } while (depth > 0);
        key = format.substring(from, at - 1);
      }
      Spec spec = new Spec();
      while ("-+ #0".indexOf(peek()) >= 0) {
        switch (format.charAt(at++)) {
          case '-' -> spec.align = '<';
          case '+' -> spec.sign = '+';
          case ' ' -> spec.sign = spec.sign == '+' ? '+' : ' ';
          case '#' -> spec.alternate = true;
          default -> spec.zero = true;
        }
      }
      long width = number();
      if (width < 0 && spec.starred) {
        spec.align = '<';
      }
      spec.width = Math.max(Math.abs(width), 0);
      if (peek() == '.') {
        at++;
        spec.precision = Math.max(0, number());
      }
      while ("hlL".indexOf(peek()) >= 0) {
        at++;
      }
      char type = format.charAt(at++);
      if (type == '%') {
        out.append("%");
        return;
      }
      Object value = value(key);
      out.append(spec.percent(in, type, value));
    }

    private long number() {
      if (peek() == '*') {
        at++;
        Object value = value(null);
        if (!Operators.isInteger(value)) {
          throw TemplateException.error("* wants int");
        }
        return Math.clamp(Operators.asLong(value, "%"), Integer.MIN_VALUE, Integer.MAX_VALUE);
      }
      long number = 0;
      while (peek() >= '0' && peek() <= '9') {
        number = Math.min(Integer.MAX_VALUE, number * 10 + format.charAt(at++) - '0');
      }
      return number;
    }
  }

  /** How one value is written. */
  private static final class Spec {
    String fill = " ";
    char align;
    char sign = '-';
    boolean alternate;
    boolean zero;
    boolean starred;
    long width;
    long precision = -1;
    char grouping;
    char type;

    int precision(int otherwise) {
      if (precision > MAX_PRECISION) {
        throw TemplateException.limit(
            "a number is written with more than %,d digits".formatted(MAX_PRECISION));
      }
      return precision < 0 ? otherwise : (int) precision;
    }

    /** For the operator %. */
    String percent(Interpreter in, char conversion, Object value) {
      if ("diuoxXeEfFgG".indexOf(conversion) >= 0) {
        return percentNumber(in, conversion, value);
      }
      String text =
          switch (conversion) {
            case 's' -> Str.str(in.budget, value);
            case 'r' -> Str.repr(in.budget, value);
            case 'a' -> throw TemplateException.unsupported("the conversion %a");
            case 'c' -> {
              if (Operators.isInteger(value)) {
                long c = Operators.asLong(value, "%c");
                if (c < 0 || c > Character.MAX_CODE_POINT) {
                  throw TemplateException.error("%c arg not in range(0x110000)");
                }
                yield Character.toString((int) c);
              }
              String one = Operators.textOf(value);
              if (one == null || Str.length(one) != 1) {
                throw TemplateException.error("%c requires int or char");
              }
              yield one;
            }
            default ->
                throw TemplateException.error(
                    "unsupported format character '%s'".formatted(conversion));
          };
      if (precision >= 0 && precision < Str.length(text) && conversion != 'c') {
        text = text.substring(0, Str.offset(text, (int) precision));
      }
      return pad(in.budget, "", text, align == '<' ? '<' : '>', " ");
    }

    private String percentNumber(Interpreter in, char conversion, Object value) {
      if (!Operators.isNumber(value)) {
        if (value instanceof Undefined undefined) {
          throw undefined.error();
        }
        throw TemplateException.error(
            "%%%s format: a number is required, not %s"
                .formatted(conversion, Operators.typeName(value)));
      }
      String digits;
      boolean negative;
      String prefix = "";
      if ("diuoxX".indexOf(conversion) >= 0) {
        if (value instanceof Double d && (d.isNaN() || d.isInfinite())) {
          throw TemplateException.error("cannot convert float NaN or infinity to integer");
        }
        if (value instanceof Double && "oxX".indexOf(conversion) >= 0) {
          throw TemplateException.error(
              "%%%s format: an integer is required, not float".formatted(conversion));
        }
        BigInteger number =
            value instanceof Double d ? new BigDecimal(d).toBigInteger() : Operators.big(value);
        in.budget.steps(1 + (long) number.bitLength() * number.bitLength() / 32_768);
        negative = number.signum() < 0;
        int radix = conversion == 'o' ? 8 : conversion == 'x' || conversion == 'X' ? 16 : 10;
        digits = number.abs().toString(radix);
        digits = conversion == 'X' ? digits.toUpperCase(Locale.ROOT) : digits;
        digits = "0".repeat(Math.max(0, precision(0) - digits.length())) + digits;
        if (alternate && radix != 10) {
          prefix = "0" + conversion;
        }
      } else {
        in.budget.steps(FLOATING);
        double number = Operators.toDouble(value);
        negative = number < 0 || (number == 0 && 1 / number < 0);
        digits = floating(Math.abs(number), conversion, precision(6), alternate);
      }
      String signs = (negative ? "-" : sign == '-' ? "" : String.valueOf(sign)) + prefix;
      if (zero && align != '<') {
        return pad(in.budget, signs, digits, '=', "0");
      }
      return pad(in.budget, "", signs + digits, align == '<' ? '<' : '>', " ");
    }

    /** Fills to the width; a sign stays in front where the alignment is =. */
    private String pad(Budget budget, String head, String body, char where, String with) {
      int length = Str.length(head) + Str.length(body);
      long missing = Math.max(0, width - length);
      budget.room(head.length() + body.length() + missing * with.length());
      long left =
          switch (where) {
            case '<' -> 0;
            case '^' -> missing / 2;
            default -> missing;
          };
      String before = with.repeat((int) left);
      String after = with.repeat((int) (missing - left));
      return where == '=' ? head + before + body + after : before + head + body + after;
    }

    /** For {@code str.format}. */
    String format(Interpreter in, Object value) {
      Budget budget = in.budget;
      String text = Operators.textOf(value);
      if (text != null) {
        if (type != 0 && type != 's') {
          throw unknownCode(value);
        }
        if (sign != '-' || align == '=' || alternate || grouping != 0) {
          throw TemplateException.error("this format is not allowed for a string");
        }
        if (precision >= 0 && precision < Str.length(text)) {
          text = text.substring(0, Str.offset(text, (int) precision));
        }
        return pad(budget, "", text, align == 0 ? '<' : align, fill);
      }
      if (!Operators.isNumber(value)) {
        throw TemplateException.error(
            "unsupported format string passed to %s.__format__"
                .formatted(Operators.typeName(value)));
      }
      boolean integral = Operators.isInteger(value) && (type == 0 || "bcdoxXn".indexOf(type) >= 0);
      if (!integral && type != 0 && "eEfFgG%n".indexOf(type) < 0) {
        throw unknownCode(value);
      }
      if (type == 'c' || type == 'n') {
        throw TemplateException.unsupported("the format code '%s'".formatted(type));
      }
      boolean negative;
      String digits;
      String prefix = "";
      if (integral) {
        if (precision >= 0) {
          throw TemplateException.error("Precision not allowed in integer format specifier");
        }
        BigInteger number = Operators.big(value);
        in.budget.steps(1 + (long) number.bitLength() * number.bitLength() / 32_768);
        negative = number.signum() < 0;
        int radix =
            switch (type) {
              case 'b' -> 2;
              case 'o' -> 8;
              case 'x', 'X' -> 16;
              default -> 10;
            };
        digits = number.abs().toString(radix);
        digits = type == 'X' ? digits.toUpperCase(Locale.ROOT) : digits;
        prefix = alternate && radix != 10 ? "0" + type : "";
      } else {
        in.budget.steps(FLOATING);
        double number = Operators.toDouble(value);
        negative = number < 0 || (number == 0 && 1 / number < 0);
        digits = unsigned(Math.abs(number));
      }
      if (grouping != 0) {
        digits = grouped(digits, integral && type != 0 && "bxoX".indexOf(type) >= 0 ? 4 : 3);
      }
      String signs = (negative ? "-" : sign == '-' ? "" : String.valueOf(sign)) + prefix;
      char where = align == 0 ? (zero ? '=' : '>') : align;
      return pad(budget, signs, digits, where, zero && align == 0 ? "0" : fill);
    }

    private String unsigned(double number) {
      return switch (type) {
        case 0 -> {
          if (precision < 0) {
            yield Formatting.repr(number);
          }
          String general = floating(number, 'g', precision(0), alternate);
          // As repr, with a digit behind the point where there is no exponent.
          BigDecimal exact =
              new BigDecimal(number).round(new MathContext(Math.max(1, precision(0))));
          int exponent = number == 0 ? 0 : exact.precision() - exact.scale() - 1;
          if (exponent == precision(0) - 1
              && general.indexOf('.') < 0
              && general.indexOf('e') < 0) {
            yield floating(number, 'e', Math.max(0, precision(0) - 1), false);
          }
          yield general.indexOf('.') < 0 && general.indexOf('e') < 0 && general.indexOf('n') < 0
              ? general + ".0"
              : general;
        }
        case '%' -> floating(number * 100, 'f', precision(6), alternate) + "%";
        default -> floating(number, type, precision(6), alternate);
      };
    }

    private String grouped(String digits, int size) {
      int end = 0;
      while (end < digits.length()
          && Character.digit(digits.charAt(end), size == 4 ? 16 : 10) >= 0) {
        end++;
      }
      StringBuilder text = new StringBuilder(digits);
      for (int i = end - size; i > 0; i -= size) {
        text.insert(i, grouping);
      }
      return text.toString();
    }

    private TemplateException unknownCode(Object value) {
      return TemplateException.error(
          "Unknown format code '%s' for object of type '%s'"
              .formatted(type, Operators.typeName(value)));
    }
  }

  // str.format

  /** {@code format(value, spec)}. */
  private static String format(Interpreter in, Object value, String text) {
    if (text.isEmpty()) {
      return Str.str(in.budget, value);
    }
    Spec spec = new Spec();
    int at = 0;
    int first = text.codePointAt(0);
    int width = Character.charCount(first);
    if (text.length() > width && "<>=^".indexOf(text.charAt(width)) >= 0) {
      spec.fill = Character.toString(first);
      spec.align = text.charAt(width);
      at = width + 1;
    } else if ("<>=^".indexOf(first) >= 0) {
      spec.align = (char) first;
      at = 1;
    }
    if (at < text.length() && "+- ".indexOf(text.charAt(at)) >= 0) {
      spec.sign = text.charAt(at++);
    }
    if (at < text.length() && text.charAt(at) == '#') {
      spec.alternate = true;
      at++;
    }
    if (at < text.length() && text.charAt(at) == '0') {
      spec.zero = true;
      if (spec.align != 0 && at > 0) {
        spec.fill =
            spec.fill.equals(" ") && spec.align != 0 && text.charAt(0) == spec.align
                ? "0"
                : spec.fill;
      }
      at++;
    }
    int digits = at;
    while (at < text.length() && Character.isDigit(text.charAt(at))) {
      at++;
    }
    spec.width = count(text.substring(digits, at));
    if (at < text.length() && ",_".indexOf(text.charAt(at)) >= 0) {
      spec.grouping = text.charAt(at++);
    }
    if (at < text.length() && text.charAt(at) == '.') {
      digits = ++at;
      while (at < text.length() && Character.isDigit(text.charAt(at))) {
        at++;
      }
      if (digits == at) {
        throw TemplateException.error("Format specifier missing precision");
      }
      spec.precision = count(text.substring(digits, at));
    }
    if (at < text.length()) {
      spec.type = text.charAt(at++);
    }
    if (at < text.length()) {
      throw TemplateException.error("Invalid format specifier");
    }
    // A zero stands for the alignment of numbers; before Python 3.10 for texts as well.
    if (spec.zero && spec.align == 0 && Operators.textOf(value) != null) {
      spec.align = '<';
      spec.fill = "0";
    }
    return spec.format(in, value);
  }

  private static long count(String digits) {
    return digits.isEmpty() ? 0 : digits.length() > 9 ? Integer.MAX_VALUE : Long.parseLong(digits);
  }

  /** {@code text.format(…)}, with the sandbox's rules for attributes. */
  static String format(Interpreter in, String text, Args args) {
    return new Fields(in, args).format(text, 2);
  }

  /** One evaluation of {@code str.format}. */
  private static final class Fields {
    private final Interpreter in;
    private final Args args;
    private int automatic;

    Fields(Interpreter in, Args args) {
      this.in = in;
      this.args = args;
    }

    String format(String text, int depth) {
      if (depth == 0) {
        throw TemplateException.error("Max string recursion exceeded");
      }
      Buffer out = new Buffer(in.budget);
      int at = 0;
      while (at < text.length()) {
        char c = text.charAt(at);
        if ((c == '{' || c == '}') && at + 1 < text.length() && text.charAt(at + 1) == c) {
          out.append(String.valueOf(c));
          at += 2;
        } else if (c == '{') {
          int end = end(text, at + 1);
          out.append(field(text.substring(at + 1, end), depth));
          at = end + 1;
        } else if (c == '}') {
          throw TemplateException.error("Single '}' encountered in format string");
        } else {
          int next = at;
          while (next < text.length() && text.charAt(next) != '{' && text.charAt(next) != '}') {
            next++;
          }
          out.append(text.substring(at, next));
          at = next;
        }
      }
      return out.close();
    }

    private static int end(String text, int from) {
      int open = 1;
      for (int i = from; i < text.length(); i++) {
        char c = text.charAt(i);
        open += c == '{' ? 1 : c == '}' ? -1 : 0;
        if (open == 0) {
          return i;
        }
      }
      throw TemplateException.error("expected '}' before end of string");
    }

    private String field(String field, int depth) {
      int colon = field.indexOf(':');
      int bracket = field.indexOf('[');
      if (bracket >= 0 && bracket < colon) {
        colon = field.indexOf(':', Math.max(bracket, field.indexOf(']', bracket)));
      }
      String head = colon < 0 ? field : field.substring(0, colon);
      String spec = colon < 0 ? "" : format(field.substring(colon + 1), depth - 1);
      char conversion = 0;
      int mark = head.lastIndexOf('!');
      if (mark >= 0) {
        if (mark != head.length() - 2) {
          throw TemplateException.error("a conversion after '!' has one character");
        }
        conversion = head.charAt(mark + 1);
        head = head.substring(0, mark);
      }
      Object value = value(head);
      value =
          switch (conversion) {
            case 0 -> value;
            case 's' -> Str.str(in.budget, value);
            case 'r' -> Str.repr(in.budget, value);
            case 'a' -> throw TemplateException.unsupported("the conversion !a");
            default -> throw TemplateException.error("Unknown conversion specifier " + conversion);
          };
      return Formatting.format(in, value, spec);
    }

    private Object value(String path) {
      int end = 0;
      while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
        end++;
      }
      Object value = first(path.substring(0, end));
      while (end < path.length()) {
        boolean attribute = path.charAt(end) == '.';
        int from = end + 1;
        end = from;
        while (end < path.length()
            && (attribute
                ? path.charAt(end) != '.' && path.charAt(end) != '['
                : path.charAt(end) != ']')) {
          end++;
        }
        String name = path.substring(from, end);
        if (name.isEmpty()) {
          throw TemplateException.error("Empty attribute in format string");
        }
        if (attribute) {
          value = Members.attribute(in, value, name);
        } else {
          end++;
          value = Members.element(in, value, isIndex(name) ? (Object) Long.valueOf(name) : name);
        }
      }
      return value;
    }

    private static boolean isIndex(String name) {
      return !name.isEmpty()
          && name.length() < 10
          && name.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private Object first(String name) {
      if (name.isEmpty() || isIndex(name)) {
        int index = name.isEmpty() ? automatic++ : Integer.parseInt(name);
        if (index >= args.positional().size()) {
          throw TemplateException.error(
              "Replacement index %d out of range for positional args tuple".formatted(index));
        }
        return args.positional().get(index);
      }
      Object value = args.named().get(name);
      if (value == null) {
        throw TemplateException.error("KeyError: '" + name + "'");
      }
      return value;
    }
  }

  // Numbers from texts

  /** What {@code int(text, base)} reads; null where that is an error. */
  static @Nullable BigInteger parseInteger(String text, int base) {
    String digits = Str.strip(text, spaces(text), true, true);
    boolean negative = digits.startsWith("-");
    if (negative || digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    String prefix = digits.length() > 1 ? digits.substring(0, 2).toLowerCase(Locale.ROOT) : "";
    int radix = base;
    int named = prefix.equals("0x") ? 16 : prefix.equals("0o") ? 8 : prefix.equals("0b") ? 2 : 0;
    if (named != 0 && (base == named || base == 0)) {
      radix = named;
      digits = digits.substring(2);
      digits = digits.startsWith("_") ? digits.substring(1) : digits;
    } else if (base == 0) {
      radix = 10;
      if (digits.length() > 1 && digits.startsWith("0") && !digits.matches("[0_]+")) {
        return null;
      }
    }
    if (radix < 2
        || radix > 36
        || digits.isEmpty()
        || digits.length() > 4300
        || digits.startsWith("_")
        || digits.endsWith("_")
        || digits.contains("__")) {
      return null;
    }
    String plain = digits.replace("_", "");
    int valid = radix;
    if (!plain.codePoints().allMatch(c -> Character.digit(c, valid) >= 0)) {
      return null;
    }
    BigInteger number = new BigInteger(plain, radix);
    return negative ? number.negate() : number;
  }

  /** What {@code float(text)} reads; null where that is an error. */
  static @Nullable Double parseFloat(String text) {
    String number = Str.strip(text, spaces(text), true, true);
    String lower = number.toLowerCase(Locale.ROOT);
    boolean signed = lower.startsWith("-") || lower.startsWith("+");
    String unsigned = signed ? lower.substring(1) : lower;
    double sign = lower.startsWith("-") ? -1 : 1;
    switch (unsigned) {
      case "inf", "infinity" -> {
        return sign * Double.POSITIVE_INFINITY;
      }
      case "nan" -> {
        return Double.NaN;
      }
      default -> {}
    }
    // Of Java's forms only the decimal ones; underscores stand between digits.
    boolean decimal = !unsigned.isEmpty() && unsigned.length() <= 4300;
    for (int i = 0; decimal && i < unsigned.length(); i++) {
      char c = unsigned.charAt(i);
      decimal =
          c == '_'
              ? i > 0
                  && i + 1 < unsigned.length()
                  && isDigit(unsigned.charAt(i - 1))
                  && isDigit(unsigned.charAt(i + 1))
              : isDigit(c) || ".e+-".indexOf(c) >= 0;
    }
    if (!decimal) {
      return null;
    }
    try {
      return sign * Double.parseDouble(unsigned.replace("_", ""));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static String spaces(String text) {
    StringBuilder spaces = new StringBuilder();
    text.codePoints().filter(Str::isSpace).distinct().forEach(spaces::appendCodePoint);
    return spaces.toString();
  }

  /** Rounds as Python's round. */
  static Object round(Object number, long digits) {
    int scale = Math.clamp(digits, -400, 400);
    if (number instanceof Double d) {
      if (d.isNaN() || d.isInfinite() || d == 0) {
        return number;
      }
      BigDecimal rounded = new BigDecimal(d).setScale(scale, RoundingMode.HALF_EVEN);
      return Math.copySign(rounded.doubleValue(), d);
    }
    BigDecimal rounded =
        new BigDecimal(Operators.big(number)).setScale(Math.min(0, scale), RoundingMode.HALF_EVEN);
    return Operators.integer(rounded.toBigInteger());
  }
}
