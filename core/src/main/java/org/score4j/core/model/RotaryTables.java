package org.score4j.core.model;

/** Cosines and sines of the rotary embedding, made once on the host in double. */
final class RotaryTables {
  private RotaryTables() {}

  /** Angular frequencies, (headDim/2): θ^(−2i/headDim), scaled as the config says. */
  static double[] inverseFrequencies(ModelConfig config) {
    double[] frequencies = inverseFrequencies(config.ropeTheta(), config.headDim());
    for (int i = 0; i < frequencies.length; i++) {
      double frequency = frequencies[i] / config.ropeLinearFactor();
      frequencies[i] = config.scaling().map(s -> scaled(frequency, s)).orElse(frequency);
    }
    return frequencies;
  }

  /** As above without scaling. */
  static double[] inverseFrequencies(double theta, int headDim) {
    double[] frequencies = new double[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = Math.pow(theta, -2.0 * i / headDim);
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
  static double[] table(double[] frequencies, int maxPositions, boolean cosine) {
    double[] table = new double[maxPositions * frequencies.length];
    for (int position = 0; position < maxPositions; position++) {
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
