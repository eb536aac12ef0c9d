package org.score4j.training.bench;

/**
 * A line of the table.
 *
 * @param what op or workload
 * @param shape its sizes
 * @param seconds per call
 * @param rate work per second
 * @param unit of the rate: GB/s, GFLOP/s, tokens/s or another
 * @param flops floating-point operations of the model in a call, recomputation not counted; 0 where
 *     that says nothing
 * @param bytes that a call has to read from memory at least; 0 where that says nothing
 */
public record BenchRow(
    String what,
    String shape,
    Timing seconds,
    double rate,
    String unit,
    double flops,
    double bytes) {
  static BenchRow of(String what, String shape, Timing seconds, double work, String unit) {
    return new BenchRow(what, shape, seconds, work / seconds.median(), unit, 0, 0);
  }

  BenchRow withRate(double other) {
    return new BenchRow(what, shape, seconds, other, unit, flops, bytes);
  }

  BenchRow withFlops(double perCall) {
    return new BenchRow(what, shape, seconds, rate, unit, perCall, bytes);
  }

  BenchRow withBytes(double perCall) {
    return new BenchRow(what, shape, seconds, rate, unit, flops, perCall);
  }

  /** Of the model, per second. */
  public double flopsPerSecond() {
    return flops / seconds.median();
  }

  /** Read at least, per second. */
  public double bytesPerSecond() {
    return bytes / seconds.median();
  }
}
