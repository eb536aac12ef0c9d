package org.score4j.tokenizer.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operators and protocols of Python's values. */
@SuppressWarnings("ReferenceEquality") // As in Python, identity comes before equality.
final class Operators {
  private static final int MAX_BITS = 1 << 16;

  private Operators() {}

  static String typeName(Object value) {
    return switch (value) {
      case String text -> "str";
      case Markup markup -> "Markup";
      case Long number -> "int";
      case BigInteger number -> "int";
      case Double number -> "float";
      case Boolean bool -> "bool";
      case None none -> "NoneType";
      case PyList list -> "list";
      case PyTuple tuple -> "tuple";
      case PyDict dict -> "dict";
      case PyRange range -> "range";
      case PyView view -> "dict_" + view.part().name().toLowerCase(java.util.Locale.ROOT);
      case Generator generator -> "generator";
      case Namespace namespace -> "Namespace";
      case Undefined undefined -> "Undefined";
      case Loop loop -> "LoopContext";
      case Interpreter.Macro macro -> "Macro";
      case Method method -> "builtin_function_or_method";
      default -> "function";
    };
  }

  // Truth and equality

  static boolean isTrue(Object value) {
    return switch (value) {
      case Boolean bool -> bool;
      case String text -> !text.isEmpty();
      case Markup markup -> !markup.text().isEmpty();
      case Long number -> number != 0;
      case Double number -> number != 0;
      case None none -> false;
      case Undefined undefined -> false;
      case Sequence sequence -> !sequence.items().isEmpty();
      case PyDict dict -> dict.size() > 0;
      case PyRange range -> range.length() > 0;
      case PyView view -> view.dict().size() > 0;
      case Loop loop -> loop.length() > 0;
      default -> true;
    };
  }

  static boolean equal(Budget budget, Object left, Object right) {
    budget.step();
    if (isNumber(left) && isNumber(right)) {
      return compareNumbers(left, right) == 0 && !isNan(left) && !isNan(right);
    }
    String text = textOf(left);
    if (text != null) {
      String other = textOf(right);
      budget.scan(text);
      return text.equals(other);
    }
    if (left instanceof PyList a && right instanceof PyList b) {
      return equal(budget, a.items(), b.items());
    }
    if (left instanceof PyTuple a && right instanceof PyTuple b) {
      return equal(budget, a.items(), b.items());
    }
    if (left instanceof PyDict a && right instanceof PyDict b) {
      budget.enter();
      boolean same = a.size() == b.size();
      for (PyDict.Entry entry : a.entries()) {
        Object other = same ? b.get(budget, entry.key()) : null;
        same = other != null && (entry.value() == other || equal(budget, entry.value(), other));
        if (!same) {
          break;
        }
      }
      budget.leave();
      return same;
    }
    if (left instanceof PyRange a && right instanceof PyRange b) {
      int length = a.length();
      return length == b.length()
          && (length == 0 || (a.start() == b.start() && (length == 1 || a.step() == b.step())));
    }
    if (left instanceof PyView a && right instanceof PyView b && a != b) {
      throw TemplateException.unsupported("a comparison of views of dicts");
    }
    return left == right || (left instanceof Undefined && right instanceof Undefined);
  }

  private static boolean equal(Budget budget, List<Object> left, List<Object> right) {
    if (left.size() != right.size()) {
      return false;
    }
    budget.enter();
    boolean same = true;
    for (int i = 0; same && i < left.size(); i++) {
      same = left.get(i) == right.get(i) || equal(budget, left.get(i), right.get(i));
    }
    budget.leave();
    return same;
  }

  /** The characters of a text, marked as safe or not; null for others. */
  static @Nullable String textOf(Object value) {
    return switch (value) {
      case String text -> text;
      case Markup markup -> markup.text();
      default -> null;
    };
  }

  private static boolean isNan(Object number) {
    return number instanceof Double d && d.isNaN();
  }

  // Comparison

  static boolean compare(Interpreter in, String operator, Object left, Object right) {
    return switch (operator) {
      case "==" -> equal(in.budget, left, right);
      case "!=" -> !equal(in.budget, left, right);
      case "in" -> contains(in, right, left);
      case "not in" -> !contains(in, right, left);
      case "<" -> less(in.budget, left, right, false, "<");
      case ">" -> less(in.budget, right, left, false, ">");
      case "<=" -> less(in.budget, left, right, true, "<=");
      case ">=" -> less(in.budget, right, left, true, ">=");
      default -> throw new IllegalStateException(operator);
    };
  }

  static boolean less(Budget budget, Object left, Object right) {
    return less(budget, left, right, false, "<");
  }

  private static boolean less(
      Budget budget, Object left, Object right, boolean orEqual, String operator) {
    budget.step();
    if (isNumber(left) && isNumber(right)) {
      if (isNan(left) || isNan(right)) {
        return false;
      }
      int order = compareNumbers(left, right);
      return order < 0 || (orEqual && order == 0);
    }
    String text = textOf(left);
    String otherText = textOf(right);
    if (text != null && otherText != null) {
      budget.scan(text);
      int order = Str.compare(text, otherText);
      return order < 0 || (orEqual && order == 0);
    }
    if ((left instanceof PyList && right instanceof PyList)
        || (left instanceof PyTuple && right instanceof PyTuple)) {
      List<Object> a = ((Sequence) left).items();
      List<Object> b = ((Sequence) right).items();
      budget.enter();
      for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
        if (a.get(i) != b.get(i) && !equal(budget, a.get(i), b.get(i))) {
          boolean less = less(budget, a.get(i), b.get(i), orEqual, operator);
          budget.leave();
          return less;
        }
      }
      budget.leave();
      return a.size() < b.size() || (orEqual && a.size() == b.size());
    }
    if (left instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (left instanceof PyView && right instanceof PyView) {
      throw TemplateException.unsupported("a comparison of views of dicts");
    }
    boolean swapped = operator.startsWith(">");
    throw TemplateException.error(
        "'%s' not supported between instances of '%s' and '%s'"
            .formatted(
                operator, typeName(swapped ? right : left), typeName(swapped ? left : right)));
  }

  static boolean contains(Interpreter in, Object container, Object value) {
    Budget budget = in.budget;
    String text = textOf(container);
    if (text != null) {
      String part = textOf(value);
      if (part == null) {
        if (value instanceof Undefined undefined) {
          throw TemplateException.error(
              "'in <string>' requires string as left operand, not Undefined: "
                  + undefined.error().reason());
        }
        throw TemplateException.error(
            "'in <string>' requires string as left operand, not " + typeName(value));
      }
      return Str.indexOf(budget, text, part, 0) >= 0;
    }
    return switch (container) {
      case PyDict dict -> dict.get(budget, value) != null;
      case PyView view when view.part() == PyView.Part.KEYS ->
          view.dict().get(budget, value) != null;
      case PyRange range when isNumber(value) && !(value instanceof Double) -> {
        long number = value instanceof Boolean bool ? (bool ? 1 : 0) : asLong(value, "in");
        long offset = number - range.start();
        yield range.length() > 0
            && offset % range.step() == 0
            && offset / range.step() >= 0
            && offset / range.step() < range.length();
      }
      default -> {
        Iterator<Object> elements = iterator(in, container);
        while (elements.hasNext()) {
          Object element = elements.next();
          if (element == value || equal(budget, element, value)) {
            yield true;
          }
        }
        yield false;
      }
    };
  }

  // Iteration

  static Iterator<Object> iterator(Interpreter in, Object value) {
    String text = textOf(value);
    if (text != null) {
      return Str.characters(text);
    }
    return switch (value) {
      case Sequence sequence -> sequence.items().iterator();
      case PyDict dict -> new PyView(dict, PyView.Part.KEYS).iterator();
      case PyView view -> view.iterator();
      case PyRange range -> range.iterator();
      case Generator generator -> generator.items();
      case Undefined undefined -> List.of().iterator();
      case Loop loop -> throw TemplateException.unsupported("a loop over the variable loop");
      default ->
          throw TemplateException.error("'%s' object is not iterable".formatted(typeName(value)));
    };
  }

  static boolean isIterable(Object value) {
    return textOf(value) != null
        || value instanceof Sequence
        || value instanceof PyDict
        || value instanceof PyView
        || value instanceof PyRange
        || value instanceof Generator
        || value instanceof Undefined
        || value instanceof Loop;
  }

  /** A new list of the elements. */
  static List<Object> list(Interpreter in, Object value) {
    List<Object> items = new ArrayList<>();
    Iterator<Object> elements = iterator(in, value);
    while (elements.hasNext()) {
      in.budget.add(items, elements.next());
    }
    return items;
  }

  static long length(Interpreter in, Object value) {
    String text = textOf(value);
    if (text != null) {
      in.budget.scan(text);
      return Str.length(text);
    }
    return switch (value) {
      case Sequence sequence -> sequence.items().size();
      case PyDict dict -> dict.size();
      case PyView view -> view.dict().size();
      case PyRange range -> range.length();
      case Undefined undefined -> 0;
      case Loop loop -> loop.length();
      default ->
          throw TemplateException.error(
              "object of type '%s' has no len()".formatted(typeName(value)));
    };
  }

  // Slices

  static Object slice(Interpreter in, Object value, Object start, Object stop, Object step) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    Budget budget = in.budget;
    long by = step == None.NONE ? 1 : sliceIndex(step);
    if (by == 0) {
      throw TemplateException.error("slice step cannot be zero");
    }
    String text = textOf(value);
    if (text == null && !(value instanceof Sequence) && !(value instanceof PyRange)) {
      throw value instanceof PyDict
          ? TemplateException.error("unhashable type: 'slice'")
          : TemplateException.error("'%s' object is not subscriptable".formatted(typeName(value)));
    }
    int length = Math.toIntExact(length(in, value));
    int first = by > 0 ? 0 : -1;
    int last = by > 0 ? length : length - 1;
    int from = start == None.NONE ? (by > 0 ? first : last) : clamp(start, length, first, last);
    int to = stop == None.NONE ? (by > 0 ? last : first) : clamp(stop, length, first, last);
    if (text != null) {
      String part = Str.slice(budget, text, from, to, by);
      return value instanceof Markup ? new Markup(part) : part;
    }
    if (value instanceof PyRange range) {
      return new PyRange(
          range.start() + from * range.step(),
          range.start() + to * range.step(),
          range.step() * by);
    }
    List<Object> all = ((Sequence) value).items();
    List<Object> part = new ArrayList<>();
    for (long i = from; by > 0 ? i < to : i > to; i += by) {
      part.add(all.get((int) i));
    }
    budget.share(part.size());
    return value instanceof PyList ? new PyList(part) : new PyTuple(part);
  }

  private static long sliceIndex(Object value) {
    return switch (value) {
      case Long number -> Math.clamp(number, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case BigInteger number -> number.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
      case Boolean bool -> bool ? 1 : 0;
      default ->
          throw TemplateException.error(
              "slice indices must be integers or None or have an __index__ method");
    };
  }

  private static int clamp(Object bound, int length, int first, int last) {
    long index = sliceIndex(bound);
    return Math.clamp(index < 0 ? index + length : index, first, last);
  }

  // Arithmetic

  static boolean isNumber(Object value) {
    return value instanceof Long
        || value instanceof Double
        || value instanceof Boolean
        || value instanceof BigInteger;
  }

  static boolean isInteger(Object value) {
    return value instanceof Long || value instanceof BigInteger || value instanceof Boolean;
  }

  static BigInteger big(Object integer) {
    return switch (integer) {
      case BigInteger number -> number;
      case Boolean bool -> bool ? BigInteger.ONE : BigInteger.ZERO;
      case Long number -> BigInteger.valueOf(number);
      default -> throw new IllegalStateException("no integer: " + typeName(integer));
    };
  }

  static Object integer(BigInteger value) {
    if (value.bitLength() < 64) {
      return value.longValue();
    }
    if (value.bitLength() > MAX_BITS) {
      throw TemplateException.limit("a number has more than %,d bits".formatted(MAX_BITS));
    }
    return value;
  }

  static double toDouble(Object number) {
    return switch (number) {
      case Double d -> d;
      case Long l -> l;
      case Boolean b -> b ? 1 : 0;
      case BigInteger b -> {
        double d = b.doubleValue();
        if (Double.isInfinite(d)) {
          throw TemplateException.error("int too large to convert to float");
        }
        yield d;
      }
      default -> throw new IllegalStateException("no number: " + typeName(number));
    };
  }

  /** An index or a count; integers beyond 64 bits are an error as in Python. */
  static long asLong(Object value, String function) {
    return switch (value) {
      case Long number -> number;
      case Boolean bool -> bool ? 1 : 0;
      case BigInteger number ->
          throw TemplateException.error("Python int too large to convert to C ssize_t");
      case Undefined undefined -> throw undefined.error();
      default ->
          throw TemplateException.error(
              "%s: '%s' object cannot be interpreted as an integer"
                  .formatted(function, typeName(value)));
    };
  }

  static int compareNumbers(Object left, Object right) {
    if (left instanceof Long a && right instanceof Long b) {
      return Long.compare(a, b);
    }
    if (isInteger(left) && isInteger(right)) {
      return big(left).compareTo(big(right));
    }
    if ((left instanceof Double a && (a.isInfinite() || a.isNaN()))
        || (right instanceof Double b && (b.isInfinite() || b.isNaN()))) {
      double a = left instanceof Double d ? d : 0;
      double b = right instanceof Double d ? d : 0;
      return a < b ? -1 : a > b ? 1 : 0;
    }
    return decimal(left).compareTo(decimal(right));
  }

  private static BigDecimal decimal(Object number) {
    return number instanceof Double d ? new BigDecimal(d) : new BigDecimal(big(number));
  }

  static Object unary(char operator, Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (!isNumber(value)) {
      throw TemplateException.error(
          "bad operand type for unary %s: '%s'".formatted(operator, typeName(value)));
    }
    if (value instanceof Double d) {
      return operator == '-' ? -d : value;
    }
    return integer(operator == '-' ? big(value).negate() : big(value));
  }

  static Object binary(Interpreter in, String operator, Object left, Object right) {
    if (isNumber(left) && isNumber(right)) {
      if (left instanceof BigInteger || right instanceof BigInteger) {
        in.budget.steps(MAX_BITS / 16);
      }
      return arithmetic(operator, left, right);
    }
    Object result =
        switch (operator) {
          case "+" -> add(in, left, right);
          case "*" -> isInteger(left) ? repeat(in, right, left) : repeat(in, left, right);
          case "%" -> {
            if (left instanceof Markup) {
              throw TemplateException.unsupported("the operator % of a safe text");
            }
            yield left instanceof String format ? Formatting.percent(in, format, right) : null;
          }
          default -> null;
        };
    if (result != null) {
      return result;
    }
    if (left instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (operator.equals("-") && left instanceof PyView) {
      throw TemplateException.unsupported("the difference of views of dicts");
    }
    throw TemplateException.error(
        "unsupported operand type(s) for %s: '%s' and '%s'"
            .formatted(operator, typeName(left), typeName(right)));
  }

  private static @Nullable Object add(Interpreter in, Object left, Object right) {
    String a = textOf(left);
    String b = textOf(right);
    Budget budget = in.budget;
    if (a != null && b != null) {
      boolean safe = left instanceof Markup || right instanceof Markup;
      String first = safe && left instanceof String ? Markup.escape(budget, a) : a;
      String second = safe && right instanceof String ? Markup.escape(budget, b) : b;
      budget.room((long) first.length() + second.length());
      return safe ? new Markup(first + second) : first + second;
    }
    if ((left instanceof PyList && right instanceof PyList)
        || (left instanceof PyTuple && right instanceof PyTuple)) {
      List<Object> sum = new ArrayList<>(((Sequence) left).items());
      sum.addAll(((Sequence) right).items());
      budget.share(sum.size());
      return left instanceof PyList ? new PyList(sum) : new PyTuple(sum);
    }
    return null;
  }

  private static @Nullable Object repeat(Interpreter in, Object value, Object count) {
    String text = textOf(value);
    if (!isInteger(count) || (text == null && !(value instanceof Sequence))) {
      return null;
    }
    long times = Math.max(0, asLong(count, "*"));
    Budget budget = in.budget;
    if (text != null) {
      long capped = text.isEmpty() ? 0 : Math.min(times, Integer.MAX_VALUE);
      budget.room(text.length() * capped);
      String repeated = text.repeat((int) capped);
      return value instanceof Markup ? new Markup(repeated) : repeated;
    }
    List<Object> all = ((Sequence) value).items();
    long capped = all.isEmpty() ? 0 : Math.min(times, Integer.MAX_VALUE);
    budget.share(all.size() * capped);
    List<Object> repeated = new ArrayList<>();
    for (long i = 0; i < capped; i++) {
      repeated.addAll(all);
    }
    return value instanceof PyList ? new PyList(repeated) : new PyTuple(repeated);
  }

  private static Object arithmetic(String operator, Object left, Object right) {
    if (operator.equals("/")) {
      if (compareNumbers(right, 0L) == 0) {
        throw TemplateException.error("division by zero");
      }
      return toDouble(left) / toDouble(right);
    }
    if (left instanceof Double || right instanceof Double) {
      return floating(operator, toDouble(left), toDouble(right));
    }
    if (operator.equals("**")) {
      return power(big(left), big(right));
    }
    if (left instanceof Long a && right instanceof Long b && b != 0) {
      try {
        switch (operator) {
          case "+" -> {
            return Math.addExact(a, b);
          }
          case "-" -> {
            return Math.subtractExact(a, b);
          }
          case "*" -> {
            return Math.multiplyExact(a, b);
          }
          case "//" -> {
            return Math.floorDivExact(a, b);
          }
          case "%" -> {
            return Math.floorMod(a, b);
          }
          default -> {}
        }
      } catch (ArithmeticException e) {
        // More than 64 bits.
      }
    }
    BigInteger a = big(left);
    BigInteger b = big(right);
    if ((operator.equals("//") || operator.equals("%")) && b.signum() == 0) {
      throw TemplateException.error("integer division or modulo by zero");
    }
    return integer(
        switch (operator) {
          case "+" -> a.add(b);
          case "-" -> a.subtract(b);
          case "*" -> a.multiply(b);
          case "//" -> floorDivide(a, b);
          case "%" -> a.subtract(b.multiply(floorDivide(a, b)));
          default -> throw new IllegalStateException(operator);
        });
  }

  private static BigInteger floorDivide(BigInteger a, BigInteger b) {
    BigInteger[] parts = a.divideAndRemainder(b);
    boolean below = parts[1].signum() != 0 && parts[1].signum() != b.signum();
    return below ? parts[0].subtract(BigInteger.ONE) : parts[0];
  }

  private static Object power(BigInteger base, BigInteger exponent) {
    if (exponent.signum() < 0) {
      if (base.signum() == 0) {
        throw TemplateException.error("0.0 cannot be raised to a negative power");
      }
      return Math.pow(toDouble(integer(base)), toDouble(integer(exponent)));
    }
    boolean small = base.bitLength() <= 1;
    if (!small && exponent.compareTo(BigInteger.valueOf(MAX_BITS)) > 0) {
      throw TemplateException.limit("a number has more than %,d bits".formatted(MAX_BITS));
    }
    if (small) {
      // 0, 1, -1 and, of one bit as well, -2.
      if (base.signum() == 0) {
        return exponent.signum() == 0 ? 1L : 0L;
      }
      if (base.equals(BigInteger.ONE)) {
        return 1L;
      }
      if (base.equals(BigInteger.ONE.negate())) {
        return exponent.testBit(0) ? -1L : 1L;
      }
    }
    if (exponent.bitLength() > 31
        || (long) base.bitLength() * exponent.intValue() > 2L * MAX_BITS) {
      throw TemplateException.limit("a number has more than %,d bits".formatted(MAX_BITS));
    }
    return integer(base.pow(exponent.intValue()));
  }

  private static Object floating(String operator, double a, double b) {
    if ((operator.equals("//") || operator.equals("%")) && b == 0) {
      throw TemplateException.error(
          operator.equals("%") ? "float modulo" : "float floor division by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "//" -> {
        double mod = floatModulo(a, b);
        double quotient = (a - mod) / b;
        if (quotient == 0) {
          yield Math.copySign(0.0, a / b);
        }
        double floor = Math.floor(quotient);
        yield quotient - floor > 0.5 ? floor + 1 : floor;
      }
      case "%" -> floatModulo(a, b);
      case "**" -> {
        if (a == 0 && b < 0) {
          throw TemplateException.error("0.0 cannot be raised to a negative power");
        }
        if (a < 0 && b != Math.rint(b) && !Double.isInfinite(a)) {
          throw TemplateException.unsupported("a complex number");
        }
        if (a == 1 || b == 0) {
          yield 1.0;
        }
        double power = Math.abs(a) == 1 && Double.isInfinite(b) ? 1.0 : Math.pow(a, b);
        if (Double.isInfinite(power) && !Double.isInfinite(a) && !Double.isInfinite(b)) {
          throw TemplateException.error("Numerical result out of range");
        }
        yield power;
      }
      default -> throw new IllegalStateException(operator);
    };
  }

  private static double floatModulo(double a, double b) {
    double remainder = a % b;
    if (remainder == 0) {
      return Math.copySign(0.0, b);
    }
    return (remainder < 0) != (b < 0) ? remainder + b : remainder;
  }
}
