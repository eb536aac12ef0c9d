package org.score4j.core.model;

import java.util.Arrays;
import java.util.Locale;

/**
 * Which activations of a training pass are kept for the backward pass and which are computed again
 * there: memory against time. On backends with equal bits no gradient changes by a bit.
 *
 * <p>D width, F feed-forward, Q query width, QKV width of a qkv row; numbers per token and block.
 */
public enum Recompute {
  /** Everything is kept: 6D + QKV + Q + 3F. */
  NONE,
  /** Norm and SwiGLU outputs are computed again, a few percent of the time: 4D + QKV + Q + 2F. */
  NORMS,
  /**
   * Only each block's input is kept, and one forward pass more is computed, a third of the time: D.
   */
  BLOCKS;

  /**
   * The level of that name in a config.
   *
   * @throws IllegalArgumentException with all names, for an unknown one
   */
  public static Recompute byName(String name) {
    for (Recompute level : values()) {
      if (level.toString().equals(name)) {
        return level;
      }
    }
    throw new IllegalArgumentException(
        "recompute is '%s'; use one of %s".formatted(name, Arrays.toString(values())));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
