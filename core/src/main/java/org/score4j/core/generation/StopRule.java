package org.score4j.core.generation;

/**
 * When a response ends.
 *
 * @param stopIds ids that end it (they are part of the response); empty for a format of fixed
 *     length
 * @param maxNewTokens most tokens of a response
 */
public record StopRule(int[] stopIds, int maxNewTokens) {
  /** Why a response ended. */
  public enum Finish {
    /** A stop id was drawn, or a format of fixed length is complete. */
    STOP,
    /**
     * The length limit was hit first: the response is truncated and must not be scored as if it
     * were whole.
     */
    LENGTH
  }

  /** Refuses limits below one token. */
  public StopRule {
    if (maxNewTokens < 1) {
      throw new IllegalArgumentException(
          "stop rule: maxNewTokens is " + maxNewTokens + ", it must be at least 1");
    }
  }

  /**
   * A response of exactly {@code length} tokens; reaching the length is its regular end, not a
   * truncation.
   */
  public static StopRule fixedLength(int length) {
    return new StopRule(new int[0], length);
  }

  /** Whether a response of {@code length} tokens ending in {@code last} is over. */
  boolean isOver(int last, int length) {
    return length >= maxNewTokens || isStop(last);
  }

  /** Why it is over. */
  Finish finish(int last) {
    return stopIds.length == 0 || isStop(last) ? Finish.STOP : Finish.LENGTH;
  }

  private boolean isStop(int id) {
    for (int stop : stopIds) {
      if (stop == id) {
        return true;
      }
    }
    return false;
  }
}
