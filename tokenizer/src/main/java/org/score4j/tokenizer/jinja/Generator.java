package org.score4j.tokenizer.jinja;

import java.util.Iterator;

/** Elements that are computed while they are asked for, and only once. */
record Generator(Iterator<Object> items) {
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
