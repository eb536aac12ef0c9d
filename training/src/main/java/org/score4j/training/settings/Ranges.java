package org.score4j.training.settings;

/** Range checks whose messages name the key, the value and what is allowed. */
public final class Ranges {
  private Ranges() {}

  /** At least {@code least}. */
  public static void atLeast(String key, int value, int least) {
    if (value < least) {
      throw new ConfigException("%s is %d; it must be at least %d".formatted(key, value, least));
    }
  }

  /** Above 0 and finite. */
  public static void positive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new ConfigException("%s is %s; it must be a positive number".formatted(key, value));
    }
  }

  /** At least 0 and finite. */
  public static void notNegative(String key, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new ConfigException(
          "%s is %s; it must be a number of at least 0".formatted(key, value));
    }
  }

  /** From 0 to 1. */
  public static void probability(String key, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new ConfigException("%s is %s; it must be between 0 and 1".formatted(key, value));
    }
  }
}
