package org.score4j.training.tasks;

import org.score4j.kernels.Philox;

/** Random words by key and counter, and what is made of one word. */
final class Draws {
  private static final int WORDS_PER_BLOCK = 4;

  private Draws() {}

  /**
   * The first {@code count} words at counters (c0, c1, c2); the fourth counter numbers the blocks
   * of four.
   */
  static int[] words(long key, int c0, int c1, int c2, int count) {
    int[] words = new int[count];
    int[] block = new int[WORDS_PER_BLOCK];
    for (int i = 0; i < count; i++) {
      if (i % WORDS_PER_BLOCK == 0) {
        Philox.generate(block, (int) key, (int) (key >>> 32), c0, c1, c2, i / WORDS_PER_BLOCK);
      }
      words[i] = block[i % WORDS_PER_BLOCK];
    }
    return words;
  }

  /**
   * A number in {@code [0, bound)}: the upper half of word × bound. Its bias, bound / 2³², is
   * nothing beside any sampling error here.
   */
  static int below(int word, int bound) {
    return (int) ((Integer.toUnsignedLong(word) * bound) >>> 32);
  }

  /** Whether an event of this probability happens; never for 0, always for 1. */
  static boolean happens(int word, double probability) {
    return Philox.uniform(word) < probability;
  }
}
