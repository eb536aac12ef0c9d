package org.score4j.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;

/** What must hold of a truncated row, from its definition. */
final class TruncatedRow {
  // Sums of up to some thousand probabilities in single precision.
  private static final double TOLERANCE = 1e-5;

  private TruncatedRow() {}

  static void check(String what, double[] z, double[] kept, int topK, double topP) {
    double least = Double.POSITIVE_INFINITY;
    for (int v = 0; v < z.length; v++) {
      if (kept[v] != Double.NEGATIVE_INFINITY) {
        assertThat(kept[v]).as("%s: logit %d", what, v).isEqualTo(z[v]);
        least = Math.min(least, z[v]);
      }
    }
    double threshold = least;
    for (int v = 0; v < z.length; v++) {
      assertThat(kept[v] == Double.NEGATIVE_INFINITY)
          .as("%s: logit %d is %s, the least kept %s", what, v, z[v], threshold)
          .isEqualTo(z[v] < threshold || z[v] == Double.NEGATIVE_INFINITY);
    }
    double[] sorted = z.clone();
    Arrays.sort(sorted);
    int k = topK == 0 ? z.length : Math.min(topK, z.length);
    double kth = sorted[z.length - k];
    assertThat(threshold).as("%s: the least kept", what).isGreaterThanOrEqualTo(kth);
    double all = sum(z, kth, true);
    double share = sum(z, threshold, true) / all;
    double without = sum(z, threshold, false) / all;
    assertThat(share).as("%s: what is kept", what).isGreaterThanOrEqualTo(topP - TOLERANCE);
    if (topP < 1) {
      assertThat(without).as("%s: one less", what).isLessThan(topP + TOLERANCE);
    } else if (kth > Double.NEGATIVE_INFINITY) {
      assertThat(threshold).as("%s: all of the top", what).isEqualTo(kth);
    }
  }

  private static double sum(double[] z, double from, boolean inclusive) {
    double max = Arrays.stream(z).max().orElseThrow();
    return Arrays.stream(z)
        .filter(x -> inclusive ? x >= from : x > from)
        .map(x -> Math.exp(x - max))
        .sum();
  }
}
