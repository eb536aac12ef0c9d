package org.score4j.training.evaluation;

import java.util.Arrays;

/** Both attempts at one problem, judged. */
public final class JudgedPair {
  private final boolean correct1;
  private final boolean correct2;
  private final int[] ids1;
  private final int[] ids2;

  /**
   * A pair.
   *
   * @param correct1 whether the verifier found the first response right
   * @param correct2 whether the verifier found the second response right
   * @param ids1 token ids of the first response
   * @param ids2 token ids of the second response
   */
  public JudgedPair(boolean correct1, boolean correct2, int[] ids1, int[] ids2) {
    this.correct1 = correct1;
    this.correct2 = correct2;
    this.ids1 = ids1.clone();
    this.ids2 = ids2.clone();
  }

  boolean correct1() {
    return correct1;
  }

  boolean correct2() {
    return correct2;
  }

  boolean unchanged() {
    return Arrays.equals(ids1, ids2);
  }

  /**
   * Levenshtein distance of the ids over the sum of the lengths, in [0, 1]; ½ when every token of
   * an equally long response is replaced.
   */
  double editRatio() {
    int lengths = ids1.length + ids2.length;
    return lengths == 0 ? 0 : (double) editDistance() / lengths;
  }

  private int editDistance() {
    int[] previous = new int[ids2.length + 1];
    int[] current = new int[ids2.length + 1];
    for (int j = 0; j <= ids2.length; j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= ids1.length; i++) {
      current[0] = i;
      for (int j = 1; j <= ids2.length; j++) {
        int replaced = previous[j - 1] + (ids1[i - 1] == ids2[j - 1] ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
      }
      int[] swap = previous;
      previous = current;
      current = swap;
    }
    return previous[ids2.length];
  }
}
