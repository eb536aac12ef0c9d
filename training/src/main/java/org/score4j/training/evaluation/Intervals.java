package org.score4j.training.evaluation;

import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;
import org.apache.commons.math3.stat.interval.ConfidenceInterval;
import org.apache.commons.math3.stat.interval.IntervalUtils;

/**
 * 95% confidence intervals by Commons Math. They say how far another draw of problems would move a
 * figure, not another seed of training.
 */
public final class Intervals {
  private static final double CONFIDENCE = 0.95;

  private Intervals() {}

  /**
   * A proportion in percent with Wilson's score interval, which is sensible at 0 and 100 too.
   * {@code n > 0}.
   */
  public static Estimate percent(int successes, int n) {
    ConfidenceInterval wilson = IntervalUtils.getWilsonScoreInterval(n, successes, CONFIDENCE);
    double value = 100.0 * successes / n;
    // At 0 and 100 rounding would leave the figure an ulp outside its interval.
    return new Estimate(
        value,
        Math.clamp(100 * wilson.getLowerBound(), 0, value),
        Math.clamp(100 * wilson.getUpperBound(), value, 100));
  }

  /**
   * The difference (gains − losses) / n, in percentage points, of two proportions over the same n
   * problems, with the paired interval of Agresti and Min (Statistics in Medicine 24, 2005): half
   * an observation is added to each of the four cells and Wald's formula is taken, centre (b − c) /
   * m and variance (b + c − (b − c)² / m) / m² for m = n + 2, b = gains + ½, c = losses + ½. Unlike
   * Wald's own it does not shrink to a point at gains = losses = 0.
   */
  static Estimate pairedDifference(int gains, int losses, int n) {
    double m = n + 2.0;
    double b = gains + 0.5;
    double c = losses + 0.5;
    double z = new NormalDistribution(0, 1).inverseCumulativeProbability(1 - (1 - CONFIDENCE) / 2);
    double half = z * Math.sqrt(b + c - (b - c) * (b - c) / m) / m;
    double centre = (b - c) / m;
    return new Estimate(
        100.0 * (gains - losses) / n,
        Math.max(-100, 100 * (centre - half)),
        Math.min(100, 100 * (centre + half)));
  }

  /** A mean of values in [0, 1] with Student's interval; with one value the interval is [0, 1]. */
  static Estimate mean(SummaryStatistics values) {
    double mean = values.getMean();
    int n = Math.toIntExact(values.getN());
    if (n < 2) {
      return new Estimate(mean, 0, 1);
    }
    double t = new TDistribution(n - 1).inverseCumulativeProbability(1 - (1 - CONFIDENCE) / 2);
    double half = t * values.getStandardDeviation() / Math.sqrt(n);
    return new Estimate(mean, Math.max(0, mean - half), Math.min(1, mean + half));
  }
}
