package org.score4j.core.model;

/** Cosines and sines of the rotary embedding, made once on the host in double. */
final class RotaryTables {
  private RotaryTables() {}

  /** Angular frequencies, (headDim/2): θ^(−2i/headDim), scaled as the config says. */
  static double[] inverseFrequencies(ModelConfig config) {
    int half = config.headDim() / 2;
    double[] frequencies = new double[half];
    for (int i = 0; i < half; i++) {
      double frequency = Math.pow(config.ropeTheta(), -2.0 * i / config.headDim());
      frequencies[i] = config.scaling().map(s -> scaled(frequency, s)).orElse(frequency);
    }
    return frequencies;
  }

  private static double scaled(double frequency, ModelConfig.RopeScaling s) {
    double wavelength = 2 * Math.PI / frequency;
    if (wavelength < s.originalMaxPositions() / s.highFreqFactor()) {
      return frequency;
    }
    if (wavelength > s.originalMaxPositions() / s.lowFreqFactor()) {
      return frequency / s.factor();
    }
    double smooth =
        (s.originalMaxPositions() / wavelength - s.lowFreqFactor())
            / (s.highFreqFactor() - s.lowFreqFactor());
    return (1 - smooth) * frequency / s.factor() + smooth * frequency;
  }

  /** (maxPositions, headDim/2) cosines, or sines, of position · frequency. */
  static double[] table(ModelConfig config, boolean cosine) {
    double[] frequencies = inverseFrequencies(config);
    double[] table = new double[config.maxPositions() * frequencies.length];
    for (int position = 0; position < config.maxPositions(); position++) {
      for (int i = 0; i < frequencies.length; i++) {
        double angle = position * frequencies[i];
        // StrictMath: the table is part of what must be the same bits on every JVM.
        table[position * frequencies.length + i] =
            cosine ? StrictMath.cos(angle) : StrictMath.sin(angle);
      }
    }
    return table;
  }
}
