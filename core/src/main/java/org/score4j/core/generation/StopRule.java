package org.score4j.core.generation;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * When a response ends.
 *
 * @param stopIds ids that end it (they are part of the response); empty for a format of fixed
 *     length
 * @param maxNewTokens most tokens of a response
 * @param watches makes the watch of one response
 */
public record StopRule(int[] stopIds, int maxNewTokens, Supplier<Watch> watches) {
  /** Follows one response id by id. */
  @FunctionalInterface
  public interface Watch {
    /** Never ends a response. */
    Watch NONE = id -> false;

    /**
     * Takes the id drawn next; whether the response ends with it, as one that says all it has to.
     */
    boolean isOver(int id);
  }

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

  /** Ended by ids alone. */
  public StopRule(int[] stopIds, int maxNewTokens) {
    this(stopIds, maxNewTokens, () -> Watch.NONE);
  }

  /**
   * A response of exactly {@code length} tokens; reaching the length is its regular end, not a
   * truncation.
   */
  public static StopRule fixedLength(int length) {
    return new StopRule(new int[0], length);
  }

  /** Why a response that ends with {@code last} is over; null while it goes on. */
  @Nullable Finish finish(int last, int length, Watch watch) {
    // The watch sees every id, also where another reason ends the response.
    boolean watched = watch.isOver(last);
    if (watched || isStop(last)) {
      return Finish.STOP;
    }
    if (length < maxNewTokens) {
      return null;
    }
    return stopIds.length == 0 && watch.equals(Watch.NONE) ? Finish.STOP : Finish.LENGTH;
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
