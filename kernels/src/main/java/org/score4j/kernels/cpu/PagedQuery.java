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

  /** Pages whose scores are computed at once. */
  private static final int PAGES = 4;

  /** Bytes from a coordinate of the keys of a page to the next. */
  private static final int COORDINATE = 4 * PAGE_TOKENS;

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
    for (int h = 0; h < heads.numHeads(); h++) {
      scores(s, scores + h * padded, h * width, cache, table, h / heads.groupSize(), keys);
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
    for (int h = 0; h < heads.numHeads(); h++) {
      int kvHead = h / heads.groupSize();
      int weights = scores + h * padded;
      float factor = s[factors + h];
      long to = out + 4L * h * e;
      int i = 0;
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
  }

  /** Caps the scores, and hides those of the first keys. */
  private static void capped(float[] s, int scores, int padded, int hidden, AttentionShape heads) {
    if (heads.softCap() > 0) {
      CappedTile.softCap(s, scores, padded, (float) heads.softCap());
    }
    Arrays.fill(s, scores, scores + hidden, Float.NEGATIVE_INFINITY);
  }

  /** Scaled scores of all keys of the pages up to the last visible one. */
  private static void scores(
      float[] s, int at, int query, Cache cache, long table, int kvHead, int keys) {
    int e = cache.heads.headDim();
    float scale = (float) cache.heads.scale();
    int pages = Math.ceilDiv(keys, PAGE_TOKENS);
    int p = 0;
    for (; p < pages - 1; p += PAGES) {
      // Behind the last page it is computed again: a few multiplications, no branches.
      int last = pages - 1;
      long k0 = cache.kPages + cache.offset(table, p, kvHead);
      long k1 = cache.kPages + cache.offset(table, Math.min(p + 1, last), kvHead);
      long k2 = cache.kPages + cache.offset(table, Math.min(p + 2, last), kvHead);
      long k3 = cache.kPages + cache.offset(table, Math.min(p + 3, last), kvHead);
      int to1 = at + Math.min(p + 1, last) * PAGE_TOKENS;
      int to2 = at + Math.min(p + 2, last) * PAGE_TOKENS;
      int to3 = at + Math.min(p + 3, last) * PAGE_TOKENS;
      for (int x = 0; x < PAGE_TOKENS; x += LANES) {
        long byteX = 4L * x;
        scores(
            s,
            at + p * PAGE_TOKENS + x,
            to1 + x,
            to2 + x,
            to3 + x,
            query,
            k0 + byteX,
            k1 + byteX,
            k2 + byteX,
            k3 + byteX,
            e,
            scale);
      }
    }
    if (p < pages) {
      long k = cache.kPages + cache.offset(table, p, kvHead);
      for (int x = 0; x < PAGE_TOKENS; x += LANES) {
        scores(s, at + p * PAGE_TOKENS + x, query, k + 4L * x, e, scale);
      }
    }
  }

  /** A vector of keys of each of {@link #PAGES} pages: their chains of additions overlap. */
  private static void scores(
      float[] s,
      int to0,
      int to1,
      int to2,
      int to3,
      int query,
      long k0,
      long k1,
      long k2,
      long k3,
      int e,
      float scale) {
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = 0;
    for (; i <= e - 4; i += 4) {
      long at = (long) i * COORDINATE;
      FloatVector q0 = FloatVector.broadcast(SPECIES, s[query + i]);
      s0 = load(k0 + at).fma(q0, s0);
      s1 = load(k1 + at).fma(q0, s1);
      s2 = load(k2 + at).fma(q0, s2);
      s3 = load(k3 + at).fma(q0, s3);
      FloatVector q1 = FloatVector.broadcast(SPECIES, s[query + i + 1]);
      s0 = load(k0 + at + COORDINATE).fma(q1, s0);
      s1 = load(k1 + at + COORDINATE).fma(q1, s1);
      s2 = load(k2 + at + COORDINATE).fma(q1, s2);
      s3 = load(k3 + at + COORDINATE).fma(q1, s3);
      FloatVector q2 = FloatVector.broadcast(SPECIES, s[query + i + 2]);
      s0 = load(k0 + at + 2 * COORDINATE).fma(q2, s0);
      s1 = load(k1 + at + 2 * COORDINATE).fma(q2, s1);
      s2 = load(k2 + at + 2 * COORDINATE).fma(q2, s2);
      s3 = load(k3 + at + 2 * COORDINATE).fma(q2, s3);
      FloatVector q3 = FloatVector.broadcast(SPECIES, s[query + i + 3]);
      s0 = load(k0 + at + 3 * COORDINATE).fma(q3, s0);
      s1 = load(k1 + at + 3 * COORDINATE).fma(q3, s1);
      s2 = load(k2 + at + 3 * COORDINATE).fma(q3, s2);
      s3 = load(k3 + at + 3 * COORDINATE).fma(q3, s3);
    }
    for (; i < e; i++) {
      long at = (long) i * COORDINATE;
      FloatVector q = FloatVector.broadcast(SPECIES, s[query + i]);
      s0 = load(k0 + at).fma(q, s0);
      s1 = load(k1 + at).fma(q, s1);
      s2 = load(k2 + at).fma(q, s2);
      s3 = load(k3 + at).fma(q, s3);
    }
    s0.mul(scale).intoArray(s, to0);
    s1.mul(scale).intoArray(s, to1);
    s2.mul(scale).intoArray(s, to2);
    s3.mul(scale).intoArray(s, to3);
  }

  private static void scores(float[] s, int to, int query, long k, int e, float scale) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = 0; i < e; i++) {
      FloatVector q = FloatVector.broadcast(SPECIES, s[query + i]);
      sum = load(k + (long) i * COORDINATE).fma(q, sum);
    }
    sum.mul(scale).intoArray(s, to);
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
