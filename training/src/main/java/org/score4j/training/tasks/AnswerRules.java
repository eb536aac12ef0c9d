package org.score4j.training.tasks;

import java.util.Arrays;
import java.util.List;
import org.score4j.training.verifiers.Verifier;
import org.score4j.training.verifiers.math.ExtractionRule;
import org.score4j.training.verifiers.math.MathVerifier;

/** The math verifier with the rules of a config. */
final class AnswerRules {
  private AnswerRules() {}

  /** own: the rules of the task, where the settings name none. */
  static Verifier verifier(TextTaskSettings settings, ExtractionRule... own) {
    String rules = settings.answerRules();
    List<ExtractionRule> order =
        rules.isBlank()
            ? List.of(own)
            : Arrays.stream(rules.split(",", -1))
                .map(name -> ExtractionRule.byName(name.strip()))
                .toList();
    return new MathVerifier(order, MathVerifier.DEFAULT_TIME_LIMIT, settings.answerForm());
  }
}
