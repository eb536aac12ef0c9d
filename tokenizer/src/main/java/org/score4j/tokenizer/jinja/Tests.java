package org.score4j.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Jinja2's tests, {@code value is test(arguments)}. */
@SuppressWarnings("ReferenceEquality") // As in Python, identity comes before equality.
final class Tests {
  /** A test. */
  private interface Test {
    boolean holds(Interpreter in, Object value, List<Object> args);
  }

  /**
   * A test and what it takes.
   *
   * @param arity arguments besides the value
   */
  private record Entry(int arity, Test test) {}

  private static final Map<String, Entry> TESTS =
      Map.ofEntries(
          test("defined", (in, v) -> !(v instanceof Undefined)),
          test("undefined", (in, v) -> v instanceof Undefined),
          test("none", (in, v) -> v == None.NONE),
          test("boolean", (in, v) -> v instanceof Boolean),
          test("true", (in, v) -> v.equals(true)),
          test("false", (in, v) -> v.equals(false)),
          test("integer", (in, v) -> Operators.isInteger(v) && !(v instanceof Boolean)),
          test("float", (in, v) -> v instanceof Double),
          test("number", (in, v) -> Operators.isNumber(v)),
          test("string", (in, v) -> Operators.textOf(v) != null),
          test("mapping", (in, v) -> v instanceof PyDict),
          test("iterable", (in, v) -> Operators.isIterable(v)),
          test("sequence", (in, v) -> isSequence(v)),
          test("callable", (in, v) -> v instanceof Callable || v instanceof Undefined),
          test("escaped", (in, v) -> v instanceof Markup),
          test("lower", (in, v) -> StrMethods.isLower(in, Str.str(in.budget, v))),
          test("upper", (in, v) -> StrMethods.isUpper(in, Str.str(in.budget, v))),
          test("odd", (in, v) -> isRemainder(in, v, 2L, 1L)),
          test("even", (in, v) -> isRemainder(in, v, 2L, 0L)),
          test("filter", (in, v) -> Filters.NAMES.contains(PyDict.hashed(in.budget, v))),
          test("test", (in, v) -> isKnown(PyDict.hashed(in.budget, v))),
          test("divisibleby", 1, (in, v, args) -> isRemainder(in, v, args.getFirst(), 0L)),
          test("sameas", 1, (in, v, args) -> isSame(in, v, args.getFirst())),
          test("in", 1, (in, v, args) -> Operators.contains(in, args.getFirst(), v)),
          compare("==", "=="),
          compare("eq", "=="),
          compare("equalto", "=="),
          compare("!=", "!="),
          compare("ne", "!="),
          compare(">", ">"),
          compare("gt", ">"),
          compare("greaterthan", ">"),
          compare(">=", ">="),
          compare("ge", ">="),
          compare("<", "<"),
          compare("lt", "<"),
          compare("lessthan", "<"),
          compare("<=", "<="),
          compare("le", "<="));

  private Tests() {}

  /** A test without arguments. */
  private interface Simple {
    boolean holds(Interpreter in, Object value);
  }

  private static Map.Entry<String, Entry> test(String name, Simple test) {
    return test(name, 0, (in, value, args) -> test.holds(in, value));
  }

  private static Map.Entry<String, Entry> test(String name, int arity, Test test) {
    return Map.entry(name, new Entry(arity, test));
  }

  private static Map.Entry<String, Entry> compare(String name, String operator) {
    return test(
        name, 1, (in, value, args) -> Operators.compare(in, operator, value, args.getFirst()));
  }

  private static boolean isKnown(Object name) {
    return name instanceof String && TESTS.containsKey(name);
  }

  static boolean test(Interpreter in, String name, Object value, Args args) {
    Entry entry = TESTS.get(name);
    if (entry == null) {
      throw TemplateException.error("No test named '%s'".formatted(name));
    }
    String[] parameters = entry.arity() == 0 ? new String[0] : new String[] {parameter(name)};
    List<Object> bound = new ArrayList<>();
    for (@Nullable Object argument : args.bind(name, entry.arity(), parameters)) {
      bound.add(Objects.requireNonNull(argument, name));
    }
    return entry.test().holds(in, value, bound);
  }

  private static String parameter(String test) {
    return switch (test) {
      case "divisibleby" -> "num";
      case "in" -> "seq";
      case "sameas" -> "other";
      default -> "value";
    };
  }

  private static boolean isSequence(Object value) {
    return Operators.textOf(value) != null
        || value instanceof Sequence
        || value instanceof PyDict
        || value instanceof PyRange
        || value instanceof Undefined;
  }

  private static boolean isRemainder(Interpreter in, Object value, Object by, Object remainder) {
    return Operators.equal(in.budget, Operators.binary(in, "%", value, by), remainder);
  }

  private static boolean isSame(Interpreter in, Object value, Object other) {
    if (value == other || value instanceof Boolean || value == None.NONE) {
      return value.equals(other);
    }
    boolean literals =
        (Operators.isNumber(value) && Operators.isNumber(other))
            || (value instanceof String && other instanceof String);
    if (literals
        && value.getClass() == other.getClass()
        && Operators.equal(in.budget, value, other)) {
      if (value instanceof Long number && number >= -5 && number <= 256) {
        return true;
      }
      // Whether equal numbers and texts are one object is the runtime's affair.
      throw TemplateException.unsupported("'is sameas' of equal numbers or texts");
    }
    return false;
  }
}
