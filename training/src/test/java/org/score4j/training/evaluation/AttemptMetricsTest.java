package org.score4j.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AttemptMetricsTest {
  private static final int[] DRAFT = {3, 2, 6};
  private static final int[] FIXED = {2, 2, 6};

  /** right → right, wrong → right, right → wrong, wrong → wrong. */
  private static List<JudgedPair> pairs(int kept, int gained, int lost, int wrong) {
    List<JudgedPair> pairs = new ArrayList<>();
    for (int i = 0; i < kept; i++) {
      pairs.add(new JudgedPair(true, true, FIXED, FIXED));
    }
    for (int i = 0; i < gained; i++) {
      pairs.add(new JudgedPair(false, true, DRAFT, FIXED));
    }
    for (int i = 0; i < lost; i++) {
      pairs.add(new JudgedPair(true, false, FIXED, DRAFT));
    }
    for (int i = 0; i < wrong; i++) {
      pairs.add(new JudgedPair(false, false, DRAFT, DRAFT));
    }
    return pairs;
  }

  @Test
  void figuresEqualThoseCountedByHand() {
    AttemptMetrics metrics = AttemptMetrics.of(pairs(30, 40, 10, 20), 3);
    assertThat(metrics.n()).isEqualTo(100);
    assertThat(metrics.errors()).isEqualTo(3);
    assertThat(metrics.accT1().value()).isEqualTo(40);
    assertThat(metrics.accT2().value()).isEqualTo(70);
    assertThat(metrics.delta().value()).isEqualTo(30);
    assertThat(metrics.iToC().value()).isEqualTo(40);
    assertThat(metrics.cToI().value()).isEqualTo(10);
    assertThat(metrics.unchanged().value()).isEqualTo(50);
    assertThat(metrics.fixRate())
        .isNotNull()
        .extracting(Estimate::value)
        .isEqualTo(100 * 40 / 60.0);
    // Half the pairs replace one of three tokens: 1 / 6.
    assertThat(metrics.editRatio().value()).isCloseTo(1 / 12.0, within(1e-12));
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
      assertThat(m.delta().value())
          .as(what)
          .isCloseTo(m.iToC().value() - m.cToI().value(), within(1e-9));
      assertThat(m.delta().value())
          .as(what)
          .isCloseTo(m.accT2().value() - m.accT1().value(), within(1e-9));
      for (Estimate e :
          List.of(
              m.accT1(), m.accT2(), m.delta(), m.iToC(), m.cToI(), m.unchanged(), m.editRatio())) {
        assertThat(e.value()).as(what).isBetween(e.low() - 1e-9, e.high() + 1e-9);
      }
    }
  }

  @Test
  void rateIntervalsAreWilsons() {
    // p = 0.4, n = 100, z = 1.959964: centre (p + z²/2n) / (1 + z²/n) = 0.4036993, half width
    // 0.0942981.
    Estimate accT1 = AttemptMetrics.of(pairs(30, 40, 10, 20), 0).accT1();
    assertThat(accT1.low()).isCloseTo(30.9401, within(1e-3));
    assertThat(accT1.high()).isCloseTo(49.7997, within(1e-3));
    // At 0 of n the upper end is z² / (n + z²).
    Estimate none = AttemptMetrics.of(pairs(0, 0, 0, 50), 0).accT1();
    assertThat(none.low()).isZero();
    assertThat(none.high()).isCloseTo(7.1348, within(1e-3));
  }

  @Test
  void theIntervalOfDeltaIsAgrestiAndMinsPairedOne() {
    // b = 40.5, c = 10.5, m = 102: centre 0.2941176, variance (51 − 900 / 102) / 102² = 0.00405388.
    Estimate delta = AttemptMetrics.of(pairs(30, 40, 10, 20), 0).delta();
    assertThat(delta.low()).isCloseTo(16.9327, within(1e-3));
    assertThat(delta.high()).isCloseTo(41.8909, within(1e-3));
    Estimate unmoved = AttemptMetrics.of(pairs(10, 0, 0, 10), 0).delta();
    assertThat(unmoved.value()).isZero();
    assertThat(unmoved.high())
        .isEqualTo(-unmoved.low())
        .isCloseTo(100 * 1.959964 / 22, within(1e-3));
  }

  @Test
  void fiftyProblemsAreTooFewToTellTenPointsApart() {
    Estimate few = AttemptMetrics.of(pairs(13, 5, 0, 32), 0).accT2();
    assertThat(few.high() - few.low()).isGreaterThan(25);
    Estimate many = AttemptMetrics.of(pairs(520, 200, 0, 1280), 0).accT2();
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
    return new JudgedPair(false, false, first, second).editRatio();
  }

  @Test
  void theFixRateIsAbsentWhenNoFirstAttemptIsWrong() {
    AttemptMetrics metrics = AttemptMetrics.of(pairs(3, 0, 1, 0), 0);
    assertThat(metrics.fixRate()).isNull();
    assertThat(metrics.toMap()).containsEntry("fix_rate", null).containsEntry("acc_t1", 100.0);
  }

  @Test
  void theMapHasPercentagesByTheirNamesAndIntervalsApart() {
    assertThat(AttemptMetrics.of(pairs(30, 40, 10, 20), 0).toMap())
        .containsEntry("delta", 30.0)
        .containsEntry("n", 100)
        .containsKeys(
            "acc_t1",
            "acc_t2",
            "i_to_c",
            "c_to_i",
            "unchanged",
            "edit_ratio",
            "fix_rate",
            "errors",
            "ci95");
  }

  @Test
  void noJudgedProblemIsAnErrorNotAZero() {
    assertThatThrownBy(() -> AttemptMetrics.of(List.of(), 7))
        .hasMessageContaining("no judged problem (7 without a verdict)");
  }
}
