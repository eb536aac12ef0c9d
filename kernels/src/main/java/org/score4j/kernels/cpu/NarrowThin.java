package org.score4j.kernels.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link SgemmThin} over a B that is BF16: half the bytes for the same work.
 *
 * <p>A vector of ints holds twice its lanes of neighbouring columns; a shift gives the even ones, a
 * mask the odd ones, where bytes are little-endian. So sums are kept apart in the same way, and put
 * into their places at the end.
 */
final class NarrowThin {
  private static final VectorSpecies<Float> SPECIES = SgemmTiles.SPECIES;
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, SPECIES.vectorShape());
  private static final int W = SgemmTiles.W;
  private static final int PAIR = 2 * W;
  private static final int BYTES = NarrowMemory.BYTES;

  /** As many bytes of a row of B as {@link SgemmThin} takes; 768 and 3,072 columns were slower. */
  static final int CHUNK = 1536;

  private NarrowThin() {}

  /**
   * See {@link CpuSgemm#nn}.
   *
   * @param sums scratch of m rows of {@link #CHUNK}
   * @param b address of (k, n)
   */
  static void nn(
      float[] sums,
      long c,
      int ldc,
      long a,
      int lda,
      long b,
      int ldb,
      int m,
      int n,
      int k,
      boolean accumulate) {
    long rowBytes = (long) ldb * BYTES;
    for (int j = 0; j < n; j += CHUNK) {
      int columns = Math.min(CHUNK, n - j);
      int whole = columns / PAIR * PAIR;
      long cj = c + (long) j * Float.BYTES;
      long bj = b + (long) j * BYTES;
      for (int i = 0; i < m; i++) {
        long row = cj + (long) i * ldc * Float.BYTES;
        long ai = a + (long) i * lda * Float.BYTES;
        if (accumulate) {
          take(sums, i * CHUNK, row, whole);
        } else {
          Arrays.fill(sums, i * CHUNK, i * CHUNK + whole, 0f);
        }
        for (int tail = whole; tail < columns; tail++) {
          long at = row + (long) tail * Float.BYTES;
          float start = accumulate ? HostMemory.getFloat(at) : 0;
          HostMemory.setFloat(at, column(start, ai, bj + (long) tail * BYTES, rowBytes, k));
        }
      }
      int p = 0;
      for (; p <= k - 4; p += 4) {
        for (int i = 0; i < m; i++) {
          long ai = a + ((long) i * lda + p) * Float.BYTES;
          addFour(sums, i * CHUNK, ai, bj + p * rowBytes, rowBytes, whole);
        }
      }
      for (; p < k; p++) {
        for (int i = 0; i < m; i++) {
          float ai = HostMemory.getFloat(a + ((long) i * lda + p) * Float.BYTES);
          addOne(sums, i * CHUNK, ai, bj + p * rowBytes, whole);
        }
      }
      for (int i = 0; i < m; i++) {
        put(cj + (long) i * ldc * Float.BYTES, sums, i * CHUNK, whole);
      }
    }
  }

  /** Even columns of a pair of vectors, then odd ones. */
  private static void take(float[] sums, int to, long row, int columns) {
    for (int j = 0; j < columns; j += PAIR) {
      for (int i = 0; i < W; i++) {
        long at = row + (long) (j + 2 * i) * Float.BYTES;
        sums[to + j + i] = HostMemory.getFloat(at);
        sums[to + j + W + i] = HostMemory.getFloat(at + Float.BYTES);
      }
    }
  }

  private static void put(long row, float[] sums, int from, int columns) {
    for (int j = 0; j < columns; j += PAIR) {
      for (int i = 0; i < W; i++) {
        long at = row + (long) (j + 2 * i) * Float.BYTES;
        HostMemory.setFloat(at, sums[from + j + i]);
        HostMemory.setFloat(at + Float.BYTES, sums[from + j + W + i]);
      }
    }
  }

  private static float column(float start, long a, long b, long rowBytes, int k) {
    float x = start;
    for (int p = 0; p < k; p++) {
      float ap = HostMemory.getFloat(a + (long) p * Float.BYTES);
      x = Math.fma(ap, NarrowMemory.getFloat(b + p * rowBytes), x);
    }
    return x;
  }

  /**
   * {@code sums[j] += Σ a[p] · b[p, j]}, p = 0 … 3 in this order. Of eight at once the compilers
   * box the vectors.
   */
  private static void addFour(float[] sums, int to, long a, long b, long rowBytes, int columns) {
    FloatVector a0 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a));
    FloatVector a1 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a + 4));
    FloatVector a2 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a + 8));
    FloatVector a3 = FloatVector.broadcast(SPECIES, HostMemory.getFloat(a + 12));
    for (int j = 0; j < columns; j += PAIR) {
      long bj = b + (long) j * BYTES;
      FloatVector even = FloatVector.fromArray(SPECIES, sums, to + j);
      FloatVector odd = FloatVector.fromArray(SPECIES, sums, to + j + W);
      IntVector w = load(bj);
      even = a0.fma(w.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), even);
      odd = a0.fma(w.and(NarrowMemory.HIGH).reinterpretAsFloats(), odd);
      w = load(bj + rowBytes);
      even = a1.fma(w.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), even);
      odd = a1.fma(w.and(NarrowMemory.HIGH).reinterpretAsFloats(), odd);
      w = load(bj + 2 * rowBytes);
      even = a2.fma(w.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), even);
      odd = a2.fma(w.and(NarrowMemory.HIGH).reinterpretAsFloats(), odd);
      w = load(bj + 3 * rowBytes);
      even = a3.fma(w.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), even);
      odd = a3.fma(w.and(NarrowMemory.HIGH).reinterpretAsFloats(), odd);
      even.intoArray(sums, to + j);
      odd.intoArray(sums, to + j + W);
    }
  }

  private static IntVector load(long address) {
    return IntVector.fromMemorySegment(INTS, HostMemory.ALL, address, HostMemory.ORDER);
  }

  private static void addOne(float[] sums, int to, float a, long b, int columns) {
    FloatVector av = FloatVector.broadcast(SPECIES, a);
    for (int j = 0; j < columns; j += PAIR) {
      IntVector w = load(b + (long) j * BYTES);
      FloatVector even = FloatVector.fromArray(SPECIES, sums, to + j);
      FloatVector odd = FloatVector.fromArray(SPECIES, sums, to + j + W);
      av.fma(w.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), even)
          .intoArray(sums, to + j);
      av.fma(w.and(NarrowMemory.HIGH).reinterpretAsFloats(), odd).intoArray(sums, to + j + W);
    }
  }

  /**
   * {@code c[j] += Σ_p a[p] · b[j, p]} for eight rows of b, side by side; four numbers of a row are
   * read at once.
   */
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
    int p = 0;
    for (; p <= k - 4; p += 4) {
      long offset = (long) p * BYTES;
      long ap = a + (long) p * Float.BYTES;
      float a0 = HostMemory.getFloat(ap);
      float a1 = HostMemory.getFloat(ap + 4);
      float a2 = HostMemory.getFloat(ap + 8);
      float a3 = HostMemory.getFloat(ap + 12);
      x0 = addFour(x0, a0, a1, a2, a3, NarrowMemory.four(b + offset));
      x1 = addFour(x1, a0, a1, a2, a3, NarrowMemory.four(b + rowBytes + offset));
      x2 = addFour(x2, a0, a1, a2, a3, NarrowMemory.four(b + 2 * rowBytes + offset));
      x3 = addFour(x3, a0, a1, a2, a3, NarrowMemory.four(b + 3 * rowBytes + offset));
      x4 = addFour(x4, a0, a1, a2, a3, NarrowMemory.four(b4 + offset));
      x5 = addFour(x5, a0, a1, a2, a3, NarrowMemory.four(b4 + rowBytes + offset));
      x6 = addFour(x6, a0, a1, a2, a3, NarrowMemory.four(b4 + 2 * rowBytes + offset));
      x7 = addFour(x7, a0, a1, a2, a3, NarrowMemory.four(b4 + 3 * rowBytes + offset));
    }
    for (; p < k; p++) {
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

  /** {@code sum + Σ a_p · b_p}, p = 0 … 3 in this order, of four numbers in a long. */
  private static float addFour(float sum, float a0, float a1, float a2, float a3, long b) {
    float x = Math.fma(a0, Float.intBitsToFloat((int) b << 16), sum);
    x = Math.fma(a1, Float.intBitsToFloat((int) b & NarrowMemory.HIGH), x);
    int high = (int) (b >>> 32);
    x = Math.fma(a2, Float.intBitsToFloat(high << 16), x);
    return Math.fma(a3, Float.intBitsToFloat(high & NarrowMemory.HIGH), x);
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
