package org.score4j.training.bench;

import java.util.Arrays;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Stopwatch;

/**
 * Seconds of one thing done several times.
 *
 * @param median of the repetitions
 * @param min the fastest
 * @param max the slowest
 */
public record Timing(double median, double min, double max) {

  /**
   * Times {@code body} until the device is done with it, by the device's clock where it has one.
   *
   * @param warmUpSeconds spent before the first measurement, for compilers and caches
   * @param reps measurements
   */
  static Timing of(Backend backend, double warmUpSeconds, int reps, Runnable body) {
    long start = System.nanoTime();
    int warmUps = 0;
    do {
      body.run();
      backend.synchronize();
      warmUps++;
    } while ((System.nanoTime() - start) / 1e9 < warmUpSeconds);
    // Short bodies are timed many at once, so that waiting for the device is not what is measured.
    double once = (System.nanoTime() - start) / 1e9 / warmUps;
    int together = (int) Math.clamp(0.02 / once, 1, 1_000);
    double[] seconds = new double[reps];
    try (Stopwatch watch = backend.newStopwatch()) {
      for (int r = 0; r < reps; r++) {
        watch.start();
        for (int i = 0; i < together; i++) {
          body.run();
        }
        seconds[r] = watch.stopSeconds() / together;
      }
    }
    return of(seconds);
  }

  /** The middle and the ends of some measurements. */
  static Timing of(double[] measured) {
    double[] seconds = measured.clone();
    Arrays.sort(seconds);
    int n = seconds.length;
    double median = n % 2 == 1 ? seconds[n / 2] : (seconds[n / 2 - 1] + seconds[n / 2]) / 2;
    return new Timing(median, seconds[0], seconds[n - 1]);
  }
}
