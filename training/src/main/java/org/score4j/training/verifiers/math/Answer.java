package org.score4j.training.verifiers.math;

import java.util.List;

/**
 * An answer as it is built. {@link #text()} is its one spelling, by which anything can be equal.
 */
sealed interface Answer {
  /** The spelling of its tokens. */
  String text();

  /**
   * A value.
   *
   * @param unit a unit of {@link Units}, empty without one
   */
  record Scalar(String text, Expression expression, String unit) implements Answer {}

  /** Words: a name, a day, the letter of an option. */
  record Words(String text) implements Answer {}

  /**
   * Digits with a base, as written: nothing is converted.
   *
   * @param base as digits
   */
  record Based(String text, String digits, String base) implements Answer {}

  /** A tuple, a point, a vector or an interval. */
  record Bracketed(String text, String open, String close, List<Answer> elements)
      implements Answer {}

  /**
   * Elements between commas or words: in any order.
   *
   * @param alternatives whether all that stands between them is "or"
   */
  record Listed(String text, List<Answer> elements, boolean alternatives) implements Answer {}

  /** A set in braces: in any order. */
  record Braced(String text, List<Answer> elements) implements Answer {}

  /** A union of sets or intervals: in any order. */
  record Union(String text, List<Answer> parts) implements Answer {}

  /** A matrix; a column vector has rows of one cell. */
  record Matrix(String text, String delimiter, List<List<Answer>> rows) implements Answer {}

  /** Parts between colons: a ratio, or a time with its unit am or pm. */
  record Ratio(String text, List<Answer> parts) implements Answer {}

  /**
   * An equation, an inequality or a chain of them.
   *
   * @param sides one more than signs
   * @param signs = ≠ &lt; ≤ &gt; ≥ → ≡
   */
  record Relation(String text, List<Answer> sides, List<String> signs) implements Answer {}

  /**
   * An option with what it says: {@code (B) 12}.
   *
   * @param letter a capital
   */
  record Choice(String text, String letter, Answer content) implements Answer {}

  /**
   * An answer with what its letters stand for: {@code kπ, k ∈ ℤ}.
   *
   * @param condition the one spelling of the remark
   */
  record Qualified(String text, Answer value, String condition) implements Answer {}

  /** A residue: {@code 5 (mod 7)}. */
  record Residue(String text, Scalar value, Rational modulus) implements Answer {}

  /** What the grammar does not know. */
  record Unread(String text) implements Answer {}
}
