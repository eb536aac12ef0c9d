package org.score4j.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.score4j.training.rollouts.Outcome;
import org.score4j.training.rollouts.Samples;

class AttemptMetricsTest {
  private static final int[] DRAFT = {3, 2, 6};
  private static final int[] FIXED = {2, 2, 6};

  /** Two attempts. */
  private static Outcome outcome(boolean right1, boolean right2, int[] first, int[] second) {
    return Samples.outcome(right1, right2, first, second);
  }

  private static double accuracy(AttemptMetrics metrics, int attempt) {
    return metrics.attempts().get(attempt).accuracy().value();
  }

  /** right → right, wrong → right, right → wrong, wrong → wrong. */
  private static List<Outcome> pairs(int kept, int gained, int lost, int wrong) {
    List<Outcome> pairs = new ArrayList<>();
    for (int i = 0; i < kept; i++) {
      pairs.add(outcome(true, true, FIXED, FIXED));
    }
    for (int i = 0; i < gained; i++) {
      pairs.add(outcome(false, true, DRAFT, FIXED));
    }
    for (int i = 0; i < lost; i++) {
      pairs.add(outcome(true, false, FIXED, DRAFT));
    }
    for (int i = 0; i < wrong; i++) {
      pairs.add(outcome(false, false, DRAFT, DRAFT));
    }
    return pairs;
  }

  @Test
  void figuresEqualThoseCountedByHand() {
    AttemptMetrics metrics = AttemptMetrics.of(pairs(30, 40, 10, 20), 3);
    assertThat(metrics.n()).isEqualTo(100);
    assertThat(metrics.errors()).isEqualTo(3);
    assertThat(accuracy(metrics, 0)).isEqualTo(40);
    assertThat(accuracy(metrics, 1)).isEqualTo(70);
    assertThat(metrics.delta()).isNotNull().extracting(Estimate::value).isEqualTo(30.0);
    AttemptMetrics.Transition change = metrics.transitions().getFirst();
    assertThat(change.delta().value()).isEqualTo(30);
    assertThat(change.iToC().value()).isEqualTo(40);
    assertThat(change.cToI().value()).isEqualTo(10);
    assertThat(change.unchanged().value()).isEqualTo(50);
    assertThat(change.fixRate()).isNotNull().extracting(Estimate::value).isEqualTo(100 * 40 / 60.0);
    // Half the pairs replace one of three tokens: 1 / 6.
    assertThat(change.editRatio().value()).isCloseTo(1 / 12.0, within(1e-12));
  }

  @Test
  void deltaIsGainsMinusLossesForAnyCounts() {
    long seed = 5;
    Random random = new Random(seed);
    for (int trial = 0; trial < 50; trial++) {
      AttemptMetrics m =
          AttemptMetrics.of(
              pairs(
                  random.nextInt(50),
                  random.nextInt(50),
                  random.nextInt(50),
                  1 + random.nextInt(50)),
              0);
      String what = "seed %d, trial %d: %s".formatted(seed, trial, m);
      AttemptMetrics.Transition change = m.transitions().getFirst();
      assertThat(m.delta()).as(what).isEqualTo(change.delta());
      assertThat(change.delta().value())
          .as(what)
          .isCloseTo(change.iToC().value() - change.cToI().value(), within(1e-9));
      assertThat(change.delta().value())
          .as(what)
          .isCloseTo(accuracy(m, 1) - accuracy(m, 0), within(1e-9));
      for (Estimate e : m.figures().values()) {
        if (e != null) {
          assertThat(e.value()).as(what).isBetween(e.low() - 1e-9, e.high() + 1e-9);
        }
      }
    }
  }

  @Test
  void threeAttempts_haveTwoTransitions_thatAddUpToDelta() {
    List<Outcome> outcomes =
        List.of(
            new Outcome(
                new double[] {0, 1, 1},
                new boolean[] {true, false, false},
                new int[][] {{1}, {2, 2}, {2, 2}}),
            new Outcome(new double[] {0, 0, 1}, new boolean[3], new int[][] {{1}, {1}, {2, 2, 2}}),
            new Outcome(new double[] {1, 1, 0}, new boolean[3], new int[][] {{2}, {2}, {1}}),
            new Outcome(new double[] {0, 0, 0}, new boolean[3], new int[][] {{1}, {1}, {1}}));
    assertThat(AttemptMetrics.of(outcomes, 1).toMap())
        .containsEntry("acc_t1", 25.0)
        .containsEntry("acc_t2", 50.0)
        .containsEntry("acc_t3", 50.0)
        .containsEntry("delta", 25.0)
        .containsEntry("delta_t1_t2", 25.0)
        .containsEntry("delta_t2_t3", 0.0)
        .containsEntry("i_to_c_t1_t2", 25.0)
        .containsEntry("i_to_c_t2_t3", 25.0)
        .containsEntry("c_to_i_t2_t3", 25.0)
        .containsEntry("unchanged_t1_t2", 75.0)
        .containsEntry("unchanged_t2_t3", 50.0)
        .containsEntry("fix_rate_t2_t3", 50.0)
        .containsEntry("truncated_t1", 25.0)
        .containsEntry("truncated_t3", 0.0)
        .containsEntry("length_t1", 1.0)
        .containsEntry("length_t3", 1.75)
        .containsEntry("n", 4)
        .containsEntry("errors", 1);
  }

  @Test
  void oneAttempt_hasNoDelta_andNoTransition() {
    Outcome only = new Outcome(new double[] {1}, new boolean[1], new int[][] {{1, 2}});
    assertThat(AttemptMetrics.of(List.of(only), 0).toMap())
        .containsEntry("acc_t1", 100.0)
        .containsEntry("delta", null)
        .doesNotContainKeys("acc_t2", "i_to_c_t1_t2");
  }

  @Test
  void rateIntervalsAreWilsons() {
    // p = 0.4, n = 100, z = 1.959964: centre (p + z²/2n) / (1 + z²/n) = 0.4036993, half width
    // 0.0942981.
    Estimate accT1 = AttemptMetrics.of(pairs(30, 40, 10, 20), 0).attempts().get(0).accuracy();
    assertThat(accT1.low()).isCloseTo(30.9401, within(1e-3));
    assertThat(accT1.high()).isCloseTo(49.7997, within(1e-3));
    // At 0 of n the upper end is z² / (n + z²).
    Estimate none = AttemptMetrics.of(pairs(0, 0, 0, 50), 0).attempts().get(0).accuracy();
    assertThat(none.low()).isZero();
    assertThat(none.high()).isCloseTo(7.1348, within(1e-3));
  }

  @Test
  void theIntervalOfDeltaIsAgrestiAndMinsPairedOne() {
    // b = 40.5, c = 10.5, m = 102: centre 0.2941176, variance (51 − 900 / 102) / 102² = 0.00405388.
    Estimate delta = AttemptMetrics.of(pairs(30, 40, 10, 20), 0).transitions().getFirst().delta();
    assertThat(delta.low()).isCloseTo(16.9327, within(1e-3));
    assertThat(delta.high()).isCloseTo(41.8909, within(1e-3));
    Estimate unmoved = AttemptMetrics.of(pairs(10, 0, 0, 10), 0).transitions().getFirst().delta();
    assertThat(unmoved.value()).isZero();
    assertThat(unmoved.high())
        .isEqualTo(-unmoved.low())
        .isCloseTo(100 * 1.959964 / 22, within(1e-3));
  }

  @Test
  void fiftyProblemsAreTooFewToTellTenPointsApart() {
    Estimate few = AttemptMetrics.of(pairs(13, 5, 0, 32), 0).attempts().get(1).accuracy();
    assertThat(few.high() - few.low()).isGreaterThan(25);
    Estimate many = AttemptMetrics.of(pairs(520, 200, 0, 1280), 0).attempts().get(1).accuracy();
    assertThat(many.high() - many.low()).isLessThan(5);
  }

  @Test
  void editDistanceCountsInsertionsDeletionsAndReplacements() {
    assertThat(ratio(new int[] {1, 2, 3}, new int[] {1, 2, 3})).isZero();
    assertThat(ratio(new int[] {1, 2, 3}, new int[] {4, 5, 6})).isEqualTo(0.5);
    assertThat(ratio(new int[] {1, 2, 3}, new int[] {})).isEqualTo(1);
    assertThat(ratio(new int[] {}, new int[] {})).isZero();
    assertThat(ratio(new int[] {1, 2, 3, 4}, new int[] {2, 3, 4})).isEqualTo(1 / 7.0);
    // k-itten → s-itting: 3.
    assertThat(ratio(new int[] {11, 9, 20, 20, 5, 14}, new int[] {19, 9, 20, 20, 9, 14, 7}))
        .isEqualTo(3 / 13.0);
  }

  private static double ratio(int[] first, int[] second) {
    return outcome(false, false, first, second).editRatio(1);
  }

  @Test
  void theFixRateIsAbsentWhenNoFirstAttemptIsWrong() {
    AttemptMetrics metrics = AttemptMetrics.of(pairs(3, 0, 1, 0), 0);
    assertThat(metrics.transitions().getFirst().fixRate()).isNull();
    assertThat(metrics.toMap())
        .containsEntry("fix_rate_t1_t2", null)
        .containsEntry("acc_t1", 100.0);
  }

  @Test
  void theMapHasPercentagesByTheirNamesAndIntervalsApart() {
    assertThat(AttemptMetrics.of(pairs(30, 40, 10, 20), 0).toMap())
        .containsEntry("delta", 30.0)
        .containsEntry("n", 100)
        .containsKeys(
            "acc_t1",
            "acc_t2",
            "i_to_c_t1_t2",
            "c_to_i_t1_t2",
            "unchanged_t1_t2",
            "edit_ratio_t1_t2",
            "fix_rate_t1_t2",
            "errors",
            "ci95");
  }

  @Test
  void noJudgedProblemIsAnErrorNotAZero() {
    assertThatThrownBy(() -> AttemptMetrics.of(List.of(), 7))
        .hasMessageContaining("no judged problem (7 without a verdict)");
  }
}
