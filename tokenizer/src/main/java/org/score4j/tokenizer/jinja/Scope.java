package org.score4j.tokenizer.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Names of a template, a loop's turn, a macro call or a block, within those around it. */
final class Scope {
  /** A name that is assigned later in its scope: what the context has under it is not seen. */
  static final Object UNSET = new Object();

  private final @Nullable Scope parent;
  private final Map<String, Object> names = new HashMap<>(4);
  private long words;
  private boolean captured;

  Scope(@Nullable Scope parent) {
    this.parent = parent;
  }

  @Nullable Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.parent) {
      Object value = scope.names.get(name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  void set(Budget budget, String name, Object value) {
    Object before = names.put(name, value);
    long more = Budget.words(value) + (before == null ? 8 : -Budget.words(before));
    words += more;
    budget.retain(more);
  }

  void unset(String name) {
    names.put(name, UNSET);
  }

  /** A macro keeps this scope alive for longer than the block it belongs to. */
  void capture() {
    for (Scope scope = this; scope != null && !scope.captured; scope = scope.parent) {
      scope.captured = true;
    }
  }

  void close(Budget budget) {
    if (!captured) {
      budget.release(words);
    }
  }
}
