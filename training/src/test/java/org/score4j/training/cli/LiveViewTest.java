package org.score4j.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.rollouts.Samples;
import org.score4j.training.rollouts.Transcript;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.StepReport;

final class LiveViewTest {
  private static final long MILLI = 1_000_000;
  private static final Transcript FIXED =
      Samples.transcript("7+5*8-4=", "526", "226", "expected 226", "right", false, true);
  private static final Transcript BROKEN =
      Samples.transcript("1+1*1+1=", "324", "325", "right", "expected 324", true, false);

  private final Screen screen = new Screen();
  private long now;

  private LiveView view(boolean colour, int columns) {
    return new LiveView(screen.live(colour, columns), "", () -> now);
  }

  private static StepReport report(int step, int total) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("loss", 0.1);
    metrics.put("reward_t1", 0.25);
    metrics.put("reward_t2", 0.5);
    metrics.put("delta", 0.25);
    metrics.put("kl_t1", 0.01);
    metrics.put("kl_t2", 0.2);
    metrics.put("unchanged_t2", 0.4);
    return new StepReport("stage1", step, total, 0.05, 2000, metrics);
  }

  private void steps(RunListener view, int from, int to, int total) {
    for (int step = from; step <= to; step++) {
      now += 50 * MILLI;
      view.stepDone(report(step, total));
    }
  }

  @Test
  void barAndFigures_areRedrawnInPlace() {
    LiveView view = view(false, 100);
    view.phaseStarted("stage1", 1, 100);
    steps(view, 1, 50, 100);
    view.close();
    assertThat(screen.lines())
        .containsExactly(
            "stage I  ━━━━━━━━━━━━━━················ 49/100  0:03 left",
            "  reward 0.25 → 0.50  Δ +0.25  KL 0.01 0.20  unchanged 40%  40k tok/s",
            "");
  }

  @Test
  void finishedPhase_saysWhatItTook_andLeavesItsLines() {
    LiveView view = view(false, 100);
    view.phaseStarted("stage1", 1, 20);
    steps(view, 1, 20, 20);
    view.notice("saved");
    view.phaseStarted("stage1", 1, 20);
    steps(view, 1, 1, 20);
    assertThat(screen.lines().getFirst()).endsWith(" 20/20  0:01 taken");
    assertThat(screen.lines().get(2)).isEqualTo("saved");
    assertThat(screen.lines().get(3)).startsWith("stage I  ━").contains(" 1/20 ");
    assertThat(screen.lines()).hasSize(5);
  }

  @Test
  void drawing_isAtMostTenTimesASecond() {
    LiveView view = view(false, 100);
    view.phaseStarted("stage1", 1, 100_000);
    for (int step = 1; step <= 5000; step++) {
      now += MILLI;
      view.stepDone(report(step, 100_000));
    }
    assertThat(screen.raw().split("stage I", -1).length - 1).isBetween(40, 51);
  }

  @Test
  void narrowTerminal_isNeverOverrun() {
    for (int columns : new int[] {10, 20, 40, 60}) {
      Screen narrow = new Screen();
      LiveView view = new LiveView(narrow.live(false, columns), "naive", () -> now);
      view.phaseStarted("stage1", 1, 100);
      steps(view, 1, 10, 100);
      assertThat(narrow.lines())
          .as("%d columns", columns)
          .allSatisfy(line -> assertThat(line.length()).isLessThan(columns));
    }
  }

  @Test
  void mostTellingProblem_isShownAboveTheBar_withColouredChanges() {
    LiveView view = view(true, 100);
    view.phaseStarted("stage1", 1, 100);
    steps(view, 1, 1, 100);
    view.samples("stage1", 1, List.of(BROKEN, FIXED));
    assertThat(screen.raw()).doesNotContain("526");
    now += 5000 * MILLI;
    view.samples("stage1", 1, List.of(BROKEN, FIXED));
    assertThat(screen.lines().getFirst()).isEqualTo("  7+5*8-4=   first 526 ✗   second 226 ✓");
    assertThat(screen.lines().get(1)).startsWith("stage I");
    assertThat(screen.raw()).contains("\u001b[32m2\u001b[0m26");
    now += 5000 * MILLI;
    view.samples("stage1", 2, List.of(BROKEN));
    assertThat(screen.raw()).contains("32\u001b[31m5\u001b[0m");
  }

  @Test
  void noColour_meansNoColour() {
    LiveView view = view(false, 100);
    view.phaseStarted("stage1", 1, 100);
    now += 5000 * MILLI;
    view.samples("stage1", 1, List.of(FIXED));
    steps(view, 1, 10, 100);
    assertThat(screen.raw()).doesNotContainPattern("\u001b\\[[0-9;]*m");
  }

  @Test
  void outputOfAModel_cannotSteerTheTerminal() {
    assertThat(Style.printable("a\u001b[2Jb\nc\u0007")).isEqualTo("a\uFFFD[2Jb⏎c\uFFFD");
  }

  @Test
  void plainView_isKeyValueLinesWithoutEscapes() {
    PlainView view = new PlainView(screen.out(), "naive", () -> now);
    view.phaseStarted("stage1", 1, 100);
    steps(view, 1, 6, 100);
    view.samples("stage1", 25, List.of(FIXED));
    view.samples("stage1", 26, List.of(FIXED));
    view.evaluated(
        "stage1",
        6,
        "greedy",
        AttemptMetrics.of(List.of(Samples.outcome(false, true, new int[] {1}, new int[] {2})), 0));
    String figures =
        " loss=0.1000 reward_t1=0.2500 reward_t2=0.5000 delta=0.2500 kl_t1=0.01000 kl_t2=0.2000"
            + " unchanged_t2=0.4000 seconds_left=5";
    assertThat(screen.raw().lines())
        .containsExactly(
            "arm=naive phase=stage1 step=1/100" + figures,
            "arm=naive phase=stage1 step=5/100" + figures,
            "arm=naive sample phase=stage1 step=25 problem=7+5*8-4= t1=526 wrong t2=226" + " right",
            "arm=naive evaluation phase=stage1 step=6 decoding=greedy n=1 acc_t1=0.0 acc_t2=100.0"
                + " delta=100.0 delta_t1_t2=100.0 i_to_c_t1_t2=100.0 c_to_i_t1_t2=0.0"
                + " unchanged_t1_t2=0.0 edit_ratio_t1_t2=0.5 fix_rate_t1_t2=100.0 truncated_t1=0.0"
                + " truncated_t2=0.0");
  }

  @Test
  void singleTurn_hasNoFiguresOfASecondAttempt() {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("reward_t1", 0.25);
    metrics.put("delta", Double.NaN);
    metrics.put("kl_t1", 0.5);
    LiveView view = view(false, 100);
    view.phaseStarted("stage2", 1, 10);
    view.stepDone(new StepReport("stage2", 1, 10, 1, 100, metrics));
    assertThat(screen.lines().get(1)).isEqualTo("  reward 0.25  KL 0.50  100 tok/s");
    PlainView plain = new PlainView(screen.out(), "", () -> now);
    plain.phaseStarted("stage2", 1, 10);
    plain.stepDone(new StepReport("stage2", 1, 10, 1, 100, metrics));
    assertThat(screen.raw()).doesNotContain("NaN").contains("reward_t1=0.2500 kl_t1=0.5000");
  }

  @Test
  void durations_readAsClocks() {
    assertThat(LiveView.duration(5.4)).isEqualTo("0:05");
    assertThat(LiveView.duration(605)).isEqualTo("10:05");
    assertThat(LiveView.duration(3725)).isEqualTo("1:02:05");
  }
}
