package org.score4j.training.tasks;

/**
 * What the supervised base sees. The defaults are those of SCORE.md; they decide how latent
 * self-correction is in the base.
 *
 * @param twoTurn a row is a two-turn transcript with the loss on attempt 2 only, else a single turn
 *     with the loss on attempt 1
 * @param slip attempt 1 misreads the last step, when that is a sum or a difference
 * @param slipProduct attempt 1 misreads the last step, when that is a product
 * @param corruptAnswer the answer of a transcript's draft is replaced by another digit
 * @param corruptWorking one running result of a transcript's draft is replaced by any digit
 * @param fix attempt 2 is right
 * @param nudge attempt 2 adds 1 to the draft's answer, when the last step is a sum or a product
 * @param nudgeDifference attempt 2 adds 1 to the draft's answer, when the last step is a difference
 */
public record MixtureProbabilities(
    double twoTurn,
    double slip,
    double slipProduct,
    double corruptAnswer,
    double corruptWorking,
    double fix,
    double nudge,
    double nudgeDifference) {
  /** The mixture of SCORE.md. */
  public static final MixtureProbabilities DEFAULTS =
      new MixtureProbabilities(0.25, 0.15, 0.65, 0.3, 0.05, 0.10, 0.10, 0.55);

  /** Checks that each is a probability and that fix and nudge leave room for each other. */
  public MixtureProbabilities {
    probability("twoTurn", twoTurn);
    probability("slip", slip);
    probability("slipProduct", slipProduct);
    probability("corruptAnswer", corruptAnswer);
    probability("corruptWorking", corruptWorking);
    probability("fix", fix);
    probability("nudge", nudge);
    probability("nudgeDifference", nudgeDifference);
    if (fix + Math.max(nudge, nudgeDifference) > 1) {
      throw new IllegalArgumentException(
          "mixture: fix %s and nudge %s or nudgeDifference %s add up to more than 1; an attempt does one of them"
              .formatted(fix, nudge, nudgeDifference));
    }
  }

  private static void probability(String key, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(
          "mixture.%s is %s, it must be a probability from 0 to 1".formatted(key, value));
    }
  }
}
