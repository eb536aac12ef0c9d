package org.score4j.kernels.cpu;

import static org.score4j.kernels.AttentionKernels.PAGE_TOKENS;
import static org.score4j.kernels.cpu.HostMemory.getInt;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.score4j.kernels.AttentionShape;

/**
 * One query of {@link PagedAttention}, with one key per lane.
 *
 * <p>The loops over one, two and the masked vectors of values are written out side by side, and the
 * long ones unrolled past what C2 inlines (325 bytes of bytecode): inlined into their caller they
 * are too many nodes for it, and their vectors are boxed.
 */
final class PagedQuery {
  /** Bytes of a vector. */
  private static final int VECTOR = 4 * LANES;

  private PagedQuery() {}

  /** Where a query's keys and values lie. */
  record Cache(long kPages, long vPages, long pageTables, int maxPages, AttentionShape heads) {
    /** Of a head's part in page {@code p} of a sequence, within the pages. */
    long offset(long table, int p, int kvHead) {
      long page = getInt(table + 4L * p);
      return 4 * (page * heads.numKvHeads() + kvHead) * PAGE_TOKENS * heads.headDim();
    }
  }

  /**
   * All heads, step by step: the heads of a step do not wait for each other's sums.
   *
   * @param table where the pages of the query's sequence are listed
   * @param hidden keys at the beginning that the query does not see
   * @param keys keys up to the query, the hidden ones included
   */
  static void attend(
      Cache cache,
      long out,
      long query,
      long table,
      int hidden,
      int keys,
      CpuThreadPool pool,
      int thread) {
    AttentionShape heads = cache.heads;
    int e = heads.headDim();
    int width = AttentionTile.padded(e);
    int padded = Lanes.roundUp(keys);
    int factors = heads.numHeads() * width;
    int lanes = factors + heads.numHeads();
    int scores = lanes + Lanes.COUNT * heads.numHeads();
    float[] s = pool.floats(thread, scores + padded * heads.numHeads());
    AttentionTile.pack(s, 0, query, 4L * e, heads.numHeads(), e);
    for (int h = 0; h < heads.numHeads(); h += together(h, heads)) {
      int kvHead = h / heads.groupSize();
      int from = 0;
      if (together(h, heads) == 2) {
        from =
            KeyScores.ofTwo(
                s, scores + h * padded, padded, h * width, width, cache, table, kvHead, keys);
        KeyScores.of(
            s, scores + (h + 1) * padded, (h + 1) * width, cache, table, kvHead, keys, from);
      }
      KeyScores.of(s, scores + h * padded, h * width, cache, table, kvHead, keys, from);
    }
    for (int h = 0; h < heads.numHeads(); h++) {
      if (heads.isCappedOrWindowed()) {
        capped(s, scores + h * padded, padded, hidden, heads);
      }
      // What lies behind the last key may be anything.
      Arrays.fill(
          s, scores + h * padded + keys, scores + (h + 1) * padded, Float.NEGATIVE_INFINITY);
    }
    for (int h = 0; h < heads.numHeads(); h++) {
      s[factors + h] = max(s, scores + h * padded, padded, lanes + h * Lanes.COUNT);
    }
    for (int h = 0; h < heads.numHeads(); h++) {
      s[factors + h] =
          softmax(s, scores + h * padded, padded, s[factors + h], lanes + h * Lanes.COUNT);
    }
    for (int h = 0; h < heads.numHeads(); h += together(h, heads)) {
      int kvHead = h / heads.groupSize();
      int weights = scores + h * padded;
      long to = out + 4L * h * e;
      int from = 0;
      if (together(h, heads) == 2) {
        for (; from <= e - 4 * LANES; from += 4 * LANES) {
          ValuePair.compute(
              to + 4L * from, cache, table, kvHead, from, s, weights, padded, keys, factors + h);
        }
        rest(
            to + 4L * e, cache, table, kvHead, from, s, weights + padded, keys, s[factors + h + 1]);
      }
      rest(to, cache, table, kvHead, from, s, weights, keys, s[factors + h]);
    }
  }

  /** The values' coordinates {@code from} to the last for one head. */
  private static void rest(
      long to,
      Cache cache,
      long table,
      int kvHead,
      int from,
      float[] s,
      int weights,
      int keys,
      float factor) {
    int e = cache.heads.headDim();
    int i = from;
    for (; i <= e - 2 * LANES; i += 2 * LANES) {
      twoValues(to + 4L * i, cache, table, kvHead, i, s, weights, keys, factor);
    }
    if (i <= e - LANES) {
      values(to + 4L * i, cache, table, kvHead, i, s, weights, keys, factor);
      i += LANES;
    }
    if (i < e) {
      VectorMask<Float> tail = Lanes.tail(i, e);
      values(to + 4L * i, cache, table, kvHead, i, s, weights, keys, factor, tail);
    }
  }

  /** Heads computed together from {@code h} on: two where both read the same keys and values. */
  private static int together(int h, AttentionShape heads) {
    return h + 1 < heads.numHeads() && (h + 1) / heads.groupSize() == h / heads.groupSize() ? 2 : 1;
  }

  /** Caps the scores, and hides those of the first keys. */
  private static void capped(float[] s, int scores, int padded, int hidden, AttentionShape heads) {
    if (heads.softCap() > 0) {
      CappedTile.softCap(s, scores, padded, (float) heads.softCap());
    }
    Arrays.fill(s, scores, scores + hidden, Float.NEGATIVE_INFINITY);
  }

  /** Scores become unnormalised probabilities; returns the reciprocal of their sum. */
  private static float softmax(float[] s, int at, int keys, float max, int lanes) {
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int j = at + p; j < at + keys; j += Lanes.COUNT) {
        FloatVector weight = CpuMath.exp(FloatVector.fromArray(SPECIES, s, j).sub(max));
        weight.intoArray(s, j);
        sum = sum.add(weight);
      }
      sum.intoArray(s, lanes + p);
    }
    return 1f / Lanes.sum(s, lanes);
  }

  private static float max(float[] s, int at, int keys, int lanes) {
    for (int p = 0; p < Lanes.COUNT; p += LANES) {
      FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      for (int j = at + p; j < at + keys; j += Lanes.COUNT) {
        FloatVector x = FloatVector.fromArray(SPECIES, s, j);
        max = max.blend(x, x.compare(VectorOperators.GT, max));
      }
      max.intoArray(s, lanes + p);
    }
    return Lanes.max(s, lanes);
  }

  /** out = factor · Σ_j weight_j · value_j for the coordinates {@code i .. i + 2·LANES}. */
  private static void twoValues(
      long out,
      Cache cache,
      long table,
      int kvHead,
      int i,
      float[] s,
      int weights,
      int keys,
      float factor) {
    long stride = 4L * cache.heads.headDim();
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    for (int first = 0; first < keys; first += PAGE_TOKENS) {
      long page = cache.vPages + cache.offset(table, first / PAGE_TOKENS, kvHead) + 4L * i;
      int last = Math.min(PAGE_TOKENS, keys - first);
      int weight = weights + first;
      int j = 0;
      for (; j <= last - 4; j += 4) {
        FloatVector w0 = FloatVector.broadcast(SPECIES, s[weight + j]);
        FloatVector w1 = FloatVector.broadcast(SPECIES, s[weight + j + 1]);
        FloatVector w2 = FloatVector.broadcast(SPECIES, s[weight + j + 2]);
        FloatVector w3 = FloatVector.broadcast(SPECIES, s[weight + j + 3]);
        long v0 = page + j * stride;
        long v1 = v0 + stride;
        long v2 = v1 + stride;
        long v3 = v2 + stride;
        s0 = load(v0).fma(w0, s0);
        s1 = load(v0 + VECTOR).fma(w0, s1);
        s0 = load(v1).fma(w1, s0);
        s1 = load(v1 + VECTOR).fma(w1, s1);
        s0 = load(v2).fma(w2, s0);
        s1 = load(v2 + VECTOR).fma(w2, s1);
        s0 = load(v3).fma(w3, s0);
        s1 = load(v3 + VECTOR).fma(w3, s1);
      }
      for (; j < last; j++) {
        FloatVector w = FloatVector.broadcast(SPECIES, s[weight + j]);
        long v = page + j * stride;
        s0 = load(v).fma(w, s0);
        s1 = load(v + VECTOR).fma(w, s1);
      }
    }
    store(out, s0.mul(factor));
    store(out + VECTOR, s1.mul(factor));
  }

  /** out = factor · Σ_j weight_j · value_j for the coordinates {@code i .. i+LANES}. */
  private static void values(
      long out,
      Cache cache,
      long table,
      int kvHead,
      int i,
      float[] s,
      int weights,
      int keys,
      float factor) {
    int stride = 4 * cache.heads.headDim();
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int first = 0; first < keys; first += PAGE_TOKENS) {
      long page = cache.vPages + cache.offset(table, first / PAGE_TOKENS, kvHead) + 4L * i;
      int last = Math.min(PAGE_TOKENS, keys - first);
      for (int j = 0; j < last; j++) {
        FloatVector v = load(page + (long) j * stride);
        sum = v.fma(FloatVector.broadcast(SPECIES, s[weights + first + j]), sum);
      }
    }
    store(out, sum.mul(factor));
  }

  /** As above for the coordinates of a mask. */
  private static void values(
      long out,
      Cache cache,
      long table,
      int kvHead,
      int i,
      float[] s,
      int weights,
      int keys,
      float factor,
      VectorMask<Float> tail) {
    int e = cache.heads.headDim();
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int j = 0; j < keys; j++) {
      long page = cache.vPages + cache.offset(table, j / PAGE_TOKENS, kvHead);
      FloatVector v = Lanes.load(page + 4L * ((j % PAGE_TOKENS) * e + i), tail);
      sum = v.fma(FloatVector.broadcast(SPECIES, s[weights + j]), sum);
    }
    Lanes.store(out, sum.mul(factor), tail);
  }
}
