package org.score4j.core.model;

import org.score4j.kernels.Backend;

/** Cosines and sines of the rotary embedding, made once on the host in double. */
final class RotaryTables {
  private static final int WORTH_CUTTING = 1 << 16;

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

  /**
   * (maxPositions, headDim/2) cosines, or sines, of position · frequency; on all threads of the
   * backend, for a long context has millions of them.
   */
  static double[] table(Backend on, double[] frequencies, int maxPositions, boolean cosine) {
    double[] table = new double[maxPositions * frequencies.length];
    int lanes = on.lanes().size();
    if (lanes == 0 || table.length < WORTH_CUTTING) {
      fill(table, frequencies, 0, maxPositions, cosine);
    } else {
      on.runInLanes(
          lane ->
              fill(
                  table,
                  frequencies,
                  (int) ((long) maxPositions * lane / lanes),
                  (int) ((long) maxPositions * (lane + 1) / lanes),
                  cosine));
    }
    return table;
  }

  private static void fill(
      double[] table, double[] frequencies, int firstPosition, int endPosition, boolean cosine) {
    for (int position = firstPosition; position < endPosition; position++) {
      for (int i = 0; i < frequencies.length; i++) {
        double angle = position * frequencies[i];
        // StrictMath: the table is part of what must be the same bits on every JVM.
        table[position * frequencies.length + i] =
            cosine ? StrictMath.cos(angle) : StrictMath.sin(angle);
      }
    }
  }
}
