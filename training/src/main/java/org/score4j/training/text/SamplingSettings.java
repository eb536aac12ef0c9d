package org.score4j.training.text;

import org.score4j.core.generation.Truncation;

/**
 * How responses are drawn.
 *
 * @param temperature 0 for greedy decoding
 * @param truncation which tokens may be drawn
 * @param maxNewTokens most tokens of a response
 * @param samples responses to the prompt
 * @param seed of the draws
 */
public record SamplingSettings(
    double temperature, Truncation truncation, int maxNewTokens, int samples, long seed) {
  /** Refuses what nothing can be drawn with. */
  public SamplingSettings {
    if (!(temperature >= 0) || !Double.isFinite(temperature)) {
      throw new IllegalArgumentException(
          "--temperature is %s; use 0 or more".formatted(temperature));
    }
    if (maxNewTokens < 1 || samples < 1) {
      throw new IllegalArgumentException(
          "--new is %d and --n %d; use 1 or more".formatted(maxNewTokens, samples));
    }
  }
}
