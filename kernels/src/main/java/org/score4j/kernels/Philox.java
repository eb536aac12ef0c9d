package org.score4j.kernels;

/**
 * Philox4x32-10, the counter-based generator of Salmon et al. (SC'11, "Parallel random numbers: as
 * easy as 1, 2, 3"). A draw is a pure function of key and counter: any rollout can be replayed
 * alone, on any backend. There is no generator with hidden state anywhere.
 */
public final class Philox {
  /** Multiplier of word 0. */
  public static final int M0 = 0xD2511F53;

  /** Multiplier of word 2. */
  public static final int M1 = 0xCD9E8D57;

  /** What a round adds to word 0 of the key. */
  public static final int W0 = 0x9E3779B9;

  /** What a round adds to word 1 of the key. */
  public static final int W1 = 0xBB67AE85;

  /** Rounds. */
  public static final int ROUNDS = 10;

  private Philox() {}

  /**
   * Four random words.
   *
   * @param out receives words 0..3
   * @param key0 low word of the key
   * @param key1 high word of the key
   * @param c0 counter word 0
   * @param c1 counter word 1
   * @param c2 counter word 2
   * @param c3 counter word 3
   */
  public static void generate(int[] out, int key0, int key1, int c0, int c1, int c2, int c3) {
    int k0 = key0;
    int k1 = key1;
    int x0 = c0;
    int x1 = c1;
    int x2 = c2;
    int x3 = c3;
    for (int round = 0; round < ROUNDS; round++) {
      long p0 = (M0 & 0xFFFFFFFFL) * (x0 & 0xFFFFFFFFL);
      long p1 = (M1 & 0xFFFFFFFFL) * (x2 & 0xFFFFFFFFL);
      int y0 = (int) (p1 >>> 32) ^ x1 ^ k0;
      int y2 = (int) (p0 >>> 32) ^ x3 ^ k1;
      x1 = (int) p1;
      x3 = (int) p0;
      x0 = y0;
      x2 = y2;
      k0 += W0;
      k1 += W1;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
  }

  /**
   * A uniform float strictly between 0 and 1, from the upper 23 bits of a word: {@code (k +
   * ½)·2⁻²³}. 23 bits, not 24, so that k + ½ is exact in single precision and 1 is never reached.
   */
  public static float uniform(int word) {
    return ((word >>> 9) + 0.5f) * 0x1p-23f;
  }

  /**
   * Two words of a new key, folded into a long (word 1 high, word 0 low), derived from a key and
   * four counters.
   */
  public static long derive(long key, int c0, int c1, int c2, int c3) {
    int[] out = new int[4];
    generate(out, (int) key, (int) (key >>> 32), c0, c1, c2, c3);
    return (out[1] & 0xFFFFFFFFL) << 32 | (out[0] & 0xFFFFFFFFL);
  }
}
