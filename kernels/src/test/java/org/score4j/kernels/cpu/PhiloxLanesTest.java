package org.score4j.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.Philox;

class PhiloxLanesTest {
  private static final int TO = 3;

  @Test
  void uniforms_areThoseOfPhilox_atEveryPlace() {
    Random random = new Random(11);
    int[] words = new int[4];
    for (int count : new int[] {1, 4, 16, 33, 256, 8_192}) {
      int key0 = random.nextInt();
      int key1 = random.nextInt();
      int position = random.nextInt();
      int drawn = Math.ceilDiv(count, PhiloxLanes.STEP) * PhiloxLanes.STEP;
      float[] s = new float[TO + drawn + 1];
      PhiloxLanes.uniforms(s, TO, count, key0, key1, position);
      for (int v = 0; v < drawn; v++) {
        Philox.generate(words, key0, key1, v / 4, position, 0, 0);
        assertThat(s[TO + v])
            .as("count %d, v %d", count, v)
            .isEqualTo(Philox.uniform(words[v % 4]));
      }
      assertThat(s[TO + drawn]).as("behind the last").isZero();
    }
  }
}
