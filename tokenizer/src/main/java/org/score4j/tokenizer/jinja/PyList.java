package org.score4j.tokenizer.jinja;

import java.util.List;

/** A list. Templates cannot change one: their sandbox is immutable. */
record PyList(List<Object> items) implements Sequence {
  /** Lists are equal by {@link Operators#equal}; as keys and here they are what they are. */
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
