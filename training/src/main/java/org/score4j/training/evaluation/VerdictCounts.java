package org.score4j.training.evaluation;

import java.util.List;
import java.util.Optional;
import org.score4j.training.verifiers.Verdict;

/**
 * How many responses were found right, and how many could not be judged.
 *
 * @param right the full score
 * @param wrong less than that
 * @param errors no verdict; in no rate
 */
public record VerdictCounts(int right, int wrong, int errors) {
  /** Counts. */
  public static VerdictCounts of(List<Verdict> verdicts) {
    int right = 0;
    int errors = 0;
    for (Verdict verdict : verdicts) {
      if (verdict.isError()) {
        errors++;
      } else if (verdict.isCorrect()) {
        right++;
      }
    }
    return new VerdictCounts(right, verdicts.size() - right - errors, errors);
  }

  /** How many were judged. */
  public int judged() {
    return right + wrong;
  }

  /** Right ones in percent of the judged, with Wilson's interval; empty where none was judged. */
  public Optional<Estimate> accuracy() {
    return judged() == 0 ? Optional.empty() : Optional.of(Intervals.percent(right, judged()));
  }
}
