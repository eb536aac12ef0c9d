package org.score4j.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Against plain loops that spell the order of additions out: so the bits are those of every vector
 * length.
 */
class LanesTest {
  private static final long SEED = 4711;

  @Test
  void dot_hasTheBitsOfSixteenChainsAndATree_forEveryLength() {
    try (Arena arena = Arena.ofConfined()) {
      float[] lanes = new float[Lanes.COUNT];
      for (int n = 1; n < 100; n++) {
        float[] a = random(n, 1);
        float[] b = random(n, 2);
        float[] c = random(n, 3);
        long at = copy(arena, a).address();
        long bt = copy(arena, b).address();
        long ct = copy(arena, c).address();
        assertSameBits(n, Lanes.dot(at, bt, n, lanes), plainDot(a, b));
        float[] ab = new float[n];
        for (int i = 0; i < n; i++) {
          ab[i] = a[i] * b[i];
        }
        assertSameBits(n, Lanes.dot(at, bt, ct, n, lanes), plainDot(ab, c));
      }
    }
  }

  @Test
  void exponentialsOfAVocabulary_areSummedInTheDocumentedOrder() {
    try (Arena arena = Arena.ofConfined()) {
      float[] lanes = new float[Lanes.COUNT];
      for (int vocabulary : new int[] {1, 2, 15, 16, 17, 100, 4095, 4096, 4097, 9000}) {
        float[] z = random(vocabulary, vocabulary);
        MemorySegment row = arena.allocate(4L * Lanes.roundUp(vocabulary), 64);
        MemorySegment.copy(MemorySegment.ofArray(z), 0, row, 0, 4L * vocabulary);
        float max = VocabularyRow.scaleAndMax(row.address(), vocabulary, 0.75f, lanes);
        float logSumExp = VocabularyRow.logSumExp(row.address(), vocabulary, max, lanes);
        assertSameBits(vocabulary, logSumExp, plainLogSumExp(z, 0.75f, max));
      }
    }
  }

  private static float plainDot(float[] a, float[] b) {
    float[] lanes = new float[Lanes.COUNT];
    for (int i = 0; i < a.length; i++) {
      lanes[i % Lanes.COUNT] = Math.fma(a[i], b[i], lanes[i % Lanes.COUNT]);
    }
    return tree(lanes);
  }

  private static float plainLogSumExp(float[] z, float factor, float max) {
    double sum = 0;
    for (int chunk = 0; chunk < z.length; chunk += 4096) {
      float[] lanes = new float[Lanes.COUNT];
      for (int v = chunk; v < Math.min(chunk + 4096, z.length); v++) {
        lanes[v % Lanes.COUNT] += CpuMath.exp(z[v] * factor - max);
      }
      sum += tree(lanes);
    }
    return CpuMath.log((float) sum);
  }

  private static float tree(float[] lanes) {
    for (int half = Lanes.COUNT / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  private static MemorySegment copy(Arena arena, float[] values) {
    return arena.allocate(4L * values.length, 64).copyFrom(MemorySegment.ofArray(values));
  }

  private static float[] random(int n, int stream) {
    SplittableRandom random = new SplittableRandom(SEED + stream);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static void assertSameBits(int n, float actual, float wanted) {
    assertThat(Float.floatToRawIntBits(actual))
        .as("n=%d, seed=%d: %s, wanted %s", n, SEED, actual, wanted)
        .isEqualTo(Float.floatToRawIntBits(wanted));
  }
}
