package org.score4j.core.generation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A prompt and the conversations to sample from it.
 *
 * @param promptIds given tokens of the first turn; computed once for all samples
 * @param numSamples K, independent conversations
 * @param maxTokens most tokens of one conversation, prompt and given tokens included; memory is set
 *     aside for it
 * @param plan says what each conversation does turn by turn
 */
public record GenerationRequest(int[] promptIds, int numSamples, int maxTokens, TurnPlan plan) {
  /** Refuses empty prompts and sample counts. */
  public GenerationRequest {
    if (promptIds.length < 1 || numSamples < 1 || maxTokens <= promptIds.length) {
      throw new IllegalArgumentException(
          "generation: a prompt of %d tokens, %d samples and at most %d tokens; a prompt, a sample and room for a response are needed"
              .formatted(promptIds.length, numSamples, maxTokens));
    }
  }

  /**
   * One turn to come.
   *
   * @param givenIds tokens to append before sampling, empty in the first turn (the prompt)
   * @param replacesLast whether they stand in the place of the last id of the response before,
   *     which the conversation then does not go on from
   * @param stop when the response ends
   * @param key Philox key of this response: a function of run seed, step, prompt, sample and turn
   */
  public record Turn(int[] givenIds, boolean replacesLast, StopRule stop, long key) {
    /** Refuses to put nothing in the place of a token. */
    public Turn {
      if (replacesLast && givenIds.length == 0) {
        throw new IllegalArgumentException(
            "generation: a turn replaces the last token before it with nothing; give at least one"
                + " token");
      }
    }

    /** A turn after everything that was drawn. */
    public Turn(int[] givenIds, StopRule stop, long key) {
      this(givenIds, false, stop, key);
    }
  }

  /**
   * One turn as it happened.
   *
   * @param givenIds appended before the response, empty in the first turn
   * @param replacesLast whether they stand in the place of the last id of the response before
   * @param ids sampled
   * @param logProbs of each sampled id when it was drawn
   * @param finish why it ended
   */
  public record Response(
      int[] givenIds, boolean replacesLast, int[] ids, float[] logProbs, StopRule.Finish finish) {
    /** A response after everything that was drawn before. */
    public Response(int[] givenIds, int[] ids, float[] logProbs, StopRule.Finish finish) {
      this(givenIds, false, ids, logProbs, finish);
    }
  }

  /** Decides the turns of a conversation; called with everything sampled so far. */
  @FunctionalInterface
  public interface TurnPlan {
    /**
     * The next turn of conversation {@code sample}, or null when it is over; never null for the
     * first turn.
     */
    @Nullable Turn next(int sample, List<Response> soFar);
  }
}
