package org.score4j.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The loops of {@link SgemmThin} over a B that is BF16: half the bytes for the same work. */
final class NarrowThin {
  private static final VectorSpecies<Float> SPECIES = SgemmTiles.SPECIES;
  private static final int W = SgemmTiles.W;
  private static final int BYTES = NarrowMemory.BYTES;

  private NarrowThin() {}

  /** {@code c[j] += Σ a[p] · b[p, j]}, p = 0 … 7 in this order. */
  static void addEight(long c, long a, long b, long rowBytes, int columns) {
    FloatVector a0 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a));
    FloatVector a1 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a + 4));
    FloatVector a2 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a + 8));
    FloatVector a3 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a + 12));
    FloatVector a4 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a + 16));
    FloatVector a5 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a + 20));
    FloatVector a6 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a + 24));
    FloatVector a7 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a + 28));
    int j = 0;
    for (; j <= columns - W; j += W) {
      long bj = b + (long) j * BYTES;
      long cj = c + (long) j * Float.BYTES;
      FloatVector x = Lanes.load(cj);
      x = a0.fma(NarrowMemory.load(bj), x);
      x = a1.fma(NarrowMemory.load(bj + rowBytes), x);
      x = a2.fma(NarrowMemory.load(bj + 2 * rowBytes), x);
      x = a3.fma(NarrowMemory.load(bj + 3 * rowBytes), x);
      x = a4.fma(NarrowMemory.load(bj + 4 * rowBytes), x);
      x = a5.fma(NarrowMemory.load(bj + 5 * rowBytes), x);
      x = a6.fma(NarrowMemory.load(bj + 6 * rowBytes), x);
      x = a7.fma(NarrowMemory.load(bj + 7 * rowBytes), x);
      Lanes.store(cj, x);
    }
    for (; j < columns; j++) {
      long cj = c + (long) j * Float.BYTES;
      float x = HostMemory.getFloat(cj);
      for (int p = 0; p < 8; p++) {
        x =
            Math.fma(
                HostMemory.getFloat(a + (long) p * Float.BYTES),
                NarrowMemory.getFloat(b + p * rowBytes + (long) j * BYTES),
                x);
      }
      HostMemory.setFloat(cj, x);
    }
  }

  /** {@code c[j] += a · b[j]}. */
  static void addOne(long c, float a, long b, int columns) {
    FloatVector av = FloatVector.broadcast(SPECIES, a);
    int j = 0;
    for (; j <= columns - W; j += W) {
      long cj = c + (long) j * Float.BYTES;
      Lanes.store(cj, av.fma(NarrowMemory.load(b + (long) j * BYTES), Lanes.load(cj)));
    }
    for (; j < columns; j++) {
      long cj = c + (long) j * Float.BYTES;
      float bj = NarrowMemory.getFloat(b + (long) j * BYTES);
      HostMemory.setFloat(cj, Math.fma(a, bj, HostMemory.getFloat(cj)));
    }
  }

  /** {@code c[j] += Σ_p a[p] · b[j, p]} for eight rows of b, side by side. */
  static void dotEight(long c, long a, long b, long rowBytes, int k) {
    long b4 = b + 4 * rowBytes;
    float x0 = HostMemory.getFloat(c);
    float x1 = HostMemory.getFloat(c + 4);
    float x2 = HostMemory.getFloat(c + 8);
    float x3 = HostMemory.getFloat(c + 12);
    float x4 = HostMemory.getFloat(c + 16);
    float x5 = HostMemory.getFloat(c + 20);
    float x6 = HostMemory.getFloat(c + 24);
    float x7 = HostMemory.getFloat(c + 28);
    for (int p = 0; p < k; p++) {
      long offset = (long) p * BYTES;
      float ap = HostMemory.getFloat(a + (long) p * Float.BYTES);
      x0 = Math.fma(ap, NarrowMemory.getFloat(b + offset), x0);
      x1 = Math.fma(ap, NarrowMemory.getFloat(b + rowBytes + offset), x1);
      x2 = Math.fma(ap, NarrowMemory.getFloat(b + 2 * rowBytes + offset), x2);
      x3 = Math.fma(ap, NarrowMemory.getFloat(b + 3 * rowBytes + offset), x3);
      x4 = Math.fma(ap, NarrowMemory.getFloat(b4 + offset), x4);
      x5 = Math.fma(ap, NarrowMemory.getFloat(b4 + rowBytes + offset), x5);
      x6 = Math.fma(ap, NarrowMemory.getFloat(b4 + 2 * rowBytes + offset), x6);
      x7 = Math.fma(ap, NarrowMemory.getFloat(b4 + 3 * rowBytes + offset), x7);
    }
    HostMemory.setFloat(c, x0);
    HostMemory.setFloat(c + 4, x1);
    HostMemory.setFloat(c + 8, x2);
    HostMemory.setFloat(c + 12, x3);
    HostMemory.setFloat(c + 16, x4);
    HostMemory.setFloat(c + 20, x5);
    HostMemory.setFloat(c + 24, x6);
    HostMemory.setFloat(c + 28, x7);
  }

  /** {@code c += Σ_p a[p] · b[p]}. */
  static void dotOne(long c, long a, long b, int k) {
    float x = HostMemory.getFloat(c);
    for (int p = 0; p < k; p++) {
      x =
          Math.fma(
              HostMemory.getFloat(a + (long) p * Float.BYTES),
              NarrowMemory.getFloat(b + (long) p * BYTES),
              x);
    }
    HostMemory.setFloat(c, x);
  }
}
