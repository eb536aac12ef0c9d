package org.score4j.tokenizer.jinja;

import java.util.List;

/**
 * A tuple.
 *
 * @param named whether its two elements are also called grouper and list, as groupby makes them
 */
record PyTuple(List<Object> items, boolean named) implements Sequence {
  PyTuple(List<Object> items) {
    this(items, false);
  }

  static PyTuple of(Object... items) {
    return new PyTuple(List.of(items));
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
