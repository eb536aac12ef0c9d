package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.AttentionTile.QUERIES;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.score4j.kernels.AttentionShape;

/**
 * What soft caps and windows add to {@link AttentionTile}, apart from it so that attention without
 * them runs through nothing else than before.
 *
 * <p>Keys out of a window get scores of −∞ or probabilities of 0, which add exact zeros: leaving
 * out sixteen of them at a time, before the first query's window, changes no bit.
 */
final class CappedTile {
  private static final FloatVector IOTA = FloatVector.broadcast(SPECIES, 0f).addIndex(1);

  private CappedTile() {}

  /** The first key to look at for queries from {@code firstQuery} on, a multiple of sixteen. */
  static int firstKey(AttentionShape heads, int firstQuery) {
    return heads.firstKey(firstQuery) & -Lanes.COUNT;
  }

  private static FloatVector load(float[] s, int at) {
    return FloatVector.fromArray(SPECIES, s, at);
  }

  /** x = cap · tanh(x / cap), for n floats from {@code at} on, whole vectors of them. */
  static void softCap(float[] s, int at, int n, float cap) {
    for (int i = at; i < at + n; i += LANES) {
      CpuMath.tanh(load(s, i).div(cap)).mul(cap).intoArray(s, i);
    }
  }

  /** Scores before a query's window become −∞: lane r keeps the keys j ≥ firstOfFirst + r. */
  static void mask(float[] s, int scores, int firstOfFirst, int keys) {
    for (int j = 0; j < Math.min(keys, firstOfFirst + QUERIES - 1); j++) {
      int at = scores + j * QUERIES;
      load(s, at).blend(Float.NEGATIVE_INFINITY, past(j - firstOfFirst)).intoArray(s, at);
    }
  }

  /** Lanes of queries whose window begins behind key firstOfFirst + {@code behind}. */
  private static VectorMask<Float> past(int behind) {
    return IOTA.compare(VectorOperators.GT, (float) behind);
  }

  /**
   * As {@link AttentionTile#backward}, from scores that are not yet capped: dS = p·(dP − delta)·(1
   * − tanh²)·scale.
   *
   * @param lastOfFirst lane r sees keys up to lastOfFirst + r
   */
  static void backward(
      float[] s,
      int scores,
      int gradients,
      int lse,
      int delta,
      AttentionShape heads,
      int lastOfFirst,
      int keys) {
    FloatVector l = load(s, lse);
    FloatVector d = load(s, delta);
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    float scale = (float) heads.scale();
    float cap = (float) heads.softCap();
    int firstOfFirst = heads.window() == 0 ? -QUERIES : lastOfFirst - heads.window() + 1;
    for (int j = 0; j < keys; j++) {
      int at = j * QUERIES;
      FloatVector score = load(s, scores + at);
      FloatVector slope = one;
      if (cap > 0) {
        FloatVector tanh = CpuMath.tanh(score.div(cap));
        score = tanh.mul(cap);
        slope = one.sub(tanh).mul(one.add(tanh));
      }
      FloatVector p =
          CpuMath.exp(score.sub(l))
              .blend(0f, AttentionTile.blind(j - lastOfFirst).or(past(j - firstOfFirst)));
      p.intoArray(s, scores + at);
      load(s, gradients + at).sub(d).mul(p).mul(slope).mul(scale).intoArray(s, gradients + at);
    }
  }
}
