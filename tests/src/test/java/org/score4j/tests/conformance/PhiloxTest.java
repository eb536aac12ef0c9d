package org.score4j.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.score4j.kernels.Philox;

/**
 * The known-answer vectors of Random123 (kat_vectors, philox4x32 with 10 rounds) and the range of
 * the uniforms.
 */
class PhiloxTest {
  @Test
  void allZeros_givesThePublishedWords() {
    assertThat(words(0, 0, 0, 0, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
  }

  @Test
  void allOnes_givesThePublishedWords() {
    assertThat(words(-1, -1, -1, -1, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  }

  @Test
  void digitsOfPi_giveThePublishedWords() {
    assertThat(words(0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  @Test
  void uniform_isStrictlyBetweenZeroAndOne() {
    assertThat(Philox.uniform(0)).isEqualTo(0x1p-24f);
    assertThat(Philox.uniform(-1)).isEqualTo(1 - 0x1p-24f);
    assertThat(Philox.uniform(Integer.MIN_VALUE)).isEqualTo(0.5f + 0x1p-24f);
  }

  @Test
  void derive_packsTheFirstTwoWords() {
    long key = 0x299f31d0_a4093822L;
    assertThat(Philox.derive(key, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344))
        .isEqualTo(0x94fdcceb_d16cfe09L);
  }

  private static int[] words(int key0, int key1, int c0, int c1, int c2, int c3) {
    int[] out = new int[4];
    Philox.generate(out, key0, key1, c0, c1, c2, c3);
    return out;
  }
}
