package org.score4j.training.verifiers.math;

import java.util.Arrays;
import java.util.Locale;

/** A form in which a response says its final answer. */
public enum ExtractionRule {
  /**
   * What follows "final answer is", "the answer is" or "Final Answer:", in math or as a value; the
   * line behind "Answer:" too where {@link #ANSWER_LINE} is not among the rules.
   */
  FINAL_ANSWER,
  /** The content of {@code \boxed{…}}, {@code \fbox{…}} or {@code \framebox{…}}. */
  BOXED,
  /** The rest of the line behind {@code ####}, unless it is a heading. */
  HASHES,
  /**
   * The rest of a line that begins with {@code A:} or {@code Answer:}, or the next line; not with
   * {@code A:} where {@code B:} and others label lines as well.
   */
  ANSWER_LINE,
  /** The last number of the text; only where no other rule finds an answer. */
  LAST_NUMBER;

  /** The name in configs and reasons, such as {@code last-number}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The rule of a name in a config.
   *
   * @throws IllegalArgumentException when there is none; the message lists the names
   */
  public static ExtractionRule byName(String name) {
    for (ExtractionRule rule : values()) {
      if (rule.label().equals(name)) {
        return rule;
      }
    }
    throw new IllegalArgumentException(
        "extraction rule '%s' does not exist; the rules are %s"
            .formatted(
                name,
                String.join(", ", Arrays.stream(values()).map(ExtractionRule::label).toList())));
  }
}
