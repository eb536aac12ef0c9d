package org.score4j.kernels.cpu;

import static org.score4j.kernels.AttentionKernels.PAGE_TOKENS;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import jdk.incubator.vector.FloatVector;

/** The values of {@link PagedQuery} for two heads that share them: each is read once. */
final class ValuePair {
  private static final long VECTOR = 4L * LANES;

  private ValuePair() {}

  /**
   * {@code out = factor · Σ_j weight_j · value_j} for the coordinates {@code i .. i + 4·LANES} of
   * both heads.
   *
   * @param out of the first head; that of the second lies behind the whole of the first
   * @param weights of the first head
   * @param step from the weights of the first head to those of the second
   * @param factors of the first head, behind it that of the second
   */
  static void compute(
      long out,
      PagedQuery.Cache cache,
      long table,
      int kvHead,
      int i,
      float[] s,
      int weights,
      int step,
      int keys,
      int factors) {
    long stride = 4L * cache.heads().headDim();
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = s00;
    FloatVector s02 = s00;
    FloatVector s03 = s00;
    FloatVector s10 = s00;
    FloatVector s11 = s00;
    FloatVector s12 = s00;
    FloatVector s13 = s00;
    for (int first = 0; first < keys; first += PAGE_TOKENS) {
      long page = cache.vPages() + cache.offset(table, first / PAGE_TOKENS, kvHead) + 4L * i;
      int last = Math.min(PAGE_TOKENS, keys - first);
      int weight = weights + first;
      for (int j = 0; j < last; j++) {
        long value = page + j * stride;
        FloatVector v0 = load(value);
        FloatVector v1 = load(value + VECTOR);
        FloatVector v2 = load(value + 2 * VECTOR);
        FloatVector v3 = load(value + 3 * VECTOR);
        FloatVector w = FloatVector.broadcast(SPECIES, s[weight + j]);
        s00 = v0.fma(w, s00);
        s01 = v1.fma(w, s01);
        s02 = v2.fma(w, s02);
        s03 = v3.fma(w, s03);
        w = FloatVector.broadcast(SPECIES, s[weight + step + j]);
        s10 = v0.fma(w, s10);
        s11 = v1.fma(w, s11);
        s12 = v2.fma(w, s12);
        s13 = v3.fma(w, s13);
      }
    }
    float factor = s[factors];
    store(out, s00.mul(factor));
    store(out + VECTOR, s01.mul(factor));
    store(out + 2 * VECTOR, s02.mul(factor));
    store(out + 3 * VECTOR, s03.mul(factor));
    factor = s[factors + 1];
    store(out + stride, s10.mul(factor));
    store(out + stride + VECTOR, s11.mul(factor));
    store(out + stride + 2 * VECTOR, s12.mul(factor));
    store(out + stride + 3 * VECTOR, s13.mul(factor));
  }
}
