package org.score4j.core.generation;

/**
 * Which tokens may be drawn. Not for training: what is drawn does not follow the policy then.
 *
 * @param topK the most probable ones; 0 for all
 * @param topP the fewest of those that hold this share of probability; 1 for all
 */
public record Truncation(int topK, double topP) {
  /** All tokens. */
  public static final Truncation NONE = new Truncation(0, 1);

  /** Refuses shares that nothing holds. */
  public Truncation {
    if (topK < 0 || !(topP > 0) || topP > 1) {
      throw new IllegalArgumentException(
          "top-k is %d and top-p %s; use a top-k of 0 (all) or more, and a top-p above 0 and at most 1 (all)"
              .formatted(topK, topP));
    }
  }

  boolean isNone() {
    return topK == 0 && topP == 1;
  }
}
