package org.score4j.tokenizer.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** A namespace: attributes that templates may set, from inner scopes too. */
final class Namespace {
  private final Map<String, Object> attributes = new LinkedHashMap<>();

  void set(Budget budget, String name, Object value) {
    Object before = attributes.put(name, value);
    budget.retain(Budget.words(value));
    if (before == null) {
      budget.retain(8);
    } else {
      budget.release(Budget.words(before));
    }
  }

  Map<String, Object> attributes() {
    return attributes;
  }
}
