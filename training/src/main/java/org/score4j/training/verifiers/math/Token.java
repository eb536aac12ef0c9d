package org.score4j.training.verifiers.math;

/**
 * One token of an answer.
 *
 * @param kind what it is
 * @param text its one spelling: {@code \leq}, {@code ≤} and {@code <=} are all {@code ≤}
 * @param spaced whether white space stands before it
 */
record Token(Kind kind, String text, boolean spaced) {
  /** What a token can be. */
  enum Kind {
    /** Digits with at most one dot; unambiguous thousands separators are gone. */
    NUMBER,
    /** Such a number whose commas might also separate list elements. */
    GROUPED_NUMBER,
    /** One letter: a variable, or the constants e and i. */
    LETTER,
    /** A Greek letter or any other command that stands for something. */
    SYMBOL,
    /** π. */
    PI,
    /** ∞. */
    INFINITY,
    /** Text: {@code \text{…}}, or letters that are too many for a product of variables. */
    WORD,
    /** sin, log and others. */
    FUNCTION,
    /** {@code \frac}, {@code \binom}: two arguments follow. */
    FRACTION,
    BINOMIAL,
    /** {@code \sqrt}, √. */
    ROOT,
    /** {@code \overline} and others: one argument follows. */
    DECORATION,
    /** + - * / ^ _ ! ' and ∖. */
    OPERATOR,
    /** ± and ∓. */
    PLUS_MINUS,
    /** = ≠ &lt; ≤ &gt; ≥ ≈ ∈ ≡ →. */
    RELATION,
    /** , ; and the words "and" and "or". */
    SEPARATOR,
    /** A colon. */
    COLON,
    /** ( [ { ⟨ ⌊ ⌈ of the mathematics, not LaTeX's braces. */
    OPEN,
    /** Their counterparts. */
    CLOSE,
    /** LaTeX's braces. */
    GROUP_OPEN,
    GROUP_CLOSE,
    /** |. */
    BAR,
    /** ∪. */
    CUP,
    /** ∩. */
    CAP,
    DEGREE,
    PERCENT,
    CURRENCY,
    /** {@code \begin{…}}, {@code \end{…}}, {@code &} and {@code \\}. */
    BEGIN,
    END,
    CELL,
    ROW,
    ELLIPSIS,
    EMPTY_SET,
    /** {@code \\over} and {@code \\choose}: what stands before and behind it are its arguments. */
    INFIX,
    /** {@code \\pmod}, {@code \\bmod} or the word mod; the modulus follows. */
    MODULO,
    /** {@code \\quad}: white space wide enough to set two statements apart. */
    GAP
  }

  boolean is(Kind expected, String spelling) {
    return kind == expected && text.equals(spelling);
  }

  boolean isNumber() {
    return kind == Kind.NUMBER || kind == Kind.GROUPED_NUMBER;
  }
}
