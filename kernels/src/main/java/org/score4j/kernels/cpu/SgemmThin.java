package org.score4j.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products with so few rows that reading B is all the work: decoding one or a few sequences. B is
 * streamed from where it lies, eight of its rows at a time; the order of additions is that of
 * {@link CpuSgemm}.
 */
final class SgemmThin {
  private static final VectorSpecies<Float> SPECIES = SgemmTiles.SPECIES;
  private static final int W = SgemmTiles.W;

  /** Eight rows of B of so many columns stay in L1 while the rows of A pass over them. */
  private static final int CHUNK = 768;

  private SgemmThin() {}

  /** See {@link CpuSgemm#nn}. */
  static void nn(
      long c, int ldc, long a, int lda, long b, int ldb, int m, int n, int k, boolean accumulate) {
    if (!accumulate) {
      clear(c, ldc, m, n);
    }
    long rowBytes = (long) ldb * Float.BYTES;
    for (int j = 0; j < n; j += CHUNK) {
      int columns = Math.min(CHUNK, n - j);
      long bj = b + (long) j * Float.BYTES;
      long cj = c + (long) j * Float.BYTES;
      int p = 0;
      for (; p <= k - 8; p += 8) {
        for (int i = 0; i < m; i++) {
          long row = cj + (long) i * ldc * Float.BYTES;
          addEight(
              row, a + ((long) i * lda + p) * Float.BYTES, bj + p * rowBytes, rowBytes, columns);
        }
      }
      for (; p < k; p++) {
        for (int i = 0; i < m; i++) {
          long row = cj + (long) i * ldc * Float.BYTES;
          addOne(
              row,
              HostMemory.getFloat(a + ((long) i * lda + p) * Float.BYTES),
              bj + p * rowBytes,
              columns);
        }
      }
    }
  }

  /** See {@link CpuSgemm#nt}. */
  static void nt(
      long c,
      int ldc,
      long a,
      int lda,
      WeightAddress b,
      int ldb,
      int m,
      int n,
      int k,
      boolean accumulate) {
    if (!accumulate) {
      clear(c, ldc, m, n);
    }
    long rowBytes = (long) ldb * b.elementBytes();
    for (int i = 0; i < m; i++) {
      long ai = a + (long) i * lda * Float.BYTES;
      long ci = c + (long) i * ldc * Float.BYTES;
      int j = 0;
      for (; j <= n - 8; j += 8) {
        long cj = ci + (long) j * Float.BYTES;
        long bj = b.address() + j * rowBytes;
        if (b.narrow()) {
          NarrowThin.dotEight(cj, ai, bj, rowBytes, k);
        } else {
          dotEight(cj, ai, bj, rowBytes, k);
        }
      }
      for (; j < n; j++) {
        long cj = ci + (long) j * Float.BYTES;
        long bj = b.address() + j * rowBytes;
        if (b.narrow()) {
          NarrowThin.dotOne(cj, ai, bj, k);
        } else {
          dotOne(cj, ai, bj, k);
        }
      }
    }
  }

  /** Writes zeros to (m, n). */
  static void clear(long c, int ldc, int m, int n) {
    for (int i = 0; i < m; i++) {
      HostMemory.ALL
          .asSlice(c + (long) i * ldc * Float.BYTES, (long) n * Float.BYTES)
          .fill((byte) 0);
    }
  }

  /** {@code c[j] += Σ a[p] · b[p, j]}, p = 0 … 7 in this order. */
  private static void addEight(long c, long a, long b, long rowBytes, int columns) {
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
      long bj = b + (long) j * Float.BYTES;
      long cj = c + (long) j * Float.BYTES;
      FloatVector x = load(cj);
      x = a0.fma(load(bj), x);
      x = a1.fma(load(bj + rowBytes), x);
      x = a2.fma(load(bj + 2 * rowBytes), x);
      x = a3.fma(load(bj + 3 * rowBytes), x);
      x = a4.fma(load(bj + 4 * rowBytes), x);
      x = a5.fma(load(bj + 5 * rowBytes), x);
      x = a6.fma(load(bj + 6 * rowBytes), x);
      x = a7.fma(load(bj + 7 * rowBytes), x);
      x.intoMemorySegment(HostMemory.ALL, cj, HostMemory.ORDER);
    }
    for (; j < columns; j++) {
      long cj = c + (long) j * Float.BYTES;
      float x = HostMemory.getFloat(cj);
      for (int p = 0; p < 8; p++) {
        x =
            Math.fma(
                HostMemory.getFloat(a + (long) p * Float.BYTES),
                HostMemory.getFloat(b + p * rowBytes + (long) j * Float.BYTES),
                x);
      }
      HostMemory.setFloat(cj, x);
    }
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, HostMemory.ALL, address, HostMemory.ORDER);
  }

  private static void addOne(long c, float a, long b, int columns) {
    FloatVector av = FloatVector.broadcast(SPECIES, a);
    int j = 0;
    for (; j <= columns - W; j += W) {
      long cj = c + (long) j * Float.BYTES;
      av.fma(load(b + (long) j * Float.BYTES), load(cj))
          .intoMemorySegment(HostMemory.ALL, cj, HostMemory.ORDER);
    }
    for (; j < columns; j++) {
      long cj = c + (long) j * Float.BYTES;
      HostMemory.setFloat(
          cj,
          Math.fma(a, HostMemory.getFloat(b + (long) j * Float.BYTES), HostMemory.getFloat(cj)));
    }
  }

  /** Eight chains side by side, as a chain alone waits four cycles for each of its additions. */
  private static void dotEight(long c, long a, long b, long rowBytes, int k) {
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
      long offset = (long) p * Float.BYTES;
      float ap = HostMemory.getFloat(a + offset);
      x0 = Math.fma(ap, HostMemory.getFloat(b + offset), x0);
      x1 = Math.fma(ap, HostMemory.getFloat(b + rowBytes + offset), x1);
      x2 = Math.fma(ap, HostMemory.getFloat(b + 2 * rowBytes + offset), x2);
      x3 = Math.fma(ap, HostMemory.getFloat(b + 3 * rowBytes + offset), x3);
      x4 = Math.fma(ap, HostMemory.getFloat(b4 + offset), x4);
      x5 = Math.fma(ap, HostMemory.getFloat(b4 + rowBytes + offset), x5);
      x6 = Math.fma(ap, HostMemory.getFloat(b4 + 2 * rowBytes + offset), x6);
      x7 = Math.fma(ap, HostMemory.getFloat(b4 + 3 * rowBytes + offset), x7);
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

  private static void dotOne(long c, long a, long b, int k) {
    float x = HostMemory.getFloat(c);
    for (int p = 0; p < k; p++) {
      long offset = (long) p * Float.BYTES;
      x = Math.fma(HostMemory.getFloat(a + offset), HostMemory.getFloat(b + offset), x);
    }
    HostMemory.setFloat(c, x);
  }
}
