package org.score4j.kernels;

import java.util.function.Consumer;
import org.score4j.kernels.cpu.CpuBackend;
import org.score4j.kernels.reference.ReferenceBackend;

/** Backends by the names of {@code --device}. */
public final class Backends {
  private Backends() {}

  /**
   * The name to {@link #open}: {@code device} itself, or for {@code auto} the fastest backend there
   * is.
   *
   * @param device as given by the user
   * @param log receives one line with the reason when the choice was made here
   */
  public static String choose(String device, Consumer<String> log) {
    if (!device.equals("auto")) {
      return device;
    }
    log.accept("device=cpu reason=\"auto: this build has no GPU backend\"");
    return "cpu";
  }

  /**
   * Opens a backend, which the caller closes.
   *
   * @param device cpu or reference; {@code auto} goes through {@link #choose} first
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
              "device '%s' is unknown; use cpu, reference or auto (cuda and tornado are not part of this build)"
                  .formatted(device));
    };
  }
}
