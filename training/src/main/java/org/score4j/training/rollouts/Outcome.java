package org.score4j.training.rollouts;

import java.util.Arrays;

/**
 * The attempts of a conversation whose attempts were all judged: what reward shapings and metrics
 * may look at. Attempts are numbered from 0; {@code y_t} is the response of attempt t.
 */
public final class Outcome {
  private final double[] scores;
  private final boolean[] truncated;
  private final int[][] ids;

  /**
   * An outcome.
   *
   * @param scores r(y_t), the verifier's score of each attempt, (attempts)
   * @param truncated whether each attempt hit its length limit, (attempts)
   * @param ids token ids of each attempt, (attempts)
   */
  public Outcome(double[] scores, boolean[] truncated, int[][] ids) {
    if (scores.length == 0 || truncated.length != scores.length || ids.length != scores.length) {
      throw new IllegalArgumentException(
          "outcome: %d scores, %d flags and %d responses; each attempt has one of each, and there is at least one attempt"
              .formatted(scores.length, truncated.length, ids.length));
    }
    this.scores = scores.clone();
    this.truncated = truncated.clone();
    this.ids = ids.clone();
  }

  /** Number of attempts. */
  public int numAttempts() {
    return scores.length;
  }

  /** r(y_t). */
  public double score(int attempt) {
    return scores[attempt];
  }

  /** Whether an attempt counts as right in an evaluation: the full score, nothing less. */
  public boolean isCorrect(int attempt) {
    return scores[attempt] == 1;
  }

  /** Whether an attempt hit its length limit. */
  public boolean truncated(int attempt) {
    return truncated[attempt];
  }

  /** Tokens of an attempt. */
  public int length(int attempt) {
    return ids[attempt].length;
  }

  /** Whether y_t = y_{t−1} token for token; false for the first attempt. */
  public boolean unchanged(int attempt) {
    return attempt > 0 && Arrays.equals(ids[attempt - 1], ids[attempt]);
  }

  /**
   * Levenshtein distance of y_{t−1} and y_t over the sum of their lengths, in [0, 1]; ½ when every
   * token of an equally long response is replaced. 0 for the first attempt.
   */
  public double editRatio(int attempt) {
    if (attempt == 0) {
      return 0;
    }
    int lengths = ids[attempt - 1].length + ids[attempt].length;
    return lengths == 0 ? 0 : (double) editDistance(ids[attempt - 1], ids[attempt]) / lengths;
  }

  private static int editDistance(int[] from, int[] to) {
    int[] previous = new int[to.length + 1];
    int[] current = new int[to.length + 1];
    for (int j = 0; j <= to.length; j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= from.length; i++) {
      current[0] = i;
      for (int j = 1; j <= to.length; j++) {
        int replaced = previous[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
      }
      int[] swap = previous;
      previous = current;
      current = swap;
    }
    return previous[to.length];
  }
}
