package org.score4j.training.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.rollouts.Outcome;
import org.score4j.training.rollouts.Samples;
import org.score4j.training.rollouts.Transcript;
import org.score4j.training.run.RunRecorder;
import org.score4j.training.run.StepReport;

final class RunReportTest {
  private static final String NASTY = "<script>alert('x')</script>&\"";

  @TempDir private Path folder;

  static AttemptMetrics figures(int fixed, int broken, int right, int wrong) {
    List<Outcome> pairs = new ArrayList<>();
    int[] one = {1};
    int[] two = {2};
    for (int i = 0; i < fixed; i++) {
      pairs.add(Samples.outcome(false, true, one, two));
    }
    for (int i = 0; i < broken; i++) {
      pairs.add(Samples.outcome(true, false, one, two));
    }
    for (int i = 0; i < right; i++) {
      pairs.add(Samples.outcome(true, true, one, one));
    }
    for (int i = 0; i < wrong; i++) {
      pairs.add(Samples.outcome(false, false, one, one));
    }
    return AttemptMetrics.of(pairs, 0);
  }

  @BeforeEach
  void record() {
    try (RunRecorder recorder =
        new RunRecorder(folder, List.of("base", "stage1", "stage2"), line -> {})) {
      for (String phase : List.of("base", "stage1", "stage2")) {
        recorder.phaseStarted(phase, 1, 40);
        for (int step = 1; step <= 40; step++) {
          Map<String, Double> metrics = new LinkedHashMap<>();
          metrics.put("loss", 2.0 / step);
          if (phase.equals("base")) {
            recorder.stepDone(new StepReport(phase, step, 40, 0.1, 100, metrics));
            continue;
          }
          metrics.put("reward_t1", 0.3);
          metrics.put("reward_t2", 0.3 + step / 100.0);
          metrics.put("delta", step / 100.0);
          metrics.put("kl_t1", 0.01 * step);
          metrics.put("kl_t2", 0.02 * step);
          metrics.put("unchanged_t2", 1 - step / 50.0);
          recorder.stepDone(new StepReport(phase, step, 40, 0.1, 100, metrics));
        }
        recorder.samples(
            phase,
            40,
            List.of(
                Samples.transcript("7+5*8-4=", "526", "226", "expected 226", "right", false, true),
                Samples.transcript("1+1*1+1=", "324", "325", "right", "expected 324", true, false),
                Samples.transcript(NASTY, "1", NASTY, NASTY, NASTY, false, false)));
        recorder.evaluated(phase, 20, "greedy", figures(1, 9, 0, 0));
        recorder.evaluated(phase, 40, "greedy", figures(40, 2, 30, 28));
        recorder.evaluated(phase, 40, "sampled", figures(1, 1, 1, 1));
      }
    }
  }

  private RunReport report() {
    RunHistory history = RunHistory.read("SCoRe", folder);
    return new RunReport(
        "score4j " + NASTY,
        new ResultTable(ResultTable.rowsOf(history, true, "SCoRe")),
        List.of(history),
        Map.of("command", NASTY),
        "name: " + NASTY + "\n");
  }

  @Test
  void table_hasTheLastEvaluationOfEachPhase() {
    assertThat(report().table().text().lines())
        .containsExactly(
            "         acc@t1  acc@t2      Δ       95% of Δ   i→c  c→i  unchanged    n",
            "────────────────────────────────────────────────────────────────────────",
            "base       32.0    70.0  +38.0  +26.9 … +47.6  40.0  2.0       58.0  100",
            "stage I    32.0    70.0  +38.0  +26.9 … +47.6  40.0  2.0       58.0  100",
            "SCoRe      32.0    70.0  +38.0  +26.9 … +47.6  40.0  2.0       58.0  100");
  }

  @Test
  void everythingFromOutside_isEscaped() {
    assertThat(report().html())
        .doesNotContain("<script")
        .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;");
    assertThat(Html.escape("a\u0000\u001bb\nc")).isEqualTo("a\uFFFD\uFFFDb\nc");
  }

  @Test
  void page_needsNothingFromElsewhere() {
    assertThat(
            Pattern.compile("(?i)(src|href)=|url\\(|@import|https?:")
                .matcher(report().html())
                .find())
        .isFalse();
  }

  @Test
  void curvesAreWellFormed_andMarkEveryPhase() throws Exception {
    String html = report().html();
    List<String> drawings =
        Pattern.compile("(?s)<svg.*?</svg>").matcher(html).results().map(m -> m.group()).toList();
    assertThat(drawings).hasSize(5);
    for (String svg : drawings) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new ByteArrayInputStream(svg.getBytes(UTF_8)));
      assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity");
    }
    assertThat(drawings.getFirst()).contains("stage I, 40 steps").contains("stage II, 40 steps");
  }

  @Test
  void correctedCharacters_areMarkedAsFixedOrBroken() {
    assertThat(report().html())
        .contains("<b class=\"fixed\">2</b>26")
        .contains("32<b class=\"broken\">5</b>");
  }

  @Test
  void bothFiles_carryTheLimitsOfTheTask() {
    RunReport report = report();
    report.write(folder);
    assertThat(folder.resolve("report.html"))
        .content()
        .contains(Html.escape(RunReport.CAVEATS.getFirst()));
    assertThat(folder.resolve("report.md"))
        .content()
        .contains(RunReport.CAVEATS)
        .contains("| stage I | 32.0 | 70.0 | +38.0 |");
  }

  @Test
  void runWithoutAnything_stillHasAReport() {
    RunHistory empty = RunHistory.read("empty", folder.resolve("nowhere"));
    RunReport report = new RunReport("t", new ResultTable(List.of()), List.of(empty), Map.of(), "");
    assertThat(report.html()).contains("<h1>t</h1>");
    assertThat(report.markdown()).contains("# t");
  }

  @Test
  void runOfOneTurn_hasNoChartsOfTheSecond(@TempDir Path other) {
    try (RunRecorder recorder =
        new RunRecorder(other, List.of("base", "stage1", "stage2"), line -> {})) {
      recorder.phaseStarted("stage2", 1, 1);
      recorder.stepDone(
          new StepReport(
              "stage2", 1, 1, 1, 1, Map.of("reward_t1", 0.5, "kl_t1", 0.1, "delta", Double.NaN)));
      recorder.samples(
          "stage2",
          1,
          List.of(new Transcript("1=", List.of(new Transcript.Attempt("1", true, "right")))));
    }
    RunHistory history = RunHistory.read("single", other);
    assertThat(history.telling(8)).isEmpty();
    String html =
        new RunReport("t", new ResultTable(List.of()), List.of(history), Map.of(), "").html();
    assertThat(html.split("<svg", -1)).hasSize(3);
    assertThat(html).doesNotContain("Unchanged answers");
  }

  @Test
  void ticks_areOneTwoOrFiveTimesAPowerOfTen() {
    assertThat(Chart.tick(1)).isEqualTo(0.5);
    assertThat(Chart.tick(0.7)).isEqualTo(0.2);
    assertThat(Chart.tick(40)).isEqualTo(10);
    assertThat(Chart.tick(0)).isPositive();
  }
}
