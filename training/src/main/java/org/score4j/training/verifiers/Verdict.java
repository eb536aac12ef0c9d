package org.score4j.training.verifiers;

import org.jspecify.annotations.Nullable;

/**
 * What a verifier found. Either it judged ({@code error} is null, the score is finite) or it could
 * not ({@code error} says why). An error is never a zero: {@link #score()} of an errored verdict
 * throws, so that no sum, mean or baseline can swallow it unnoticed. Ask {@link #isError()} first.
 *
 * @param score r(y), in [0, 1]
 * @param reason one line for people, such as "answer 3, expected 2"
 * @param error why there is no judgement; null when there is one
 */
public record Verdict(double score, String reason, @Nullable String error) {
  /** Checks that there is a judgement or an error, not both. */
  public Verdict {
    if (error == null ? !(score >= 0 && score <= 1) : !Double.isNaN(score)) {
      throw new IllegalArgumentException(
          "verdict: score %s with error %s; a judgement has a score in [0, 1], an error has none"
              .formatted(score, error));
    }
  }

  /** A right response: score 1. */
  public static Verdict right(String reason) {
    return new Verdict(1, reason, null);
  }

  /** A wrong response: score 0. */
  public static Verdict wrong(String reason) {
    return new Verdict(0, reason, null);
  }

  /**
   * No judgement: a time limit, a crashed interpreter. The sample takes no part in rewards,
   * baselines and accuracies.
   */
  public static Verdict failed(String error) {
    return new Verdict(Double.NaN, "not judged", error);
  }

  /** Whether there is no judgement. */
  public boolean isError() {
    return error != null;
  }

  /**
   * Whether the response counts as correct in an evaluation: the full score, nothing less. Throws
   * for an errored verdict.
   */
  public boolean isCorrect() {
    return score() == 1;
  }

  /**
   * The score.
   *
   * @throws IllegalStateException when the verifier could not judge
   */
  @Override
  public double score() {
    if (error != null) {
      throw new IllegalStateException(
          "verdict: no score, the verifier failed ("
              + error
              + "); leave this sample out, an error is not a zero");
    }
    return score;
  }
}
