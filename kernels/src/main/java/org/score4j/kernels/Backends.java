package org.score4j.kernels;

import org.score4j.kernels.cpu.CpuBackend;
import org.score4j.kernels.reference.ReferenceBackend;

/** Backends by the names of {@code --device}. */
public final class Backends {
  private Backends() {}

  /**
   * Opens a backend, which the caller closes.
   *
   * @param device cpu or reference
   * @param threads how many threads compute; the reference backend always uses one
   */
  public static Backend open(String device, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException(
          "threads is " + threads + ", it must be at least 1; use the number of free cores");
    }
    return switch (device) {
      case "cpu" -> new CpuBackend(threads);
      case "reference" -> new ReferenceBackend();
      default ->
          throw new IllegalArgumentException(
              "device '%s' is unknown; use cpu or reference (cuda and tornado are not part of this build)"
                  .formatted(device));
    };
  }
}
