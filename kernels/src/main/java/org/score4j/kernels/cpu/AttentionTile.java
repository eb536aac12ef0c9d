package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.setFloat;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of packed attention, on tiles of {@link #QUERIES} queries: one query per lane. So
 * no sum crosses lanes, and the order of additions of a query is that of a plain loop whatever the
 * vector length.
 *
 * <p>Matrices of scratch: "scores" (keys, QUERIES); "rows" (n, stride), a head's vectors of n
 * tokens with zeros up to a multiple of the lanes; "columns" (headDim, QUERIES), a tile's queries
 * transposed. Numbers of keys are padded to {@link #ROWS}.
 */
final class AttentionTile {
  /** Queries per tile. Results do not depend on it. */
  static final int QUERIES = LANES;

  /** Rows an inner loop works on at once: enough chains to hide the latency of a multiply-add. */
  static final int ROWS = 8;

  private static final long Q = 4L * QUERIES;
  private static final FloatVector IOTA = iota();

  private AttentionTile() {}

  private static FloatVector iota() {
    float[] lanes = new float[LANES];
    for (int i = 0; i < LANES; i++) {
      lanes[i] = i;
    }
    return FloatVector.fromArray(SPECIES, lanes, 0);
  }

  /** Floats of a row of n floats, padded to whole vectors. */
  static int padded(int n) {
    return (n + LANES - 1) & -LANES;
  }

  /** Copies n rows of e floats into rows of {@link #padded} floats, zeros behind them. */
  static void pack(long to, long from, long fromStride, int n, int e) {
    long toStride = 4L * padded(e);
    for (int i = 0; i < n; i++) {
      packRow(to + i * toStride, from + i * fromStride, e);
    }
  }

  private static void packRow(long to, long from, int e) {
    int i = 0;
    for (; i <= e - LANES; i += LANES) {
      store(to + 4L * i, load(from + 4L * i));
    }
    if (i < e) {
      store(to + 4L * i, Lanes.load(from + 4L * i, Lanes.tail(i, e)));
    }
  }

  /** The opposite of {@link #pack}. */
  static void unpack(long to, long toStride, long from, int n, int e) {
    long fromStride = 4L * padded(e);
    for (int i = 0; i < n; i++) {
      Lanes.copy(to + i * toStride, from + i * fromStride, e);
    }
  }

  /** Rows (n, e) to columns (e, QUERIES), zeros in the lanes from n on. */
  static void transpose(long to, long from, long fromStride, int n, int e) {
    for (int r = 0; r < n; r++) {
      long row = from + r * fromStride;
      long column = to + 4L * r;
      for (int i = 0; i < e; i++) {
        setFloat(column + i * Q, getFloat(row + 4L * i));
      }
    }
    for (int r = n; r < QUERIES; r++) {
      for (int i = 0; i < e; i++) {
        setFloat(to + 4L * r + i * Q, 0f);
      }
    }
  }

  /**
   * scores[j] = scale · Σ_i columns[i] · rows[j, i], a chain over i, for keys padded to {@link
   * #ROWS}.
   */
  static void dots(long scores, long columns, long rows, int keys, int e, float scale) {
    long stride = 4L * padded(e);
    for (int j = 0; j < keys; j += ROWS) {
      dotsOfRows(scores + j * Q, columns, rows + j * stride, stride, e, scale);
    }
  }

  private static void dotsOfRows(
      long scores, long columns, long row0, long stride, int e, float scale) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int i = 0; i < e; i++) {
      FloatVector q = load(columns + i * Q);
      long at = row0 + 4L * i;
      s0 = q.fma(broadcast(at), s0);
      s1 = q.fma(broadcast(at + stride), s1);
      s2 = q.fma(broadcast(at + 2 * stride), s2);
      s3 = q.fma(broadcast(at + 3 * stride), s3);
      s4 = q.fma(broadcast(at + 4 * stride), s4);
      s5 = q.fma(broadcast(at + 5 * stride), s5);
      s6 = q.fma(broadcast(at + 6 * stride), s6);
      s7 = q.fma(broadcast(at + 7 * stride), s7);
    }
    store(scores, s0.mul(scale));
    store(scores + Q, s1.mul(scale));
    store(scores + 2 * Q, s2.mul(scale));
    store(scores + 3 * Q, s3.mul(scale));
    store(scores + 4 * Q, s4.mul(scale));
    store(scores + 5 * Q, s5.mul(scale));
    store(scores + 6 * Q, s6.mul(scale));
    store(scores + 7 * Q, s7.mul(scale));
  }

  private static FloatVector broadcast(long at) {
    return FloatVector.broadcast(SPECIES, getFloat(at));
  }

  /**
   * out[r] (+)= Σ_k factor(r, k) · rows[k], a chain over k, for eight r.
   *
   * @param out eight rows, {@code stride} apart as those of {@code rows}
   * @param factors factor(r, k) lies {@code r·rowStep + k·step} bytes behind
   * @param width padded floats of a row
   */
  static void outer(
      long out,
      long factors,
      long rowStep,
      long step,
      long rows,
      int count,
      int width,
      boolean accumulate) {
    long stride = 4L * width;
    for (int x = 0; x < width; x += LANES) {
      outerOfLanes(out + 4L * x, factors, rowStep, step, rows + 4L * x, count, stride, accumulate);
    }
  }

  private static void outerOfLanes(
      long out,
      long f,
      long rowStep,
      long step,
      long rows,
      int count,
      long stride,
      boolean accumulate) {
    FloatVector zero = FloatVector.zero(SPECIES);
    FloatVector s0 = accumulate ? load(out) : zero;
    FloatVector s1 = accumulate ? load(out + stride) : zero;
    FloatVector s2 = accumulate ? load(out + 2 * stride) : zero;
    FloatVector s3 = accumulate ? load(out + 3 * stride) : zero;
    FloatVector s4 = accumulate ? load(out + 4 * stride) : zero;
    FloatVector s5 = accumulate ? load(out + 5 * stride) : zero;
    FloatVector s6 = accumulate ? load(out + 6 * stride) : zero;
    FloatVector s7 = accumulate ? load(out + 7 * stride) : zero;
    for (int k = 0; k < count; k++) {
      FloatVector b = load(rows + k * stride);
      long at = f + k * step;
      s0 = b.fma(broadcast(at), s0);
      s1 = b.fma(broadcast(at + rowStep), s1);
      s2 = b.fma(broadcast(at + 2 * rowStep), s2);
      s3 = b.fma(broadcast(at + 3 * rowStep), s3);
      s4 = b.fma(broadcast(at + 4 * rowStep), s4);
      s5 = b.fma(broadcast(at + 5 * rowStep), s5);
      s6 = b.fma(broadcast(at + 6 * rowStep), s6);
      s7 = b.fma(broadcast(at + 7 * rowStep), s7);
    }
    store(out, s0);
    store(out + stride, s1);
    store(out + 2 * stride, s2);
    store(out + 3 * stride, s3);
    store(out + 4 * stride, s4);
    store(out + 5 * stride, s5);
    store(out + 6 * stride, s6);
    store(out + 7 * stride, s7);
  }

  /**
   * Lanes of queries that do not see key {@code visibleToAll + behind}, where lane r sees keys up
   * to visibleToAll + r.
   */
  private static VectorMask<Float> blind(int behind) {
    return IOTA.compare(VectorOperators.LT, (float) behind);
  }

  /** Scores of keys behind a query become −∞: lane r keeps the keys j ≤ lastOfFirst + r. */
  static void mask(long scores, int lastOfFirst, int keys) {
    for (int j = lastOfFirst + 1; j < keys; j++) {
      store(
          scores + j * Q,
          load(scores + j * Q).blend(Float.NEGATIVE_INFINITY, blind(j - lastOfFirst)));
    }
  }

  /** Largest score of each query. */
  static FloatVector max(long scores, int keys) {
    FloatVector max = load(scores);
    for (int j = 1; j < keys; j++) {
      FloatVector s = load(scores + j * Q);
      max = max.blend(s, s.compare(VectorOperators.GT, max));
    }
    return max;
  }

  /** scores[j] = e^(scores[j] − max). */
  static void exp(long scores, FloatVector max, int keys) {
    for (int j = 0; j < keys; j++) {
      store(scores + j * Q, CpuMath.exp(load(scores + j * Q).sub(max)));
    }
  }

  /**
   * Sum over the keys: chains by key index modulo 16, then the tree of {@link Lanes#sum}.
   *
   * @param keys padded to 16
   */
  static FloatVector sum(long scores, int keys) {
    FloatVector even = chain(scores, 0, keys).add(chain(scores, 4, keys));
    FloatVector odd = chain(scores, 1, keys).add(chain(scores, 5, keys));
    even = even.add(chain(scores, 2, keys).add(chain(scores, 6, keys)));
    odd = odd.add(chain(scores, 3, keys).add(chain(scores, 7, keys)));
    return even.add(odd);
  }

  /** Chains of keys j and j + 8, added. */
  private static FloatVector chain(long scores, int j, int keys) {
    FloatVector low = load(scores + j * Q);
    FloatVector high = load(scores + (j + 8) * Q);
    for (int k = j + Lanes.COUNT; k < keys; k += Lanes.COUNT) {
      low = low.add(load(scores + k * Q));
      high = high.add(load(scores + (k + 8) * Q));
    }
    return low.add(high);
  }

  /**
   * Scores become probabilities, {@code gradients} becomes the gradient of the unscaled scores: p =
   * e^(s − lse), dS = p·(dP − delta)·scale.
   *
   * @param lastOfFirst lane r sees keys up to lastOfFirst + r
   */
  static void backward(
      long scores,
      long gradients,
      FloatVector lse,
      FloatVector delta,
      float scale,
      int lastOfFirst,
      int keys) {
    for (int j = 0; j < keys; j++) {
      FloatVector p = CpuMath.exp(load(scores + j * Q).sub(lse));
      if (j > lastOfFirst) {
        p = p.blend(0f, blind(j - lastOfFirst));
      }
      store(scores + j * Q, p);
      store(gradients + j * Q, load(gradients + j * Q).sub(delta).mul(p).mul(scale));
    }
  }
}
