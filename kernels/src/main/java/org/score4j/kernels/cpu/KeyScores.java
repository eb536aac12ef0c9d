package org.score4j.kernels.cpu;

import static org.score4j.kernels.AttentionKernels.PAGE_TOKENS;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;
import static org.score4j.kernels.cpu.Lanes.load;

import jdk.incubator.vector.FloatVector;

/**
 * The scores of {@link PagedQuery}: queries by the keys of a sequence's pages, one key per lane.
 */
final class KeyScores {
  /** Pages whose scores are computed at once. */
  private static final int PAGES = 4;

  /** Bytes from a coordinate of the keys of a page to the next. */
  private static final int COORDINATE = 4 * PAGE_TOKENS;

  private KeyScores() {}

  /** Scaled scores of all keys of the pages from {@code first} up to the last visible one. */
  static void of(
      float[] s,
      int at,
      int query,
      PagedQuery.Cache cache,
      long table,
      int kvHead,
      int keys,
      int first) {
    int e = cache.heads().headDim();
    float scale = (float) cache.heads().scale();
    int pages = Math.ceilDiv(keys, PAGE_TOKENS);
    int p = first;
    for (; p < pages - 1; p += PAGES) {
      // Behind the last page it is computed again: a few multiplications, no branches.
      int last = pages - 1;
      long k0 = cache.kPages() + cache.offset(table, p, kvHead);
      long k1 = cache.kPages() + cache.offset(table, Math.min(p + 1, last), kvHead);
      long k2 = cache.kPages() + cache.offset(table, Math.min(p + 2, last), kvHead);
      long k3 = cache.kPages() + cache.offset(table, Math.min(p + 3, last), kvHead);
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
      long k = cache.kPages() + cache.offset(table, p, kvHead);
      for (int x = 0; x < PAGE_TOKENS; x += LANES) {
        scores(s, at + p * PAGE_TOKENS + x, query, k + 4L * x, e, scale);
      }
    }
  }

  /**
   * The same for two heads that share their keys, as far as the pages come in pairs.
   *
   * @param step from the scores of the first head to those of the second
   * @param queryStep from the query of the first head to that of the second
   * @return the first page that is left
   */
  static int ofTwo(
      float[] s,
      int at,
      int step,
      int query,
      int queryStep,
      PagedQuery.Cache cache,
      long table,
      int kvHead,
      int keys) {
    int e = cache.heads().headDim();
    float scale = (float) cache.heads().scale();
    int pages = Math.ceilDiv(keys, PAGE_TOKENS);
    int p = 0;
    for (; p < pages - 1; p += 2) {
      long k0 = cache.kPages() + cache.offset(table, p, kvHead);
      long k1 = cache.kPages() + cache.offset(table, p + 1, kvHead);
      for (int x = 0; x < PAGE_TOKENS; x += LANES) {
        int to = at + p * PAGE_TOKENS + x;
        twoScores(s, to, step, query, query + queryStep, k0 + 4L * x, k1 + 4L * x, e, scale);
      }
    }
    return p;
  }

  /** A vector of keys of each of two pages for each of two queries. */
  private static void twoScores(
      float[] s, int to, int step, int q0, int q1, long k0, long k1, int e, float scale) {
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = s00;
    FloatVector s10 = s00;
    FloatVector s11 = s00;
    int i = 0;
    for (; i <= e - 4; i += 4) {
      long at = (long) i * COORDINATE;
      FloatVector x = load(k0 + at);
      FloatVector y = load(k1 + at);
      FloatVector q = FloatVector.broadcast(SPECIES, s[q0 + i]);
      s00 = x.fma(q, s00);
      s01 = y.fma(q, s01);
      q = FloatVector.broadcast(SPECIES, s[q1 + i]);
      s10 = x.fma(q, s10);
      s11 = y.fma(q, s11);
      x = load(k0 + at + COORDINATE);
      y = load(k1 + at + COORDINATE);
      q = FloatVector.broadcast(SPECIES, s[q0 + i + 1]);
      s00 = x.fma(q, s00);
      s01 = y.fma(q, s01);
      q = FloatVector.broadcast(SPECIES, s[q1 + i + 1]);
      s10 = x.fma(q, s10);
      s11 = y.fma(q, s11);
      x = load(k0 + at + 2 * COORDINATE);
      y = load(k1 + at + 2 * COORDINATE);
      q = FloatVector.broadcast(SPECIES, s[q0 + i + 2]);
      s00 = x.fma(q, s00);
      s01 = y.fma(q, s01);
      q = FloatVector.broadcast(SPECIES, s[q1 + i + 2]);
      s10 = x.fma(q, s10);
      s11 = y.fma(q, s11);
      x = load(k0 + at + 3 * COORDINATE);
      y = load(k1 + at + 3 * COORDINATE);
      q = FloatVector.broadcast(SPECIES, s[q0 + i + 3]);
      s00 = x.fma(q, s00);
      s01 = y.fma(q, s01);
      q = FloatVector.broadcast(SPECIES, s[q1 + i + 3]);
      s10 = x.fma(q, s10);
      s11 = y.fma(q, s11);
    }
    for (; i < e; i++) {
      FloatVector x = load(k0 + (long) i * COORDINATE);
      FloatVector y = load(k1 + (long) i * COORDINATE);
      FloatVector q = FloatVector.broadcast(SPECIES, s[q0 + i]);
      s00 = x.fma(q, s00);
      s01 = y.fma(q, s01);
      q = FloatVector.broadcast(SPECIES, s[q1 + i]);
      s10 = x.fma(q, s10);
      s11 = y.fma(q, s11);
    }
    s00.mul(scale).intoArray(s, to);
    s01.mul(scale).intoArray(s, to + PAGE_TOKENS);
    s10.mul(scale).intoArray(s, to + step);
    s11.mul(scale).intoArray(s, to + step + PAGE_TOKENS);
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
}
