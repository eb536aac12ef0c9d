package org.score4j.benchmarks;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** A loop of fused multiply-adds that touches no memory: what a core can do at best. */
final class FmaPeak {
  /** Iterations of a run. */
  static final int STEPS = 100_000;

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int CHAINS = 24;

  /** Floating-point operations of an iteration. */
  static final double FLOPS_PER_STEP = 2.0 * CHAINS * SPECIES.length();

  private FmaPeak() {}

  /** x = x · factor + term, in every lane of 24 chains; local variables stay in registers. */
  static float run(float factor, float term) {
    FloatVector f = FloatVector.broadcast(SPECIES, factor);
    FloatVector t = FloatVector.broadcast(SPECIES, term);
    FloatVector x00 = t;
    FloatVector x01 = x00.add(1f);
    FloatVector x02 = x00.add(2f);
    FloatVector x03 = x00.add(3f);
    FloatVector x04 = x00.add(4f);
    FloatVector x05 = x00.add(5f);
    FloatVector x06 = x00.add(6f);
    FloatVector x07 = x00.add(7f);
    FloatVector x08 = x00.add(8f);
    FloatVector x09 = x00.add(9f);
    FloatVector x10 = x00.add(10f);
    FloatVector x11 = x00.add(11f);
    FloatVector x12 = x00.add(12f);
    FloatVector x13 = x00.add(13f);
    FloatVector x14 = x00.add(14f);
    FloatVector x15 = x00.add(15f);
    FloatVector x16 = x00.add(16f);
    FloatVector x17 = x00.add(17f);
    FloatVector x18 = x00.add(18f);
    FloatVector x19 = x00.add(19f);
    FloatVector x20 = x00.add(20f);
    FloatVector x21 = x00.add(21f);
    FloatVector x22 = x00.add(22f);
    FloatVector x23 = x00.add(23f);
    for (int i = 0; i < STEPS; i++) {
      x00 = x00.fma(f, t);
      x01 = x01.fma(f, t);
      x02 = x02.fma(f, t);
      x03 = x03.fma(f, t);
      x04 = x04.fma(f, t);
      x05 = x05.fma(f, t);
      x06 = x06.fma(f, t);
      x07 = x07.fma(f, t);
      x08 = x08.fma(f, t);
      x09 = x09.fma(f, t);
      x10 = x10.fma(f, t);
      x11 = x11.fma(f, t);
      x12 = x12.fma(f, t);
      x13 = x13.fma(f, t);
      x14 = x14.fma(f, t);
      x15 = x15.fma(f, t);
      x16 = x16.fma(f, t);
      x17 = x17.fma(f, t);
      x18 = x18.fma(f, t);
      x19 = x19.fma(f, t);
      x20 = x20.fma(f, t);
      x21 = x21.fma(f, t);
      x22 = x22.fma(f, t);
      x23 = x23.fma(f, t);
    }
    FloatVector sum = x00;
    sum = sum.add(x01);
    sum = sum.add(x02);
    sum = sum.add(x03);
    sum = sum.add(x04);
    sum = sum.add(x05);
    sum = sum.add(x06);
    sum = sum.add(x07);
    sum = sum.add(x08);
    sum = sum.add(x09);
    sum = sum.add(x10);
    sum = sum.add(x11);
    sum = sum.add(x12);
    sum = sum.add(x13);
    sum = sum.add(x14);
    sum = sum.add(x15);
    sum = sum.add(x16);
    sum = sum.add(x17);
    sum = sum.add(x18);
    sum = sum.add(x19);
    sum = sum.add(x20);
    sum = sum.add(x21);
    sum = sum.add(x22);
    sum = sum.add(x23);
    return sum.reduceLanes(VectorOperators.ADD);
  }
}
