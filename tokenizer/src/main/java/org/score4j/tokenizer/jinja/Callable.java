package org.score4j.tokenizer.jinja;

/** What a template can call. */
interface Callable {
  /** The result of a call. */
  Object call(Interpreter interpreter, Args args);
}
