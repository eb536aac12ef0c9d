package org.score4j.training.verifiers.math;

import java.util.Arrays;
import java.util.Locale;

/** What a response may state where the reference is the form of a value. */
public enum AnswerForm {
  /**
   * A value, worked out: a number, fraction, decimal, root or multiple of π or e; no sum, product,
   * power or function of numbers that is still to be done, such as a formula of the question.
   */
  VALUE,
  /** Any expression of the same value. */
  EXPRESSION;

  /** The name in configs. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The form of a name in a config.
   *
   * @throws IllegalArgumentException when there is none; the message lists the names
   */
  public static AnswerForm byName(String name) {
    for (AnswerForm form : values()) {
      if (form.label().equals(name)) {
        return form;
      }
    }
    throw new IllegalArgumentException(
        "answerForm is '%s'; the forms are %s"
            .formatted(
                name, String.join(", ", Arrays.stream(values()).map(AnswerForm::label).toList())));
  }
}
