package org.score4j.training.rollouts;

/**
 * A run of tokens of one origin within a conversation. The turn of a response is that of the
 * attempt; an instruction belongs to the turn it opens.
 *
 * @param turn from 0
 * @param role who wrote it
 * @param ids tokens as they were given or sampled
 * @param logProbs log-probability of each token when it was sampled, in nats; empty for given
 *     tokens
 * @param kept how many of the tokens, from the first, what follows goes on from: all, or all but an
 *     end of text that is none of the conversation's
 */
public record Span(int turn, Role role, int[] ids, float[] logProbs, int kept) {
  /** Who wrote a span. */
  public enum Role {
    /** The problem, given. */
    PROMPT,
    /** The correction instruction, given. */
    INSTRUCTION,
    /** An attempt, sampled. */
    RESPONSE
  }

  /** Refuses a sampled token without its log-probability. */
  public Span {
    if (logProbs.length != (role == Role.RESPONSE ? ids.length : 0)) {
      throw new IllegalArgumentException(
          "span: %d tokens of role %s with %d log-probs"
              .formatted(ids.length, role, logProbs.length));
    }
    if (kept > ids.length || kept < ids.length - (role == Role.RESPONSE ? 1 : 0)) {
      throw new IllegalArgumentException(
          "span: %d of %d tokens of role %s are kept; only the last of a response may be left out"
              .formatted(kept, ids.length, role));
    }
  }

  /** A span that what follows goes on from as a whole. */
  public Span(int turn, Role role, int[] ids, float[] logProbs) {
    this(turn, role, ids, logProbs, ids.length);
  }

  /** Whether the policy wrote it: the tokens a loss may touch. */
  public boolean sampled() {
    return role == Role.RESPONSE;
  }
}
