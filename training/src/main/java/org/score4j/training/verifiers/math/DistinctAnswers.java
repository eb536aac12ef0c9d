package org.score4j.training.verifiers.math;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/** The parts of an answer without those that say a value again. */
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
      for (String other : kept) {
        long left = Math.max(0, deadline - System.nanoTime());
        switch (new MathEquality(Duration.ofNanos(left)).compare(other, part)) {
          case EQUAL -> again = true;
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
}
