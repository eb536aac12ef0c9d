package org.score4j.training.verifiers.math;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether two final answers are the same, as written in LaTeX or plain text. Pure, and safe for use
 * by several threads.
 */
public final class MathEquality {
  /** Longer answers are compared as text only. */
  public static final int MAX_CHARACTERS = 2_000;

  // Any seed will do; one of our own makes every verdict repeatable.
  private static final long POINTS_SEED = 20240917;

  private final Duration timeLimit;
  private final AnswerForm form;

  /** What a comparison found. */
  public enum Outcome {
    /** The same value. */
    EQUAL,
    /** Not the same value, or not known to be. */
    DIFFERENT,
    /** The time limit passed before either was found. */
    TIME_LIMIT
  }

  /**
   * Of expressions: the order of the two does not matter.
   *
   * @param timeLimit of one comparison
   */
  public MathEquality(Duration timeLimit) {
    this(timeLimit, AnswerForm.EXPRESSION);
  }

  /**
   * With a form for what is given.
   *
   * @param timeLimit of one comparison
   * @param form what is given may be where the expected answer is a value
   */
  public MathEquality(Duration timeLimit, AnswerForm form) {
    this.timeLimit = timeLimit;
    this.form = form;
  }

  /** The time limit of one comparison. */
  public Duration timeLimit() {
    return timeLimit;
  }

  /** Compares two answers. */
  public Outcome compare(String expected, String given) {
    if (expected.strip().equals(given.strip())) {
      return Outcome.EQUAL;
    }
    if (expected.length() > MAX_CHARACTERS || given.length() > MAX_CHARACTERS) {
      return Outcome.DIFFERENT;
    }
    Budget budget = new Budget(timeLimit.toNanos());
    try {
      AnswerComparison comparison = new AnswerComparison(POINTS_SEED, budget);
      List<Answer> readings = readings(given, budget);
      if (form == AnswerForm.VALUE) {
        GivenExpressions marks = new GivenExpressions(new ValueForm(budget));
        readings = readings.stream().map(marks::marked).toList();
      }
      for (Answer one : readings(expected, budget)) {
        for (Answer other : readings) {
          if (comparison.equal(one, other)) {
            return Outcome.EQUAL;
          }
        }
      }
      return Outcome.DIFFERENT;
    } catch (Budget.Exceeded e) {
      return Outcome.TIME_LIMIT;
    }
  }

  /** {@code 31,250} can be a number or a list of two. */
  private static List<Answer> readings(String text, Budget budget) {
    List<Answer> readings = new ArrayList<>(2);
    LatexLexer.Result separate = LatexLexer.tokens(text, false);
    readings.add(new AnswerParser(budget).parse(separate.tokens()));
    if (separate.ambiguous()) {
      readings.add(new AnswerParser(budget).parse(LatexLexer.tokens(text, true).tokens()));
    }
    return readings;
  }
}
