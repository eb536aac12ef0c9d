package org.score4j.training.verifiers.math;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import org.score4j.training.verifiers.math.MathEquality.Outcome;

/**
 * The parts of an answer without those that say a value again. Of two spellings of one value the
 * first is kept, or the second where only that one is evaluated.
 */
final class DistinctAnswers {
  // Each part is compared with every other one.
  private static final int MAX_COMPARED = 8;

  private DistinctAnswers() {}

  /**
   * The parts joined by commas; empty where the time limit passed before they were compared.
   *
   * @param timeLimit of all comparisons together
   */
  static Optional<String> joined(List<String> parts, Duration timeLimit) {
    if (parts.size() == 1) {
      return Optional.of(parts.getFirst());
    }
    List<String> distinct = new ArrayList<>(new LinkedHashSet<>(parts));
    if (distinct.size() == 1 || distinct.size() > MAX_COMPARED) {
      return Optional.of(String.join(", ", distinct.size() == 1 ? distinct : parts));
    }
    long deadline = System.nanoTime() + timeLimit.toNanos();
    List<String> kept = new ArrayList<>();
    for (String part : distinct) {
      boolean again = false;
      for (int i = 0; i < kept.size() && !again; i++) {
        switch (compare(deadline, AnswerForm.EXPRESSION, kept.get(i), part)) {
          case EQUAL -> {
            again = true;
            if (compare(deadline, AnswerForm.VALUE, part, kept.get(i)) == Outcome.DIFFERENT) {
              kept.set(i, part); // 2/4, that is 1/2
            }
          }
          case DIFFERENT -> {}
          case TIME_LIMIT -> {
            return Optional.empty();
          }
        }
      }
      if (!again) {
        kept.add(part);
      }
    }
    return Optional.of(String.join(", ", kept));
  }

  private static Outcome compare(long deadline, AnswerForm form, String expected, String given) {
    long left = Math.max(0, deadline - System.nanoTime());
    return new MathEquality(Duration.ofNanos(left), form).compare(expected, given);
  }
}
