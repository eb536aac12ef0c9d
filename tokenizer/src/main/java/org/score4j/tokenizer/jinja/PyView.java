package org.score4j.tokenizer.jinja;

import java.util.Iterator;

/** What {@code keys()}, {@code values()} and {@code items()} of a dict give. */
record PyView(PyDict dict, Part part) {
  /** Parts of a dict. */
  enum Part {
    KEYS,
    VALUES,
    ITEMS
  }

  Iterator<Object> iterator() {
    return dict.entries().stream().map(this::element).iterator();
  }

  private Object element(PyDict.Entry entry) {
    return switch (part) {
      case KEYS -> entry.key();
      case VALUES -> entry.value();
      case ITEMS -> PyTuple.of(entry.key(), entry.value());
    };
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
