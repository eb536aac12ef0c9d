package org.score4j.training.rewards;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.score4j.training.rollouts.Samples;
import org.score4j.training.verifiers.Verdict;

class AdvantagesTest {
  @Test
  void theBaselineIsTheMeanOfTheOtherSamplesOfTheSamePrompt() {
    // Prompt 0: 1 − (0 + 0 + 1) / 3, 0 − (1 + 0 + 1) / 3, …; prompt 1: 11 − (1 + 0 − 10) / 3, …
    double[] advantages = Advantages.leaveOneOut(new double[] {1, 0, 0, 1, 11, 1, 0, -10}, 4);
    double[] expected = {2 / 3.0, -2 / 3.0, -2 / 3.0, 2 / 3.0, 14, 2 / 3.0, -2 / 3.0, -14};
    for (int i = 0; i < expected.length; i++) {
      assertThat(advantages[i]).as("sample %d", i).isCloseTo(expected[i], within(1e-12));
    }
  }

  @Test
  void aGroupOfEqualRewardsGivesExactlyZero() {
    assertThat(Advantages.leaveOneOut(new double[] {0.1, 0.1, 0.1, 0.1, 11, 11, 11, 11}, 4))
        .containsOnly(0.0);
  }

  @Test
  void theAdvantagesOfAGroupSumToZero() {
    double[] advantages = Advantages.leaveOneOut(new double[] {11, 1, 0, -10, 1}, 5);
    double sum = 0;
    for (double advantage : advantages) {
      sum += advantage;
    }
    assertThat(sum).isCloseTo(0, within(1e-12));
  }

  @Test
  void excludedSamplesEnterNoBaselineAndGetNoAdvantage() {
    double[] rewards = {1, Double.NaN, 0, 0, Double.NaN, 1, Double.NaN, Double.NaN};
    boolean[] included = {true, false, true, true, false, true, false, false};
    // In the second group one sample is left: it has no baseline, so it is left out as well.
    assertThat(Advantages.leaveOneOut(rewards, included, 4))
        .containsExactly(1, 0, -0.5, -0.5, 0, 0, 0, 0);
  }

  @Test
  void anErroredVerdictDoesNotPullTheBaselineDown() {
    List<Verdict> first =
        List.of(Verdict.right(""), Verdict.right(""), Verdict.failed("time limit"));
    RewardBatch batch = RewardBatch.of(RewardShapings.none(), Samples.rollouts(first, first));
    assertThat(Advantages.leaveOneOut(batch.rewards()[0], batch.included(), 3)).containsOnly(0.0);
  }

  @Test
  void stageOneGivesTheFirstAttemptNoAdvantageWhateverItsScore() {
    List<Verdict> first =
        List.of(Verdict.right(""), Verdict.wrong(""), Verdict.right(""), Verdict.wrong(""));
    List<Verdict> second =
        List.of(Verdict.wrong(""), Verdict.right(""), Verdict.right(""), Verdict.wrong(""));
    RewardBatch batch = RewardBatch.of(RewardShapings.stageOne(), Samples.rollouts(first, second));
    assertThat(Advantages.leaveOneOut(batch.rewards()[0], batch.included(), 4)).containsOnly(0.0);
    assertThat(Advantages.leaveOneOut(batch.rewards()[1], batch.included(), 2))
        .containsExactly(-1, 1, 1, -1);
  }

  @Test
  void alphaLeavesTheFirstAttemptsAdvantagesAlone() {
    List<Verdict> first = List.of(Verdict.right(""), Verdict.wrong(""));
    List<Verdict> second = List.of(Verdict.wrong(""), Verdict.right(""));
    RewardBatch batch = RewardBatch.of(RewardShapings.score(10), Samples.rollouts(first, second));
    assertThat(Advantages.leaveOneOut(batch.rewards()[0], batch.included(), 2))
        .containsExactly(1, -1);
    assertThat(Advantages.leaveOneOut(batch.rewards()[1], batch.included(), 2))
        .containsExactly(-21, 21);
  }

  @Test
  void groupsWithoutVarianceAreCounted() {
    double[] flat = {1, 1, 0, 0, 1, 1, 1, Double.NaN};
    double[] varied = {1, 1, 0, 0, 1, 0, 1, Double.NaN};
    boolean[] included = {true, true, true, true, true, true, true, false};
    double[][] advantages = {
      Advantages.leaveOneOut(flat, included, 2), Advantages.leaveOneOut(varied, included, 2)
    };
    assertThat(Advantages.zeroVarianceShare(new double[][] {advantages[0]}, 2)).isEqualTo(1);
    assertThat(Advantages.zeroVarianceShare(advantages, 2)).isEqualTo(0.75);
  }

  @Test
  void oneSamplePerPromptIsRefusedWithTheReason() {
    assertThatThrownBy(() -> Advantages.leaveOneOut(new double[] {1, 0}, 1))
        .hasMessageContaining("samplesPerPrompt is 1")
        .hasMessageContaining("mean of the prompt's other samples");
  }

  @Test
  void incompleteGroupsAndRewardsThatAreNoNumberAreRefused() {
    assertThatThrownBy(() -> Advantages.leaveOneOut(new double[5], 4))
        .hasMessageContaining("5 rewards");
    assertThatThrownBy(() -> Advantages.leaveOneOut(new double[] {1, 1, 0, Double.NaN}, 2))
        .hasMessageContaining("reward 3 (prompt 1, sample 1) is NaN");
  }
}
