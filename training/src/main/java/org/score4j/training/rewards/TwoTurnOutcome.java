package org.score4j.training.rewards;

import org.score4j.training.verifiers.Verdict;

/**
 * What a shaping may look at: both scores and whether the second response repeats the first token
 * for token.
 *
 * @param r1 r(y1), the verifier's score of the first attempt
 * @param r2 r(y2), the verifier's score of the second attempt
 * @param unchanged whether y2 = y1
 */
public record TwoTurnOutcome(double r1, double r2, boolean unchanged) {
  /** From the verdicts of the two attempts; throws when one of them is an error. */
  public static TwoTurnOutcome of(Verdict first, Verdict second, boolean unchanged) {
    return new TwoTurnOutcome(first.score(), second.score(), unchanged);
  }
}
