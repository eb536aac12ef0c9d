package org.score4j.training.rewards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.score4j.training.rewards.RewardShapings.Coefficients;
import org.score4j.training.verifiers.Verdict;

class RewardShapingsTest {
  private static final TwoTurnOutcome WRONG_RIGHT = new TwoTurnOutcome(0, 1, false);
  private static final TwoTurnOutcome RIGHT_RIGHT = new TwoTurnOutcome(1, 1, true);
  private static final TwoTurnOutcome WRONG_WRONG = new TwoTurnOutcome(0, 0, true);
  private static final TwoTurnOutcome RIGHT_WRONG = new TwoTurnOutcome(1, 0, false);

  @Test
  void scorePaysTheSecondAttempt11And1And0AndMinus10() {
    RewardShaping score = RewardShapings.score(10);
    assertThat(score.rewards(WRONG_RIGHT).turn2()).isEqualTo(11);
    assertThat(score.rewards(RIGHT_RIGHT).turn2()).isEqualTo(1);
    assertThat(score.rewards(WRONG_WRONG).turn2()).isEqualTo(0);
    assertThat(score.rewards(RIGHT_WRONG).turn2()).isEqualTo(-10);
  }

  @Test
  void theBonusNeverReachesTheFirstAttempt() {
    for (double alpha : new double[] {0.5, 10, 1000}) {
      RewardShaping score = RewardShapings.score(alpha);
      for (TwoTurnOutcome outcome : List.of(WRONG_RIGHT, RIGHT_RIGHT, WRONG_WRONG, RIGHT_WRONG)) {
        assertThat(score.rewards(outcome).turn1()).isEqualTo(outcome.r1());
      }
    }
  }

  @Test
  void theBonusReadsBothScoresWithTheirSigns() {
    assertThat(RewardShapings.score(4).rewards(new TwoTurnOutcome(0.25, 0.75, false)))
        .isEqualTo(new TurnRewards(0.25, 2.75));
  }

  @Test
  void stageOneRewardsOnlyTheSecondAttempt() {
    RewardShaping stageOne = RewardShapings.stageOne();
    assertThat(stageOne.rewards(RIGHT_WRONG)).isEqualTo(new TurnRewards(0, 0));
    assertThat(stageOne.rewards(RIGHT_RIGHT)).isEqualTo(new TurnRewards(0, 1));
    assertThat(stageOne.rewards(WRONG_RIGHT)).isEqualTo(new TurnRewards(0, 1));
  }

  @Test
  void noShapingAndSingleTurnPassTheScoresThrough() {
    assertThat(RewardShapings.none().rewards(WRONG_RIGHT)).isEqualTo(new TurnRewards(0, 1));
    assertThat(RewardShapings.none().rewards(RIGHT_WRONG)).isEqualTo(new TurnRewards(1, 0));
    assertThat(RewardShapings.singleTurn().rewards(RIGHT_RIGHT)).isEqualTo(new TurnRewards(1, 0));
  }

  @Test
  void anUnchangedAnswerIsPunishedOnlyByRepeatPenalty() {
    assertThat(RewardShapings.repeatPenalty(1).rewards(WRONG_WRONG))
        .isEqualTo(new TurnRewards(0, -1));
    assertThat(RewardShapings.repeatPenalty(1).rewards(RIGHT_RIGHT))
        .isEqualTo(new TurnRewards(1, 0));
    assertThat(RewardShapings.repeatPenalty(1).rewards(WRONG_RIGHT))
        .isEqualTo(new TurnRewards(0, 1));
    for (String name : List.of("stage1", "score", "none", "single-turn", "match-bonus")) {
      RewardShaping shaping = RewardShapings.byName(name, Coefficients.DEFAULTS);
      assertThat(shaping.rewards(WRONG_WRONG))
          .as(name)
          .isEqualTo(shaping.rewards(new TwoTurnOutcome(0, 0, false)));
    }
  }

  @Test
  void matchBonusPaysARightSecondAttemptWhateverTheFirstWas() {
    assertThat(RewardShapings.matchBonus(2).rewards(WRONG_RIGHT)).isEqualTo(new TurnRewards(0, 2));
    assertThat(RewardShapings.matchBonus(2).rewards(RIGHT_RIGHT)).isEqualTo(new TurnRewards(1, 2));
    assertThat(RewardShapings.matchBonus(2).rewards(RIGHT_WRONG)).isEqualTo(new TurnRewards(1, 0));
  }

  @Test
  void onlyFullReturnPaysTheBonusToTheFirstAttemptAndWarns() {
    assertThat(RewardShapings.fullReturn(10).rewards(WRONG_RIGHT))
        .isEqualTo(new TurnRewards(11, 11));
    for (String name : RewardShapings.names()) {
      RewardShaping shaping = RewardShapings.byName(name, Coefficients.DEFAULTS);
      assertThat(shaping.name()).isEqualTo(name);
      assertThat(shaping.warning().isPresent()).as(name).isEqualTo(name.equals("full-return"));
      assertThat(shaping.rewards(WRONG_RIGHT).turn1())
          .as(name)
          .isEqualTo(name.equals("full-return") ? 11 : 0);
    }
  }

  @Test
  void anUnknownNameOrCoefficientIsRefusedWithTheChoices() {
    assertThatThrownBy(() -> RewardShapings.byName("bonsu", Coefficients.DEFAULTS))
        .hasMessageContaining(
            "\"bonsu\"; choose one of stage1, score, none, single-turn, match-bonus,"
                + " repeat-penalty, full-return");
    assertThatThrownBy(() -> RewardShapings.score(-1)).hasMessageContaining("alpha is -1.0");
    assertThatThrownBy(() -> RewardShapings.score(Double.NaN)).hasMessageContaining("alpha is NaN");
    assertThatThrownBy(() -> RewardShapings.matchBonus(1))
        .hasMessageContaining("must be above 1.0");
  }

  @Test
  void aBatchLeavesOutSamplesWithAnErrorInEitherTurn() {
    Verdict right = Verdict.right("");
    Verdict wrong = Verdict.wrong("");
    Verdict failed = Verdict.failed("crashed");
    RewardBatch batch =
        RewardBatch.of(
            RewardShapings.score(10),
            List.of(wrong, right, failed, right),
            List.of(right, failed, right, wrong),
            new boolean[4]);
    assertThat(batch.included()).containsExactly(true, false, false, true);
    assertThat(batch.turn1()).containsExactly(0, Double.NaN, Double.NaN, 1);
    assertThat(batch.turn2()).containsExactly(11, Double.NaN, Double.NaN, -10);
    assertThat(batch.numExcluded()).isEqualTo(2);
    assertThatThrownBy(
            () -> RewardBatch.of(RewardShapings.none(), List.of(right), List.of(), new boolean[1]))
        .hasMessageContaining("1 first verdicts, 0 second ones");
  }
}
