package org.score4j.training.rollouts;

/**
 * A run of tokens of one origin within a conversation. Given tokens belong to the attempt they lead
 * to; an attempt may have several sampled spans with given ones in between.
 *
 * @param attempt from 0
 * @param role what it is
 * @param sampled whether the policy drew it: the tokens a policy gradient may touch
 * @param ids tokens as they were given or sampled
 * @param logProbs log-probability of each token when it was sampled, in nats; empty for given
 *     tokens
 * @param kept how many of the tokens, from the first, what follows goes on from: all, or all but an
 *     end of text that is none of the conversation's
 */
public record Span(int attempt, Role role, boolean sampled, int[] ids, float[] logProbs, int kept) {
  /** What a span is. */
  public enum Role {
    /** The problem. */
    PROMPT,
    /** What asks for another attempt. */
    INSTRUCTION,
    /** An attempt, or a part of one. */
    RESPONSE
  }

  /** Refuses a sampled token without its log-probability, and a given one with it. */
  public Span {
    if (logProbs.length != (sampled ? ids.length : 0)) {
      throw new IllegalArgumentException(
          "span: %d %s tokens of role %s with %d log-probs; sampled tokens have one each, given ones none"
              .formatted(ids.length, sampled ? "sampled" : "given", role, logProbs.length));
    }
    if (kept > ids.length || kept < ids.length - (role == Role.RESPONSE ? 1 : 0)) {
      throw new IllegalArgumentException(
          "span: %d of %d tokens of role %s are kept; only the last of a response may be left out"
              .formatted(kept, ids.length, role));
    }
  }

  /** Tokens that nobody sampled. */
  public static Span given(int attempt, Role role, int[] ids) {
    return new Span(attempt, role, false, ids, new float[0], ids.length);
  }

  /** A response that the policy drew, and that what follows goes on from as a whole. */
  public static Span sampled(int attempt, int[] ids, float[] logProbs) {
    return sampled(attempt, ids, logProbs, ids.length);
  }

  /** A response that the policy drew, of which so many tokens are kept. */
  public static Span sampled(int attempt, int[] ids, float[] logProbs, int kept) {
    return new Span(attempt, Role.RESPONSE, true, ids, logProbs, kept);
  }
}
