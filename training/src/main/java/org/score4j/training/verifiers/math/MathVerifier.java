package org.score4j.training.verifiers.math;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.score4j.training.verifiers.Verdict;
import org.score4j.training.verifiers.Verifier;

/** Right when the final answer of the response has the value of the reference. */
public final class MathVerifier implements Verifier {
  /** Ample: a comparison of ordinary answers takes some ten microseconds. */
  public static final Duration DEFAULT_TIME_LIMIT = Duration.ofSeconds(1);

  private static final int SHOWN_CHARACTERS = 200;

  private final AnswerExtractor extractor;
  private final MathEquality equality;

  /**
   * A verifier of values.
   *
   * @param rules what counts as a statement of the final answer; the last one in a response does
   * @param timeLimit of one comparison; a verdict that takes longer is an error, not a zero
   */
  public MathVerifier(List<ExtractionRule> rules, Duration timeLimit) {
    this(rules, timeLimit, AnswerForm.VALUE);
  }

  /**
   * A verifier.
   *
   * @param rules where a final answer is looked for, in this order
   * @param timeLimit of one comparison; a verdict that takes longer is an error, not a zero
   * @param form a response's answer may have where the reference is a value
   */
  public MathVerifier(List<ExtractionRule> rules, Duration timeLimit, AnswerForm form) {
    extractor = new AnswerExtractor(rules);
    equality = new MathEquality(timeLimit, form);
  }

  /** reference: the answer alone. */
  @Override
  public Verdict verify(String reference, String response) {
    if (reference.isBlank()) {
      return Verdict.failed("the problem has no reference answer to compare with");
    }
    Optional<AnswerExtractor.Extracted> found = extractor.extract(response);
    if (found.isEmpty()) {
      return Verdict.wrong(
          "no final answer; looked for "
              + String.join(", ", extractor.rules().stream().map(ExtractionRule::label).toList()));
    }
    if (found.get().parts().isEmpty()) {
      return Verdict.wrong(
          "%s: the answer was taken back, and no other one given"
              .formatted(found.get().rule().label()));
    }
    Optional<String> distinct = DistinctAnswers.joined(found.get().parts(), equality.timeLimit());
    if (distinct.isEmpty()) {
      return Verdict.failed(
          "comparing the parts of \"%s\" took longer than %d ms"
              .formatted(shortened(found.get().answer()), equality.timeLimit().toMillis()));
    }
    String answer = distinct.get();
    String shown = found.get().rule().label() + " \"" + shortened(answer) + "\"";
    return switch (equality.compare(reference, answer)) {
      case EQUAL -> Verdict.right(shown + ", which is \"" + shortened(reference) + "\"");
      case DIFFERENT -> Verdict.wrong(shown + ", expected \"" + shortened(reference) + "\"");
      case TIME_LIMIT ->
          Verdict.failed(
              "comparing %s with \"%s\" took longer than %d ms"
                  .formatted(shown, shortened(reference), equality.timeLimit().toMillis()));
    };
  }

  private static String shortened(String text) {
    return text.length() <= SHOWN_CHARACTERS
        ? text
        : text.substring(0, SHOWN_CHARACTERS) + "… (%d characters)".formatted(text.length());
  }
}
