package org.score4j.training.bench;

/**
 * A line of the table.
 *
 * @param what op or workload
 * @param shape its sizes
 * @param seconds per call
 * @param rate work per second
 * @param unit of the rate: GB/s, GFLOP/s or tokens/s
 */
public record BenchRow(String what, String shape, Timing seconds, double rate, String unit) {
  static BenchRow of(String what, String shape, Timing seconds, double work, String unit) {
    return new BenchRow(what, shape, seconds, work / seconds.median(), unit);
  }
}
