package org.score4j.tokenizer.jinja;

/**
 * A method that was looked up on a value.
 *
 * @param name as in Python
 * @param self the value
 */
record Method(String name, Object self, Body body) implements Callable {
  /** What a method does. */
  interface Body {
    Object call(Interpreter interpreter, Object self, Args args);
  }

  @Override
  public Object call(Interpreter interpreter, Args args) {
    return body.call(interpreter, self, args);
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
