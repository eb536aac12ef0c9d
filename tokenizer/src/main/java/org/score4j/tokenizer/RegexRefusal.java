package org.score4j.tokenizer;

/** Why no bound is known for the time that a regular expression takes. */
final class RegexRefusal extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** reason: a noun with what follows it. */
  RegexRefusal(String reason) {
    super(reason, null, false, false);
  }
}
