package org.score4j.training.rewards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.score4j.training.rewards.RewardShapings.Coefficients;
import org.score4j.training.rollouts.Outcome;
import org.score4j.training.rollouts.Samples;
import org.score4j.training.verifiers.Verdict;

class RewardShapingsTest {
  private static final Outcome WRONG_RIGHT = outcome(false, 0, 1);
  private static final Outcome RIGHT_RIGHT = outcome(true, 1, 1);
  private static final Outcome WRONG_WRONG = outcome(true, 0, 0);
  private static final Outcome RIGHT_WRONG = outcome(false, 1, 0);

  @Test
  void scorePaysTheSecondAttempt11And1And0AndMinus10() {
    RewardShaping score = RewardShapings.score(10);
    assertThat(score.rewards(WRONG_RIGHT)[1]).isEqualTo(11);
    assertThat(score.rewards(RIGHT_RIGHT)[1]).isEqualTo(1);
    assertThat(score.rewards(WRONG_WRONG)[1]).isEqualTo(0);
    assertThat(score.rewards(RIGHT_WRONG)[1]).isEqualTo(-10);
  }

  @Test
  void theBonusNeverReachesTheFirstAttempt() {
    for (double alpha : new double[] {0.5, 10, 1000}) {
      RewardShaping score = RewardShapings.score(alpha);
      for (Outcome outcome : List.of(WRONG_RIGHT, RIGHT_RIGHT, WRONG_WRONG, RIGHT_WRONG)) {
        assertThat(score.rewards(outcome)[0]).isEqualTo(outcome.score(0));
      }
    }
  }

  @Test
  void theBonusReadsBothScoresWithTheirSigns() {
    assertThat(RewardShapings.score(4).rewards(outcome(false, 0.25, 0.75)))
        .containsExactly(0.25, 2.75);
  }

  @Test
  void stageOneRewardsOnlyTheSecondAttempt() {
    RewardShaping stageOne = RewardShapings.stageOne();
    assertThat(stageOne.rewards(RIGHT_WRONG)).containsExactly(0, 0);
    assertThat(stageOne.rewards(RIGHT_RIGHT)).containsExactly(0, 1);
    assertThat(stageOne.rewards(WRONG_RIGHT)).containsExactly(0, 1);
  }

  @Test
  void noShapingAndSingleTurnPassTheScoresThrough() {
    assertThat(RewardShapings.none().rewards(WRONG_RIGHT)).containsExactly(0, 1);
    assertThat(RewardShapings.none().rewards(RIGHT_WRONG)).containsExactly(1, 0);
    assertThat(RewardShapings.singleTurn().rewards(RIGHT_RIGHT)).containsExactly(1, 0);
  }

  @Test
  void anUnchangedAnswerIsPunishedOnlyByRepeatPenalty() {
    assertThat(RewardShapings.repeatPenalty(1).rewards(WRONG_WRONG)).containsExactly(0, -1);
    assertThat(RewardShapings.repeatPenalty(1).rewards(RIGHT_RIGHT)).containsExactly(1, 0);
    assertThat(RewardShapings.repeatPenalty(1).rewards(WRONG_RIGHT)).containsExactly(0, 1);
    for (String name : List.of("stage1", "score", "none", "single-turn", "match-bonus")) {
      RewardShaping shaping = RewardShapings.byName(name, Coefficients.DEFAULTS, 2);
      assertThat(shaping.rewards(WRONG_WRONG))
          .as(name)
          .isEqualTo(shaping.rewards(outcome(false, 0, 0)));
    }
  }

  @Test
  void matchBonusPaysARightSecondAttemptWhateverTheFirstWas() {
    assertThat(RewardShapings.matchBonus(2).rewards(WRONG_RIGHT)).containsExactly(0, 2);
    assertThat(RewardShapings.matchBonus(2).rewards(RIGHT_RIGHT)).containsExactly(1, 2);
    assertThat(RewardShapings.matchBonus(2).rewards(RIGHT_WRONG)).containsExactly(1, 0);
  }

  @Test
  void onlyFullReturnPaysTheBonusToTheFirstAttemptAndWarns() {
    assertThat(RewardShapings.fullReturn(10).rewards(WRONG_RIGHT)).containsExactly(11, 11);
    for (String name : RewardShapings.names()) {
      RewardShaping shaping = RewardShapings.byName(name, Coefficients.DEFAULTS, 2);
      assertThat(shaping.name()).isEqualTo(name);
      assertThat(shaping.warning().isPresent()).as(name).isEqualTo(name.equals("full-return"));
      assertThat(shaping.rewards(WRONG_RIGHT)[0])
          .as(name)
          .isEqualTo(name.equals("full-return") ? 11 : 0);
    }
  }

  @Test
  void anUnknownNameOrCoefficientIsRefusedWithTheChoices() {
    assertThatThrownBy(() -> RewardShapings.byName("bonsu", Coefficients.DEFAULTS, 2))
        .hasMessageContaining(
            "\"bonsu\"; choose one of stage1, score, none, single-turn, match-bonus,"
                + " repeat-penalty, full-return");
    assertThatThrownBy(() -> RewardShapings.score(-1)).hasMessageContaining("alpha is -1.0");
    assertThatThrownBy(() -> RewardShapings.score(Double.NaN)).hasMessageContaining("alpha is NaN");
    assertThatThrownBy(() -> RewardShapings.matchBonus(1))
        .hasMessageContaining("must be above 1.0");
  }

  @Test
  void withThreeAttempts_eachBonusIsAgainstTheAttemptBefore() {
    Outcome outcome = outcome(false, 0, 1, 0.5);
    assertThat(RewardShapings.score(10).rewards(outcome)).containsExactly(0, 11, -4.5);
    assertThat(RewardShapings.stageOne().rewards(outcome)).containsExactly(0, 0, 0.5);
    assertThat(RewardShapings.none().rewards(outcome)).containsExactly(0, 1, 0.5);
    assertThat(RewardShapings.singleTurn().rewards(outcome(false, 1, 1, 1)))
        .containsExactly(1, 0, 0);
    assertThat(RewardShapings.matchBonus(2).rewards(outcome)).containsExactly(0, 2, 1);
    assertThat(RewardShapings.fullReturn(10).rewards(outcome)).containsExactly(6.5, 6.5, -4.5);
    assertThat(RewardShapings.repeatPenalty(1).rewards(outcome(true, 1, 1, 0)))
        .containsExactly(1, 0, -1);
  }

  @Test
  void withOneAttempt_everyShapingPaysItsScore() {
    for (String name : RewardShapings.names()) {
      assertThat(RewardShapings.byName(name, Coefficients.DEFAULTS, 1).rewards(outcome(false, 1)))
          .as(name)
          .containsExactly(1);
    }
  }

  @Test
  void aBatchLeavesOutSamplesWithAnErrorInAnyAttempt() {
    Verdict right = Verdict.right("");
    Verdict wrong = Verdict.wrong("");
    Verdict failed = Verdict.failed("crashed");
    RewardBatch batch =
        RewardBatch.of(
            RewardShapings.score(10),
            List.of(
                Samples.rollout(wrong, right),
                Samples.rollout(right, failed),
                Samples.rollout(failed, right),
                Samples.rollout(right, wrong)));
    assertThat(batch.included()).containsExactly(true, false, false, true);
    assertThat(batch.rewards()[0]).containsExactly(0, Double.NaN, Double.NaN, 1);
    assertThat(batch.rewards()[1]).containsExactly(11, Double.NaN, Double.NaN, -10);
    assertThat(batch.numExcluded()).isEqualTo(2);
    assertThatThrownBy(
            () ->
                RewardBatch.of(
                    RewardShapings.none(),
                    List.of(Samples.rollout(right, right), Samples.rollout(right))))
        .hasMessageContaining("conversation 1 has 1 attempts and the first 2");
  }

  /** Attempts of these scores; each repeats the one before, or none does. */
  private static Outcome outcome(boolean unchanged, double... scores) {
    int[][] ids = new int[scores.length][];
    for (int t = 0; t < ids.length; t++) {
      ids[t] = new int[] {unchanged ? 0 : t};
    }
    return new Outcome(scores, new boolean[scores.length], ids);
  }
}
