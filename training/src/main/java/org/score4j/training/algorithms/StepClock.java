package org.score4j.training.algorithms;

import java.util.LinkedHashMap;
import java.util.Map;

/** Where the time of a step goes. What a device still has queued counts where it is waited for. */
final class StepClock {
  private final long start = System.nanoTime();
  private final Map<String, Double> seconds = new LinkedHashMap<>();
  private long last = start;

  /** Ends a part of the step that began where the one before ended. */
  void lap(String part) {
    long now = System.nanoTime();
    seconds.merge(part, (now - last) / 1e9, Double::sum);
    last = now;
  }

  /** Adds {@code PART_share} for each part: its share of the time so far. */
  void report(Map<String, Double> metrics) {
    double total = (System.nanoTime() - start) / 1e9;
    seconds.forEach((part, time) -> metrics.put(part + "_share", time / total));
  }
}
