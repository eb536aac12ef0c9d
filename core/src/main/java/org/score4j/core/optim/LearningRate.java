package org.score4j.core.optim;

import java.util.Locale;

/**
 * Learning rate over the steps of a run: a linear warm-up, then one of three shapes down to {@code
 * finalFraction} of the peak.
 *
 * @param peak learning rate after warm-up
 * @param warmupSteps steps of linear warm-up from peak/warmupSteps; 0 for none
 * @param shape what follows
 * @param finalFraction share of the peak that is never undercut (linear, cosine)
 * @param totalSteps length of the run
 */
public record LearningRate(
    double peak, int warmupSteps, Shape shape, double finalFraction, int totalSteps) {
  /** What follows the warm-up. */
  public enum Shape {
    /** The peak throughout. */
    CONSTANT,
    /** peak · max(finalFraction, 1 − step/totalSteps), the line counted from step 0. */
    LINEAR,
    /**
     * Half a cosine from the peak at the end of warm-up to finalFraction · peak at the last step.
     */
    COSINE;

    /** By its name in a config. */
    public static Shape byName(String name) {
      return switch (name.toLowerCase(Locale.ROOT)) {
        case "constant" -> CONSTANT;
        case "linear" -> LINEAR;
        case "cosine" -> COSINE;
        default ->
            throw new IllegalArgumentException(
                "learning rate schedule '%s' is unknown; use constant, linear or cosine"
                    .formatted(name));
      };
    }
  }

  /** Refuses rates and lengths that make no sense. */
  public LearningRate {
    if (!(peak >= 0) || Double.isInfinite(peak)) {
      throw new IllegalArgumentException(
          "learning rate: peak is " + peak + ", it must be a finite number of at least 0");
    }
    if (warmupSteps < 0 || totalSteps < 1 || !(finalFraction >= 0 && finalFraction <= 1)) {
      throw new IllegalArgumentException(
          "learning rate: warmupSteps %d, totalSteps %d, finalFraction %s; they must be at least 0, at least 1, and in 0..1"
              .formatted(warmupSteps, totalSteps, finalFraction));
    }
  }

  /** The peak at every step. */
  public static LearningRate constant(double peak, int totalSteps) {
    return new LearningRate(peak, 0, Shape.CONSTANT, 1, totalSteps);
  }

  /** Learning rate of the update that follows {@code step} finished ones. */
  public double at(long step) {
    double warm = warmupSteps == 0 ? 1 : Math.min(1, (step + 1.0) / warmupSteps);
    double rate =
        switch (shape) {
          case CONSTANT -> 1;
          case LINEAR -> Math.max(finalFraction, 1 - (double) step / totalSteps);
          case COSINE -> {
            double span = Math.max(1, totalSteps - warmupSteps);
            double progress = Math.clamp((step - warmupSteps) / span, 0.0, 1.0);
            yield finalFraction
                + (1 - finalFraction) * 0.5 * (1 + StrictMath.cos(Math.PI * progress));
          }
        };
    return peak * warm * rate;
  }
}
