package org.score4j.tokenizer.jinja;

/** Python's None. */
enum None {
  NONE
}
