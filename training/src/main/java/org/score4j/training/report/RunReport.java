package org.score4j.training.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.score4j.checkpoints.AtomicFile;
import org.score4j.training.rollouts.Transcript;

/**
 * {@code report.md} and {@code report.html} of a run, or of several arms side by side. The HTML is
 * one file without scripts, fonts or pictures from elsewhere.
 *
 * @param title of the page
 * @param table the figures at the end
 * @param arms the runs, the main one first
 * @param facts what else to know, by name: seconds, tokens, hash, command
 * @param config the resolved config of the main run
 */
public record RunReport(
    String title,
    ResultTable table,
    List<RunHistory> arms,
    Map<String, String> facts,
    String config) {

  /** What must be said wherever the numbers of the embedded task are shown. */
  public static final List<String> CAVEATS =
      List.of(
          "The task is made for this demonstration: a small model must answer before it has worked"
              + " and can read the right answer off its own draft. The base was tuned until naive"
              + " two-turn training collapsed and SCoRe did not; it illustrates the paper, it is no"
              + " independent evidence.",
          "Δ alone can be gamed by failing first on purpose. Always read acc@t1 and acc@t2 with"
              + " it.",
          "Seeds differ much: in weak ones only problems that end in a product learn to be revised."
              + " The interval is over the draw of problems for this one model, not over seeds.",
          "With credit per turn the bonus cannot change what is learnt in expectation; it scales"
              + " the gradient of turn two by 1 + α.");

  private static final int TRANSCRIPTS = 8;
  private static final int MAX_ATTEMPTS = 16;
  private static final int CHART_COLOURS = 3;

  /** Writes both files into {@code folder}, each atomically. */
  public void write(Path folder) {
    AtomicFile.writeText(folder.resolve("report.md"), markdown());
    AtomicFile.writeText(folder.resolve("report.html"), html());
  }

  /** The report as Markdown. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("# ").append(title).append("\n\n");
    text.append("Every held-out problem, greedy decoding, % of all problems.\n\n");
    text.append(table.markdown()).append('\n');
    facts.forEach(
        (name, value) -> text.append("- ").append(name).append(": ").append(value).append('\n'));
    text.append("\n## Limits\n\n");
    CAVEATS.forEach(caveat -> text.append("- ").append(caveat).append('\n'));
    for (RunHistory arm : arms) {
      List<Transcript> transcripts = arm.telling(TRANSCRIPTS);
      if (transcripts.isEmpty()) {
        continue;
      }
      text.append("\n## Sampled in training: ").append(arm.label()).append("\n\n```\n");
      for (Transcript transcript : transcripts) {
        text.append(transcript.problem());
        int number = 1;
        for (Transcript.Attempt attempt : transcript.attempts()) {
          text.append("  t").append(number++).append(' ').append(attempt.text());
          text.append(attempt.correct() ? " (right)" : " (wrong)");
        }
        text.append('\n');
      }
      text.append("```\n");
    }
    text.append("\n## Config\n\n```yaml\n").append(config).append("```\n");
    return text.toString();
  }

  /** The report as one HTML page. */
  public String html() {
    StringBuilder body = new StringBuilder();
    body.append("<h1>").append(Html.escape(title)).append("</h1>\n");
    headline(body);
    body.append("<h2>Held-out problems</h2>\n<p class=\"note\">Greedy decoding; percentages of all")
        .append(" problems. Δ is the accuracy of the last attempt less that of the first.</p>\n");
    table(body);
    for (RunHistory arm : arms) {
      samples(body, arm);
    }
    for (RunHistory arm : arms) {
      curves(body, arm);
    }
    body.append("<h2>Limits</h2>\n<ul>\n");
    CAVEATS.forEach(caveat -> body.append("<li>").append(Html.escape(caveat)).append("</li>\n"));
    body.append("</ul>\n<h2>The run</h2>\n<table class=\"facts\">\n");
    facts.forEach(
        (name, value) ->
            body.append(
                "<tr><th>%s</th><td><code>%s</code></td></tr>\n"
                    .formatted(Html.escape(name), Html.escape(value))));
    body.append("</table>\n<details><summary>Config</summary><pre>")
        .append(Html.escape(config))
        .append("</pre></details>\n");
    return HtmlPage.of(title, body.toString());
  }

  /** The last row of the main arm in large type. */
  private void headline(StringBuilder body) {
    if (arms.isEmpty()) {
      return;
    }
    RunHistory main = arms.getFirst();
    List<JsonNode> last = List.copyOf(main.finalEvaluations("greedy").values());
    if (last.isEmpty()) {
      return;
    }
    JsonNode f = last.getLast();
    int attempts = 1;
    while (f.has("acc_t" + (attempts + 1))) {
      attempts++;
    }
    if (attempts == 1) {
      return;
    }
    body.append(
        String.format(
            Locale.ROOT,
            """
            <div class="headline">
            <div><b>%.1f%%</b><span>right at the first attempt</span></div>
            <div class="arrow">→</div>
            <div><b class="t2text">%.1f%%</b><span>right after %s look</span></div>
            <div><b>%s</b><span>Δ, points</span></div>
            </div>
            """,
            f.path("acc_t1").asDouble(),
            f.path("acc_t" + attempts).asDouble(),
            attempts == 2 ? "a second" : "the last",
            ResultTable.signed(f.path("delta"))));
  }

  private void table(StringBuilder body) {
    List<List<String>> cells = table.cells();
    body.append("<table class=\"figures\">\n");
    for (int r = 0; r < cells.size(); r++) {
      String tag = r == 0 ? "th" : "td";
      body.append("<tr>");
      for (String cell : cells.get(r)) {
        body.append("<%s>%s</%s>".formatted(tag, Html.escape(cell), tag));
      }
      body.append("</tr>\n");
    }
    body.append("</table>\n");
  }

  private static void samples(StringBuilder body, RunHistory arm) {
    List<Transcript> transcripts = arm.telling(TRANSCRIPTS);
    if (transcripts.isEmpty()) {
      return;
    }
    body.append("<h2>Attempts: ").append(Html.escape(arm.label()));
    body.append(
            "</h2>\n<p class=\"note\">Chosen from the last samples of training: mostly repairs,")
        .append(" then one broken, one changed and one unchanged answer where there are such. The")
        .append(
            " characters that differ from the attempt before are marked, <b"
                + " class=\"fixed\">fixed</b> or <b class=\"broken\">broken</b>.</p>\n")
        .append("<table class=\"pairs\"><tr><th>problem</th>");
    int attempts = transcripts.stream().mapToInt(each -> each.attempts().size()).max().orElse(0);
    for (int t = 1; t <= attempts; t++) {
      body.append("<th>attempt ").append(t).append("</th>");
    }
    body.append("</tr>\n");
    transcripts.forEach(transcript -> body.append(Html.transcript(transcript)));
    body.append("</table>\n");
  }

  private static void curves(StringBuilder body, RunHistory arm) {
    Map<String, List<JsonNode>> learning = new LinkedHashMap<>();
    Map<String, List<JsonNode>> supervised = new LinkedHashMap<>();
    arm.steps()
        .forEach(
            (phase, steps) ->
                (steps.getFirst().has("reward_t1") ? learning : supervised).put(phase, steps));
    if (learning.isEmpty() && supervised.isEmpty()) {
      return;
    }
    body.append("<h2>Learning curves: ").append(Html.escape(arm.label())).append("</h2>\n");
    List<Chart> charts = new ArrayList<>();
    charts.add(new Chart("Reward per attempt", learning, ofAttempts(learning, "reward")));
    charts.add(new Chart("Δ, last − first", learning, List.of(new Chart.Line("delta", "Δ", "t2"))));
    charts.add(
        new Chart("KL to the reference per attempt, nats", learning, ofAttempts(learning, "kl")));
    charts.add(new Chart("Unchanged answers, share", learning, ofAttempts(learning, "unchanged")));
    charts.add(
        new Chart(
            "Loss of phases without rewards, nats per token",
            supervised,
            List.of(new Chart.Line("loss", "loss", "t1"))));
    charts.removeIf(Chart::isEmpty);
    body.append("<div class=\"charts\">\n");
    charts.forEach(chart -> body.append(chart.svg()));
    body.append("</div>\n");
  }

  /** A line for each attempt that has the metric. */
  private static List<Chart.Line> ofAttempts(Map<String, List<JsonNode>> steps, String metric) {
    List<Chart.Line> lines = new ArrayList<>();
    for (int t = 1; t <= MAX_ATTEMPTS; t++) {
      String name = metric + "_t" + t;
      if (steps.values().stream().flatMap(List::stream).anyMatch(step -> step.has(name))) {
        lines.add(new Chart.Line(name, "attempt " + t, "t" + Math.min(t, CHART_COLOURS)));
      }
    }
    return lines;
  }
}
