package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.setFloat;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * One row of logits over the vocabulary, padded to {@link Lanes#COUNT} entries; the softmax that
 * training and sampling share.
 *
 * <p>Sums over the vocabulary: entries of a chunk by {@link Lanes}, chunks in order in double. So
 * their bits depend on the row alone.
 */
final class VocabularyRow {
  /** Value of the padding: e^(PADDING − max) is 0, and unlike −∞ it can be multiplied by 0. */
  private static final float PADDING = -1e30f;

  /** Entries whose sum stays in single precision, a multiple of {@link Lanes#COUNT}. */
  private static final int CHUNK = 4096;

  private VocabularyRow() {}

  /** z *= factor, pads the row, and returns its largest entry. */
  static float scaleAndMax(long z, int vocabulary, float factor, float[] lanes) {
    for (int v = vocabulary; v < Lanes.roundUp(vocabulary); v++) {
      setFloat(z + 4L * v, PADDING / factor);
    }
    int padded = Lanes.roundUp(vocabulary);
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      for (int v = p; v < padded; v += Lanes.COUNT) {
        FloatVector scaled = load(z + 4L * v).mul(factor);
        store(z + 4L * v, scaled);
        max = max.blend(scaled, scaled.compare(VectorOperators.GT, max));
      }
      max.intoArray(lanes, p);
    }
    return Lanes.max(lanes, 0);
  }

  /**
   * z becomes cap·tanh(z/cap).
   *
   * @param slopes receives 1 − tanh²(z/cap), as long as z; 0 for not wanted
   */
  static void softCap(long z, long slopes, int vocabulary, float cap) {
    // What the padding holds does not matter: scaleAndMax writes it.
    int padded = Lanes.roundUp(vocabulary);
    for (int v = 0; v < padded; v += LANES) {
      FloatVector tanh = CpuMath.tanh(load(z + 4L * v).div(cap));
      store(z + 4L * v, tanh.mul(cap));
      if (slopes != 0) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        store(slopes + 4L * v, one.sub(tanh).mul(one.add(tanh)));
      }
    }
  }

  /** The gradient of capped logits becomes that of the logits, in place. */
  static void timesSlopes(long gradient, long slopes, int vocabulary) {
    for (int v = 0; v < vocabulary; v++) {
      setFloat(gradient + 4L * v, getFloat(gradient + 4L * v) * getFloat(slopes + 4L * v));
    }
  }

  /** log Σ_v e^(z_v − max). */
  static float logSumExp(long z, int vocabulary, float max, float[] lanes) {
    double sum = 0;
    int padded = Lanes.roundUp(vocabulary);
    for (int v = 0; v < padded; v += CHUNK) {
      sum += sumExp(z + 4L * v, Math.min(CHUNK, padded - v), max, lanes);
    }
    return CpuMath.log((float) sum);
  }

  private static float sumExp(long z, int n, float max, float[] lanes) {
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int v = p; v < n; v += Lanes.COUNT) {
        sum = sum.add(CpuMath.exp(load(z + 4L * v).sub(max)));
      }
      sum.intoArray(lanes, p);
    }
    return Lanes.sum(lanes, 0);
  }

  /** log π of one entry, the bits that {@link #toLogProbs} writes for it. */
  static float logProb(long z, int v, float max, float logSumExp) {
    return getFloat(z + 4L * v) - max - logSumExp;
  }

  /** z becomes log π; returns the entropy −Σ_v π_v log π_v. */
  static float toLogProbs(long z, int vocabulary, float max, float logSumExp, float[] lanes) {
    double sum = 0;
    int padded = Lanes.roundUp(vocabulary);
    for (int v = 0; v < padded; v += CHUNK) {
      sum += toLogProbsOfChunk(z + 4L * v, Math.min(CHUNK, padded - v), max, logSumExp, lanes);
    }
    return (float) -sum;
  }

  private static float toLogProbsOfChunk(long z, int n, float max, float logSumExp, float[] lanes) {
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int v = p; v < n; v += Lanes.COUNT) {
        FloatVector logPi = load(z + 4L * v).sub(max).sub(logSumExp);
        store(z + 4L * v, logPi);
        sum = CpuMath.exp(logPi).fma(logPi, sum);
      }
      sum.intoArray(lanes, p);
    }
    return Lanes.sum(lanes, 0);
  }

  /** Σ_v π_v (log π_v − log π_ref,v) of two rows of log-probabilities. */
  static float kl(long logPi, long logRef, int vocabulary, float[] lanes) {
    double sum = 0;
    int padded = Lanes.roundUp(vocabulary);
    for (int v = 0; v < padded; v += CHUNK) {
      sum += klOfChunk(logPi + 4L * v, logRef + 4L * v, Math.min(CHUNK, padded - v), lanes);
    }
    return (float) sum;
  }

  private static float klOfChunk(long logPi, long logRef, int n, float[] lanes) {
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int v = p; v < n; v += Lanes.COUNT) {
        FloatVector l = load(logPi + 4L * v);
        sum = CpuMath.exp(l).fma(l.sub(load(logRef + 4L * v)), sum);
      }
      sum.intoArray(lanes, p);
    }
    return Lanes.sum(lanes, 0);
  }

  /** log π becomes dLoss/dz = c·(π − 1[v = target]), in place. */
  static void toGradient(long logPi, int vocabulary, int target, float c) {
    int padded = Lanes.roundUp(vocabulary);
    for (int v = 0; v < padded; v += LANES) {
      store(logPi + 4L * v, CpuMath.exp(load(logPi + 4L * v)).mul(c));
    }
    subtract(logPi + 4L * target, c);
  }

  /** log π becomes dLoss/dz = c·(π − 1[v = target]) + k·π·(log π − log π_ref − kl), in place. */
  static void toGradient(
      long logPi, long logRef, int vocabulary, int target, float c, float k, float kl) {
    int padded = Lanes.roundUp(vocabulary);
    for (int v = 0; v < padded; v += LANES) {
      FloatVector l = load(logPi + 4L * v);
      FloatVector excess = l.sub(load(logRef + 4L * v)).sub(kl);
      FloatVector weight = excess.mul(k).add(c);
      store(logPi + 4L * v, CpuMath.exp(l).mul(weight));
    }
    subtract(logPi + 4L * target, c);
  }

  /**
   * log π becomes dLoss/dz = c·(π − 1[v = target]) + k·π·(log π − log π_ref − kl) + e·π·(log π +
   * h), in place.
   */
  static void toGradient(
      long logPi,
      long logRef,
      int vocabulary,
      int target,
      float c,
      float k,
      float kl,
      float e,
      float h) {
    int padded = Lanes.roundUp(vocabulary);
    for (int v = 0; v < padded; v += LANES) {
      FloatVector l = load(logPi + 4L * v);
      FloatVector excess = l.sub(load(logRef + 4L * v)).sub(kl);
      FloatVector weight = excess.mul(k).add(c).add(l.add(h).mul(e));
      store(logPi + 4L * v, CpuMath.exp(l).mul(weight));
    }
    subtract(logPi + 4L * target, c);
  }

  private static void subtract(long at, float c) {
    setFloat(at, getFloat(at) - c);
  }
}
