package org.score4j.training.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Which characters of a second attempt are not those of the first. */
public final class AttemptDiff {
  // Above this a table of all pairs of positions costs more than the colours are worth.
  private static final long MAX_CELLS = 4_000_000;

  private AttemptDiff() {}

  /**
   * A run of characters.
   *
   * @param text the characters
   * @param changed whether they are new in the second attempt
   */
  public record Part(String text, boolean changed) {}

  /**
   * The parts of {@code second} in order. Attempts of one length are compared place by place, as
   * answers in a fixed format are; others by their longest common subsequence.
   */
  public static List<Part> parts(String first, String second) {
    boolean[] changed =
        first.length() == second.length() ? byPlace(first, second) : bySubsequence(first, second);
    List<Part> parts = new ArrayList<>();
    int start = 0;
    for (int i = 1; i <= second.length(); i++) {
      if (i == second.length() || changed[i] != changed[start]) {
        parts.add(new Part(second.substring(start, i), changed[start]));
        start = i;
      }
    }
    return parts;
  }

  private static boolean[] byPlace(String first, String second) {
    boolean[] changed = new boolean[second.length()];
    for (int i = 0; i < changed.length; i++) {
      changed[i] = first.charAt(i) != second.charAt(i);
    }
    return changed;
  }

  private static boolean[] bySubsequence(String first, String second) {
    int n = first.length();
    int m = second.length();
    boolean[] changed = new boolean[m];
    Arrays.fill(changed, true);
    int prefix = 0;
    while (prefix < Math.min(n, m) && first.charAt(prefix) == second.charAt(prefix)) {
      changed[prefix++] = false;
    }
    int suffix = 0;
    while (suffix < Math.min(n, m) - prefix
        && first.charAt(n - 1 - suffix) == second.charAt(m - 1 - suffix)) {
      changed[m - 1 - suffix++] = false;
    }
    int rows = n - prefix - suffix;
    int columns = m - prefix - suffix;
    if ((long) rows * columns > MAX_CELLS) {
      return changed;
    }
    int[][] longest = new int[rows + 1][columns + 1];
    for (int i = rows - 1; i >= 0; i--) {
      for (int j = columns - 1; j >= 0; j--) {
        longest[i][j] =
            first.charAt(prefix + i) == second.charAt(prefix + j)
                ? longest[i + 1][j + 1] + 1
                : Math.max(longest[i + 1][j], longest[i][j + 1]);
      }
    }
    int i = 0;
    int j = 0;
    while (i < rows && j < columns) {
      if (first.charAt(prefix + i) == second.charAt(prefix + j)) {
        changed[prefix + j] = false;
        i++;
        j++;
      } else if (longest[i + 1][j] >= longest[i][j + 1]) {
        i++;
      } else {
        j++;
      }
    }
    return changed;
  }
}
