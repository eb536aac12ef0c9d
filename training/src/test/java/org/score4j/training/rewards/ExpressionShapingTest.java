package org.score4j.training.rewards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.score4j.training.rewards.RewardShapings.Coefficients;
import org.score4j.training.rollouts.Outcome;

class ExpressionShapingTest {
  private static final Coefficients TEN = new Coefficients(10, 2, 1);

  private static double[] rewards(String text, Outcome outcome) {
    return RewardShapings.byName(text, TEN, outcome.numAttempts()).rewards(outcome);
  }

  private static Outcome outcome(double r1, double r2, boolean truncated2, int[] y1, int[] y2) {
    return new Outcome(
        new double[] {r1, r2}, new boolean[] {false, truncated2}, new int[][] {y1, y2});
  }

  @Test
  void theShapingsOfThePaper_asExpressions_payTheSame() {
    long seed = 11;
    Random random = new Random(seed);
    for (int trial = 0; trial < 200; trial++) {
      double[] scores = {random.nextInt(5) / 4.0, random.nextInt(5) / 4.0, random.nextInt(2)};
      int[][] ids = {{random.nextInt(2)}, {random.nextInt(2)}, {random.nextInt(2)}};
      Outcome three = new Outcome(scores, new boolean[3], ids);
      Outcome two =
          new Outcome(
              new double[] {scores[0], scores[1]}, new boolean[2], new int[][] {ids[0], ids[1]});
      assertThat(rewards("r2 + 10*(r2 - r1)", two))
          .as("seed %d", seed)
          .isEqualTo(RewardShapings.score(10).rewards(two));
      assertThat(rewards("0; r2", two)).isEqualTo(RewardShapings.stageOne().rewards(two));
      assertThat(rewards("r1; r2 + alpha*(r2-r1); r3 + alpha*(r3-r2)", three))
          .isEqualTo(RewardShapings.score(10).rewards(three));
      assertThat(rewards("r1; r2 - unchanged2; r3 - unchanged3", three))
          .isEqualTo(RewardShapings.repeatPenalty(1).rewards(three));
    }
  }

  @Test
  void lengthEditDistanceAndTruncation_canBePaid() {
    Outcome outcome = outcome(1, 0.5, true, new int[] {1, 2, 3}, new int[] {1, 2, 4, 5});
    assertThat(rewards("r2 + 10*(r2 - r1) - 0.1*truncated2", outcome)).containsExactly(1, -4.6);
    assertThat(rewards("length1; length2 - 0.25*length1", outcome)).containsExactly(3, 3.25);
    // One replaced, one inserted: 2 of 7.
    assertThat(rewards("edit2", outcome)[1]).isEqualTo(2 / 7.0);
    assertThat(rewards("if(r2 < r1, -1, max(r1, r2))", outcome)[1]).isEqualTo(-1);
  }

  @Test
  void whatCannotBePaid_isRefusedWhenTheConfigIsRead() {
    assertRefused("r2 + r3", "it reads \"r3\"; with 2 attempts there are alpha, edit2, length1");
    assertRefused("r2 +", "shaping is \"r2 +\": at character");
    assertRefused("(r2", "shaping is \"(r2\": at character");
    assertRefused("r1; r2; r2", "it has 3 parts for 2 attempts");
    assertRefused("r2 > r1", "its value is false, not a number");
    assertRefused("random() + r2", "shaping is \"random() + r2\"");
    assertRefused("r2 / 0", "shaping is \"r2 / 0\"");
    assertRefused("bonsu", "no shaping \"bonsu\"; choose one of stage1, score");
  }

  private static void assertRefused(String text, String message) {
    assertThatThrownBy(() -> RewardShapings.byName(text, TEN, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
