package org.score4j.tokenizer.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A dict, in the order of insertion. Keys are equal as Python's are: 1, 1.0 and True are one. */
final class PyDict {
  /** A key as it was first written and its value. */
  record Entry(Object key, Object value) {}

  private record TupleKey(List<Object> items) {}

  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  void put(Budget budget, Object key, Object value) {
    budget.step();
    budget.retain(8 + Budget.words(key) + Budget.words(value));
    Object hashed = hashed(budget, key);
    Entry known = entries.get(hashed);
    entries.put(hashed, new Entry(known == null ? key : known.key(), value));
  }

  @Nullable Object get(Budget budget, Object key) {
    Entry entry = entries.get(hashed(budget, key));
    return entry == null ? null : entry.value();
  }

  int size() {
    return entries.size();
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  PyDict copy(Budget budget) {
    PyDict copy = new PyDict();
    entries().forEach(entry -> copy.put(budget, entry.key(), entry.value()));
    return copy;
  }

  /** What stands for a value among keys: equal exactly where Python's values are. */
  static Object hashed(Budget budget, Object key) {
    return switch (key) {
      case Markup markup -> markup.text();
      case Boolean bool -> bool ? 1L : 0L;
      case Double number when number == Math.rint(number) && !Double.isInfinite(number) -> {
        if (Math.abs(number) < 0x1p63) {
          yield number.longValue();
        }
        yield new java.math.BigDecimal(number).toBigIntegerExact();
      }
      case BigInteger number -> number;
      case Undefined undefined -> Undefined.class;
      case PyTuple tuple -> {
        budget.enter();
        List<Object> items = new ArrayList<>(tuple.items().size());
        for (Object item : tuple.items()) {
          budget.step();
          items.add(hashed(budget, item));
        }
        budget.leave();
        yield new TupleKey(items);
      }
      case PyList list -> throw unhashable(list);
      case PyDict dict -> throw unhashable(dict);
      default -> key;
    };
  }

  private static TemplateException unhashable(Object key) {
    return TemplateException.error("unhashable type: '%s'".formatted(Operators.typeName(key)));
  }
}
