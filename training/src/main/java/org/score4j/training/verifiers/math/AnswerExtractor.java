package org.score4j.training.verifiers.math;

import java.util.List;
import java.util.Optional;

/**
 * Finds the final answer of a response by the first rule that applies.
 *
 * @param rules in the order they are tried
 */
public record AnswerExtractor(List<ExtractionRule> rules) {
  /**
   * A final answer.
   *
   * @param answer as written
   * @param rule that found it
   */
  public record Extracted(String answer, ExtractionRule rule) {}

  /** Refuses an empty list. */
  public AnswerExtractor {
    rules = List.copyOf(rules);
    if (rules.isEmpty()) {
      throw new IllegalArgumentException(
          "answer extraction has no rule; name at least one, such as boxed");
    }
  }

  /** The final answer; empty where no rule applies. */
  public Optional<Extracted> extract(String response) {
    for (ExtractionRule rule : rules) {
      Optional<String> answer = rule.find(response);
      if (answer.isPresent()) {
        return Optional.of(new Extracted(answer.get(), rule));
      }
    }
    return Optional.empty();
  }
}
