package org.score4j.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.score4j.kernels.Philox;

/** {@link Philox} for the noise of a row: some counters at once, the same bits. */
final class PhiloxLanes {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final VectorSpecies<Long> LONGS =
      VectorSpecies.of(long.class, SPECIES.vectorShape());
  private static final VectorShuffle<Long> LOW = VectorShuffle.makeZip(LONGS, 0);
  private static final VectorShuffle<Long> HIGH = VectorShuffle.makeZip(LONGS, 1);
  private static final LongVector IOTA = LongVector.zero(LONGS).addIndex(1);
  private static final int COUNTERS = LONGS.length();

  /** Numbers that one step draws. */
  static final int STEP = 4 * COUNTERS;

  private static final long WORD = 0xFFFFFFFFL;

  private PhiloxLanes() {}

  /**
   * {@link Philox#uniform} of word v mod 4 at counter (v/4, position, 0, 0) for v from 0 to {@code
   * count} - 1, rounded up to whole steps.
   */
  static void uniforms(float[] s, int to, int count, int key0, int key1, int position) {
    LongVector zero = LongVector.zero(LONGS);
    LongVector c1 = LongVector.broadcast(LONGS, position & WORD);
    for (int v = 0; v < count; v += STEP) {
      LongVector x0 = IOTA.add(v >> 2);
      LongVector x1 = c1;
      LongVector x2 = zero;
      LongVector x3 = zero;
      int k0 = key0;
      int k1 = key1;
      for (int round = 0; round < Philox.ROUNDS; round++) {
        LongVector p0 = x0.mul(Philox.M0 & WORD);
        LongVector p1 = x2.mul(Philox.M1 & WORD);
        x0 = high(p1).lanewise(VectorOperators.XOR, x1).lanewise(VectorOperators.XOR, k0 & WORD);
        x2 = high(p0).lanewise(VectorOperators.XOR, x3).lanewise(VectorOperators.XOR, k1 & WORD);
        x1 = p1.and(WORD);
        x3 = p0.and(WORD);
        k0 += Philox.W0;
        k1 += Philox.W1;
      }
      LongVector even = pair(x0, x1);
      LongVector odd = pair(x2, x3);
      store(s, to + v, even.rearrange(LOW, odd));
      store(s, to + v + STEP / 2, even.rearrange(HIGH, odd));
    }
  }

  private static LongVector high(LongVector product) {
    return product.lanewise(VectorOperators.LSHR, Integer.SIZE);
  }

  private static LongVector pair(LongVector first, LongVector second) {
    return second.lanewise(VectorOperators.LSHL, Integer.SIZE).or(first);
  }

  /** See {@link Philox#uniform}: every step is exact. */
  private static void store(float[] s, int to, LongVector words) {
    IntVector upper = words.reinterpretAsInts().lanewise(VectorOperators.LSHR, 9);
    ((FloatVector) upper.convert(VectorOperators.I2F, 0)).add(0.5f).mul(0x1p-23f).intoArray(s, to);
  }
}
