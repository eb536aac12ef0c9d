package org.score4j.training.config;

/**
 * One value as it was written.
 *
 * @param text the scalar's text, not yet typed; a list's elements with commas between; empty for a
 *     section
 * @param kind how it was written
 * @param origin where it was written, for messages: {@code my.yaml line 7}, {@code command line}
 * @param ours whether it is a value that score4j brings along, and nobody has asked for
 */
record Setting(String text, Kind kind, String origin, boolean ours) {
  /** How a value was written. */
  enum Kind {
    /** Text, a number or a truth value. */
    SCALAR,
    /** A list of scalars. */
    LIST,
    /** Keys below it. */
    SECTION
  }
}
