package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The inner loops of packed attention, on tiles of {@link #QUERIES} queries: one query per lane. So
 * no sum crosses lanes, and the order of additions of a query is that of a plain loop whatever the
 * vector length.
 *
 * <p>All matrices lie in a {@code float[]} of scratch, because accesses to native memory are too
 * many nodes for the compilers (see {@link HostMemory}): "scores" (keys, QUERIES); "rows" (n,
 * stride), a head's vectors of n tokens with zeros up to a multiple of the lanes; "columns"
 * (headDim, QUERIES), a tile's queries transposed. Numbers of keys are padded to {@link #ROWS}.
 */
final class AttentionTile {
  /** Queries per tile. Results do not depend on it. */
  static final int QUERIES = LANES;

  /** Rows an inner loop works on at once: enough chains to hide the latency of a multiply-add. */
  static final int ROWS = 8;

  private static final FloatVector IOTA = iota();
  private static final IntVector LOW_HALVES = interleaving(0);
  private static final IntVector HIGH_HALVES = interleaving(LANES / 2);

  private AttentionTile() {}

  /** Lane i of a, lane i of b, … from lane {@code first} on; lanes of b count from LANES. */
  private static IntVector interleaving(int first) {
    int[] lanes = new int[LANES];
    for (int i = 0; i < LANES; i++) {
      lanes[i] = first + i / 2 + (i % 2) * LANES;
    }
    return IntVector.fromArray(IntVector.SPECIES_PREFERRED, lanes, 0);
  }

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

  private static FloatVector load(float[] s, int at) {
    return FloatVector.fromArray(SPECIES, s, at);
  }

  private static FloatVector broadcast(float[] s, int at) {
    return FloatVector.broadcast(SPECIES, s[at]);
  }

  /** Copies n rows of e floats from native memory into rows of {@link #padded} floats. */
  static void pack(float[] s, int to, long from, long fromStride, int n, int e) {
    int stride = padded(e);
    int x = 0;
    for (; x <= e - LANES; x += LANES) {
      packLanes(s, to + x, stride, from + 4L * x, fromStride, n);
    }
    if (x < e) {
      VectorMask<Float> tail = Lanes.tail(x, e);
      for (int i = 0; i < n; i++) {
        Lanes.load(from + i * fromStride + 4L * x, tail).intoArray(s, to + i * stride + x);
      }
    }
  }

  private static void packLanes(float[] s, int to, int stride, long from, long fromStride, int n) {
    for (int i = 0; i < n; i++) {
      Lanes.load(from + i * fromStride).intoArray(s, to + i * stride);
    }
  }

  /** The opposite of {@link #pack}. */
  static void unpack(long to, long toStride, float[] s, int from, int n, int e) {
    int stride = padded(e);
    int x = 0;
    for (; x <= e - LANES; x += LANES) {
      unpackLanes(to + 4L * x, toStride, s, from + x, stride, n);
    }
    if (x < e) {
      VectorMask<Float> tail = Lanes.tail(x, e);
      for (int i = 0; i < n; i++) {
        Lanes.store(to + i * toStride + 4L * x, load(s, from + i * stride + x), tail);
      }
    }
  }

  private static void unpackLanes(long to, long toStride, float[] s, int from, int stride, int n) {
    for (int i = 0; i < n; i++) {
      Lanes.store(to + i * toStride, load(s, from + i * stride));
    }
  }

  /** rows[r] *= factors[r], for n rows. */
  static void scaleRows(float[] s, int rows, int factors, int n, int width) {
    for (int x = rows; x < rows + width; x += LANES) {
      for (int r = 0; r < n; r++) {
        int at = x + r * width;
        load(s, at).mul(broadcast(s, factors + r)).intoArray(s, at);
      }
    }
  }

  /**
   * Rows (n, e) to columns (e, QUERIES), zeros in the lanes from n on.
   *
   * @param rows QUERIES rows, of which those from n on are cleared
   * @param spare QUERIES² floats
   */
  static void transpose(float[] s, int to, int rows, int n, int e, int spare) {
    int stride = padded(e);
    Arrays.fill(s, rows + n * stride, rows + QUERIES * stride, 0f);
    if (LANES == Lanes.COUNT && e % LANES == 0) {
      for (int x = 0; x < e; x += LANES) {
        interleave(s, spare, QUERIES, rows + x, stride);
        interleave(s, to + x * QUERIES, QUERIES, spare, QUERIES);
        interleave(s, spare, QUERIES, to + x * QUERIES, QUERIES);
        interleave(s, to + x * QUERIES, QUERIES, spare, QUERIES);
      }
      return;
    }
    for (int i = 0; i < e; i++) {
      for (int r = 0; r < QUERIES; r++) {
        s[to + i * QUERIES + r] = s[rows + r * stride + i];
      }
    }
  }

  /**
   * Row i and row i + 8 of sixteen, lane by lane in turn, become rows 2i and 2i + 1. Four times
   * over, this transposes sixteen vectors of sixteen.
   */
  private static void interleave(float[] s, int to, int toStride, int from, int fromStride) {
    int half = QUERIES / 2;
    for (int i = 0; i < half; i++) {
      IntVector a = load(s, from + i * fromStride).reinterpretAsInts();
      IntVector b = load(s, from + (i + half) * fromStride).reinterpretAsInts();
      LOW_HALVES.selectFrom(a, b).reinterpretAsFloats().intoArray(s, to + 2 * i * toStride);
      HIGH_HALVES.selectFrom(a, b).reinterpretAsFloats().intoArray(s, to + (2 * i + 1) * toStride);
    }
  }

  /**
   * scores[j] = scale · Σ_i columns[i] · rows[j, i], a chain over i, for keys padded to {@link
   * #ROWS}.
   */
  static void dots(float[] s, int scores, int columns, int rows, int keys, int e, float scale) {
    int stride = padded(e);
    for (int j = 0; j < keys; j += ROWS) {
      dotsOfRows(s, scores + j * QUERIES, columns, rows + j * stride, stride, e, scale);
    }
  }

  private static void dotsOfRows(
      float[] s, int scores, int columns, int row0, int stride, int e, float scale) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int i = 0; i < e; i++) {
      FloatVector q = load(s, columns + i * QUERIES);
      int at = row0 + i;
      s0 = broadcast(s, at).fma(q, s0);
      s1 = broadcast(s, at + stride).fma(q, s1);
      s2 = broadcast(s, at + 2 * stride).fma(q, s2);
      s3 = broadcast(s, at + 3 * stride).fma(q, s3);
      s4 = broadcast(s, at + 4 * stride).fma(q, s4);
      s5 = broadcast(s, at + 5 * stride).fma(q, s5);
      s6 = broadcast(s, at + 6 * stride).fma(q, s6);
      s7 = broadcast(s, at + 7 * stride).fma(q, s7);
    }
    s0.mul(scale).intoArray(s, scores);
    s1.mul(scale).intoArray(s, scores + QUERIES);
    s2.mul(scale).intoArray(s, scores + 2 * QUERIES);
    s3.mul(scale).intoArray(s, scores + 3 * QUERIES);
    s4.mul(scale).intoArray(s, scores + 4 * QUERIES);
    s5.mul(scale).intoArray(s, scores + 5 * QUERIES);
    s6.mul(scale).intoArray(s, scores + 6 * QUERIES);
    s7.mul(scale).intoArray(s, scores + 7 * QUERIES);
  }

  /**
   * out[r] = init + Σ_k factor(r, k) · rows[k], a chain over k, for eight r.
   *
   * @param out eight rows, {@code width} apart as those of {@code rows}
   * @param accumulate whether the chains start from {@code out} and not from zero
   * @param factors factor(r, k) lies {@code r·rowStep + k·step} behind
   * @param width padded floats of a row
   */
  static void outer(
      float[] s,
      int out,
      boolean accumulate,
      int factors,
      int rowStep,
      int step,
      int rows,
      int count,
      int width) {
    if (!accumulate) {
      Arrays.fill(s, out, out + ROWS * width, 0f);
    }
    for (int x = 0; x < width; x += LANES) {
      outerOfLanes(s, out + x, factors, rowStep, step, rows + x, count, width);
    }
  }

  private static void outerOfLanes(
      float[] s, int out, int f, int rowStep, int step, int rows, int count, int width) {
    FloatVector s0 = load(s, out);
    FloatVector s1 = load(s, out + width);
    FloatVector s2 = load(s, out + 2 * width);
    FloatVector s3 = load(s, out + 3 * width);
    FloatVector s4 = load(s, out + 4 * width);
    FloatVector s5 = load(s, out + 5 * width);
    FloatVector s6 = load(s, out + 6 * width);
    FloatVector s7 = load(s, out + 7 * width);
    for (int k = 0; k < count; k++) {
      FloatVector b = load(s, rows + k * width);
      int at = f + k * step;
      s0 = broadcast(s, at).fma(b, s0);
      s1 = broadcast(s, at + rowStep).fma(b, s1);
      s2 = broadcast(s, at + 2 * rowStep).fma(b, s2);
      s3 = broadcast(s, at + 3 * rowStep).fma(b, s3);
      s4 = broadcast(s, at + 4 * rowStep).fma(b, s4);
      s5 = broadcast(s, at + 5 * rowStep).fma(b, s5);
      s6 = broadcast(s, at + 6 * rowStep).fma(b, s6);
      s7 = broadcast(s, at + 7 * rowStep).fma(b, s7);
    }
    s0.intoArray(s, out);
    s1.intoArray(s, out + width);
    s2.intoArray(s, out + 2 * width);
    s3.intoArray(s, out + 3 * width);
    s4.intoArray(s, out + 4 * width);
    s5.intoArray(s, out + 5 * width);
    s6.intoArray(s, out + 6 * width);
    s7.intoArray(s, out + 7 * width);
  }

  /** Scores of keys behind a query become −∞: lane r keeps the keys j ≤ lastOfFirst + r. */
  static void mask(float[] s, int scores, int lastOfFirst, int keys) {
    for (int j = lastOfFirst + 1; j < keys; j++) {
      int at = scores + j * QUERIES;
      load(s, at).blend(Float.NEGATIVE_INFINITY, blind(j - lastOfFirst)).intoArray(s, at);
    }
  }

  /** Lanes of queries that do not see key lastOfFirst + {@code behind}. */
  static VectorMask<Float> blind(int behind) {
    return IOTA.compare(VectorOperators.LT, (float) behind);
  }

  /** Largest score of each query, into a row of its own. */
  static void max(float[] s, int to, int scores, int keys) {
    FloatVector max = load(s, scores);
    for (int j = 1; j < keys; j++) {
      FloatVector x = load(s, scores + j * QUERIES);
      max = max.blend(x, x.compare(VectorOperators.GT, max));
    }
    max.intoArray(s, to);
  }

  /** scores[j] = e^(scores[j] − max). */
  static void exp(float[] s, int scores, int max, int keys) {
    FloatVector m = load(s, max);
    for (int j = 0; j < keys; j++) {
      int at = scores + j * QUERIES;
      CpuMath.exp(load(s, at).sub(m)).intoArray(s, at);
    }
  }

  /**
   * Sums the exponentials over the keys: chains by key index modulo 16, then the tree of {@link
   * Lanes#sum}. Writes the reciprocals, and over {@code max} the logarithms of the sums plus max.
   *
   * @param keys padded to 16
   */
  static void finish(float[] s, int reciprocals, int max, int scores, int keys) {
    FloatVector even = chain(s, scores, keys).add(chain(s, scores + 4 * QUERIES, keys));
    FloatVector odd = chain(s, scores + QUERIES, keys).add(chain(s, scores + 5 * QUERIES, keys));
    even = even.add(chain(s, scores + 2 * QUERIES, keys).add(chain(s, scores + 6 * QUERIES, keys)));
    odd = odd.add(chain(s, scores + 3 * QUERIES, keys).add(chain(s, scores + 7 * QUERIES, keys)));
    FloatVector sum = even.add(odd);
    FloatVector.broadcast(SPECIES, 1f).div(sum).intoArray(s, reciprocals);
    load(s, max).add(CpuMath.log(sum)).intoArray(s, max);
  }

  /** Chains of every sixteenth key, from the first and from the ninth on, added. */
  private static FloatVector chain(float[] s, int first, int keys) {
    FloatVector low = load(s, first);
    FloatVector high = load(s, first + 8 * QUERIES);
    for (int k = Lanes.COUNT; k < keys; k += Lanes.COUNT) {
      low = low.add(load(s, first + k * QUERIES));
      high = high.add(load(s, first + (k + 8) * QUERIES));
    }
    return low.add(high);
  }

  /**
   * Scores become probabilities, {@code gradients} becomes the gradient of the unscaled scores: p =
   * e^(s − lse), dS = p·(dP − delta)·scale.
   *
   * @param lse per query
   * @param delta per query, dOut · out
   * @param lastOfFirst lane r sees keys up to lastOfFirst + r
   */
  static void backward(
      float[] s,
      int scores,
      int gradients,
      int lse,
      int delta,
      float scale,
      int lastOfFirst,
      int keys) {
    FloatVector l = load(s, lse);
    FloatVector d = load(s, delta);
    for (int j = 0; j < keys; j++) {
      int at = j * QUERIES;
      FloatVector p = CpuMath.exp(load(s, scores + at).sub(l)).blend(0f, blind(j - lastOfFirst));
      p.intoArray(s, scores + at);
      load(s, gradients + at).sub(d).mul(p).mul(scale).intoArray(s, gradients + at);
    }
  }

  /**
   * out[r] = Σ_i a[r, i] · b[r, i] for n rows of {@code width} floats, in the order of {@link
   * Lanes}.
   */
  static void rowDots(float[] s, int out, int a, int b, int n, int width, int lanes) {
    for (int r = 0; r < n; r++) {
      s[out + r] = rowDot(s, a + r * width, b + r * width, width, lanes);
    }
  }

  private static float rowDot(float[] s, int a, int b, int width, int lanes) {
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = p; i < width; i += Lanes.COUNT) {
        sum = load(s, a + i).fma(load(s, b + i), sum);
      }
      sum.intoArray(s, lanes + p);
    }
    return Lanes.sum(s, lanes);
  }
}
