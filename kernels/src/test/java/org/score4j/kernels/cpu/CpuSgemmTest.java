package org.score4j.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CpuSgemmTest {
  private static final float GUARD = -12345.678f;
  private static final int GUARDS = 64;
  private static final int GUARD_BYTES = 64;

  private enum Form {
    NN,
    NT,
    TN
  }

  @Test
  void everyElementIsOneChain_overAwkwardSizes() {
    int[] sizes = {1, 2, 3, 5, 6, 15, 16, 17, 33, 63, 64, 65, 100};
    long seed = 1;
    for (Form form : Form.values()) {
      for (int m : sizes) {
        for (int n : sizes) {
          check(form, m, n, sizes[Math.floorMod(m * 31 + n, sizes.length)], seed++);
        }
      }
    }
  }

  @Test
  void everyElementIsOneChain_whenTheDepthIsBlocked() {
    long seed = 1000;
    for (Form form : Form.values()) {
      for (int k : new int[] {0, 127, 383, 384, 385, 1000, 3000}) {
        check(form, 7, 70, k, seed++);
        check(form, 1, 33, k, seed++);
        check(form, 64, 64, k, seed++);
      }
    }
  }

  @Test
  void everyElementIsOneChain_whenRowsAndColumnsAreBlocked() {
    long seed = 2000;
    for (Form form : Form.values()) {
      check(form, 400, 40, 50, seed++);
      check(form, 3, 1700, 40, seed++);
      check(form, 20, 1100, 210, seed++);
      check(form, 200, 530, 390, seed++);
      check(form, 193, 20, 4100, seed++);
      check(form, 391, 2059, 3, seed++);
    }
  }

  @Test
  void twoAccumulatingCallsOverTheHalvesOfK_giveTheBitsOfOne() {
    Random random = new Random(7);
    int m = 37;
    int n = 75;
    int k = 300;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment a = random(arena, random, m * k);
      MemorySegment b = random(arena, random, k * n);
      MemorySegment whole = arena.allocate((long) m * n * Float.BYTES, 64);
      MemorySegment halves = arena.allocate((long) m * n * Float.BYTES, 64);
      SgemmScratch s = SgemmScratch.in(arena, m, n, k);
      int half = 141;
      WeightAddress right = WeightAddress.single(b.address());
      CpuSgemm.nn(s, whole.address(), n, a.address(), k, right, n, m, n, k, false);
      CpuSgemm.nn(s, halves.address(), n, a.address(), k, right, n, m, n, half, false);
      CpuSgemm.nn(
          s,
          halves.address(),
          n,
          a.address() + half * 4L,
          k,
          right.at(half, n, 0),
          n,
          m,
          n,
          k - half,
          true);
      assertThat(halves.mismatch(whole)).isEqualTo(-1);
    }
  }

  private static void check(Form form, int m, int n, int k, long seed) {
    Random random = new Random(seed);
    int lda = (form == Form.TN ? m : k) + random.nextInt(3);
    int ldb = (form == Form.NT ? k : n) + random.nextInt(3);
    int ldc = n + random.nextInt(3);
    boolean accumulate = random.nextBoolean();
    boolean narrow = form != Form.TN && random.nextBoolean();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment a = random(arena, random, (form == Form.TN ? k : m) * lda);
      int sizeOfB = (form == Form.NT ? n : k) * ldb;
      MemorySegment b = random(arena, random, sizeOfB);
      MemorySegment stored = narrow ? narrowed(arena, b, sizeOfB) : b;
      float[] expected = new float[m * ldc + 2 * GUARDS];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = GUARD + i;
      }
      MemorySegment c = arena.allocate((long) expected.length * Float.BYTES, 64);
      MemorySegment.copy(expected, 0, c, ValueLayout.JAVA_FLOAT, 0, expected.length);
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          float sum = accumulate ? expected[GUARDS + i * ldc + j] : 0;
          for (int p = 0; p < k; p++) {
            float left =
                a.getAtIndex(
                    ValueLayout.JAVA_FLOAT,
                    form == Form.TN ? (long) p * lda + i : (long) i * lda + p);
            float right =
                b.getAtIndex(
                    ValueLayout.JAVA_FLOAT,
                    form == Form.NT ? (long) j * ldb + p : (long) p * ldb + j);
            sum = Math.fma(left, right, sum);
          }
          expected[GUARDS + i * ldc + j] = sum;
        }
      }
      MemorySegment panels = arena.allocate(CpuSgemm.panelBytes(m, n, k) + GUARD_BYTES, 64);
      panels.fill((byte) 0xFF);
      SgemmScratch s = new SgemmScratch(new float[CpuSgemm.blockFloats(m, k)], panels.address());
      Arrays.fill(s.block(), Float.NaN);
      long at = c.address() + GUARDS * 4L;
      WeightAddress right = new WeightAddress(stored.address(), narrow);
      switch (form) {
        case NN -> CpuSgemm.nn(s, at, ldc, a.address(), lda, right, ldb, m, n, k, accumulate);
        case NT -> CpuSgemm.nt(s, at, ldc, a.address(), lda, right, ldb, m, n, k, accumulate);
        case TN -> CpuSgemm.tn(s, at, ldc, a.address(), lda, b.address(), ldb, m, n, k, accumulate);
      }
      long mismatch = c.mismatch(MemorySegment.ofArray(expected));
      long element = mismatch / Float.BYTES - GUARDS;
      assertThat(mismatch)
          .as(
              "%s m=%d n=%d k=%d lda=%d ldb=%d ldc=%d accumulate=%s narrow=%s seed=%d: first wrong"
                  + " element (%d, %d)",
              form, m, n, k, lda, ldb, ldc, accumulate, narrow, seed, element / ldc, element % ldc)
          .isEqualTo(-1);
      MemorySegment guard = panels.asSlice(CpuSgemm.panelBytes(m, n, k));
      assertThat(guard.toArray(ValueLayout.JAVA_BYTE)).containsOnly((byte) 0xFF);
    }
  }

  /** The upper halves of floats at an odd address, from which the lower halves are taken away. */
  private static MemorySegment narrowed(Arena arena, MemorySegment floats, int count) {
    MemorySegment memory = arena.allocate(Math.max(1, count) * 2L + 2, 64).asSlice(2);
    for (int i = 0; i < count; i++) {
      int bits = floats.getAtIndex(ValueLayout.JAVA_INT, i) & NarrowMemory.HIGH;
      floats.setAtIndex(ValueLayout.JAVA_INT, i, bits);
      memory.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (bits >>> 16));
    }
    return memory;
  }

  private static MemorySegment random(Arena arena, Random random, int count) {
    MemorySegment memory = arena.allocate(Math.max(1, count) * 4L, 64);
    for (int i = 0; i < count; i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() * 2 - 1);
    }
    return memory;
  }
}
