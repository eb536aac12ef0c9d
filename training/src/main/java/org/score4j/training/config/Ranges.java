package org.score4j.training.config;

/** Range checks whose messages name the key, the value and what is allowed. */
final class Ranges {
  private Ranges() {}

  static void atLeast(String key, int value, int least) {
    if (value < least) {
      throw new ConfigException("%s is %d; it must be at least %d".formatted(key, value, least));
    }
  }

  static void positive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new ConfigException("%s is %s; it must be a positive number".formatted(key, value));
    }
  }

  static void notNegative(String key, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new ConfigException(
          "%s is %s; it must be a number of at least 0".formatted(key, value));
    }
  }

  static void probability(String key, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new ConfigException("%s is %s; it must be between 0 and 1".formatted(key, value));
    }
  }
}
