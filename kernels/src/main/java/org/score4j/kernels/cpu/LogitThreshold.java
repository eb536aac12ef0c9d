package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.setFloat;

/**
 * The logit below which tokens are excluded, found by bisection over the floats in their order: a
 * step counts or sums a row in one fixed order, so nothing depends on how equal logits are sorted.
 */
final class LogitThreshold {
  private LogitThreshold() {}

  /**
   * Truncates one row in place.
   *
   * @param row address of the logits
   * @param mass room for {@code vocabulary} floats
   */
  static void apply(long row, int vocabulary, float[] mass, int topK, double topP) {
    float max = Float.NEGATIVE_INFINITY;
    for (int v = 0; v < vocabulary; v++) {
      max = Math.max(max, getFloat(row + 4L * v));
    }
    for (int v = 0; v < vocabulary; v++) {
      mass[v] = (float) Math.exp(getFloat(row + 4L * v) - max);
    }
    int threshold = Integer.MIN_VALUE;
    if (topK > 0 && topK < vocabulary) {
      long low = threshold;
      long high = (long) order(max) + 1;
      while (high - low > 1) {
        long middle = (low + high) >> 1;
        if (count(row, vocabulary, (int) middle) >= topK) {
          low = middle;
        } else {
          high = middle;
        }
      }
      threshold = (int) low;
    }
    if (topP < 1) {
      double wanted = topP * sum(row, vocabulary, mass, threshold);
      long low = threshold;
      long high = (long) order(max) + 1;
      while (high - low > 1) {
        long middle = (low + high) >> 1;
        if (sum(row, vocabulary, mass, (int) middle) >= wanted) {
          low = middle;
        } else {
          high = middle;
        }
      }
      threshold = (int) low;
    }
    for (int v = 0; v < vocabulary; v++) {
      if (order(getFloat(row + 4L * v)) < threshold) {
        setFloat(row + 4L * v, Float.NEGATIVE_INFINITY);
      }
    }
  }

  /** An integer for each float that compares as the floats do, the same for 0 and −0. */
  private static int order(float x) {
    int bits = Float.floatToRawIntBits(x == 0 ? 0f : x);
    return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
  }

  private static int count(long row, int vocabulary, int threshold) {
    int count = 0;
    for (int v = 0; v < vocabulary; v++) {
      count += order(getFloat(row + 4L * v)) >= threshold ? 1 : 0;
    }
    return count;
  }

  private static double sum(long row, int vocabulary, float[] mass, int threshold) {
    double sum = 0;
    for (int v = 0; v < vocabulary; v++) {
      sum += order(getFloat(row + 4L * v)) >= threshold ? mass[v] : 0;
    }
    return sum;
  }
}
