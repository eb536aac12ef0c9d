package org.score4j.training.tasks;

import java.util.Arrays;

/** When a response ends: after a stop token, which belongs to it, or at a number of tokens. */
public final class StopRule {
  private final int maxTokens;
  private final int[] stopIds;

  private StopRule(int maxTokens, int[] stopIds) {
    if (maxTokens < 1) {
      throw new IllegalArgumentException(
          "stop rule: maxTokens is %d, a response has at least one token".formatted(maxTokens));
    }
    this.maxTokens = maxTokens;
    this.stopIds = stopIds.clone();
  }

  /**
   * Every response has exactly this many tokens and is complete then: nothing is ever truncated.
   */
  public static StopRule fixedLength(int tokens) {
    return new StopRule(tokens, new int[0]);
  }

  /**
   * A response ends with one of the stop tokens, and is truncated when it reaches the limit without
   * one.
   */
  public static StopRule stopTokens(int maxTokens, int... stopIds) {
    if (stopIds.length == 0) {
      throw new IllegalArgumentException(
          "stop rule: no stop token given; for responses of one length use fixedLength");
    }
    return new StopRule(maxTokens, stopIds);
  }

  /** The most tokens a response may have. */
  public int maxTokens() {
    return maxTokens;
  }

  /** The stop tokens (a copy); empty for a fixed length. */
  public int[] stopIds() {
    return stopIds.clone();
  }

  /** Whether the response ends with this token. */
  public boolean isStop(int id) {
    for (int stop : stopIds) {
      if (stop == id) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a response hit the limit before it was done; such a sample is counted, never silently
   * scored.
   */
  public boolean truncated(int[] response) {
    return stopIds.length > 0 && (response.length == 0 || !isStop(response[response.length - 1]));
  }

  @Override
  public String toString() {
    return stopIds.length == 0
        ? "exactly %d tokens".formatted(maxTokens)
        : "at one of %s, at most %d tokens".formatted(Arrays.toString(stopIds), maxTokens);
  }
}
