package org.score4j.training.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The figures of several models side by side. Percentages of all held-out problems; the interval is
 * the 95% one over the draw of problems, not over seeds.
 *
 * @param rows one per model
 */
public record ResultTable(List<Row> rows) {
  private static final List<String> HEADER =
      List.of("", "acc@t1", "acc@t2", "Δ", "95% of Δ", "i→c", "c→i", "unchanged", "n");

  /**
   * One model.
   *
   * @param label its name in the table
   * @param figures as in evaluations.jsonl
   */
  public record Row(String label, JsonNode figures) {}

  /** The table of a run's phases; {@code lastLabel} replaces the name of the last one. */
  public static List<Row> rowsOf(RunHistory history, boolean withBase, String lastLabel) {
    List<Row> rows = new ArrayList<>();
    Map<String, JsonNode> evaluations = history.finalEvaluations("greedy");
    int index = 0;
    for (Map.Entry<String, JsonNode> entry : evaluations.entrySet()) {
      boolean last = ++index == evaluations.size();
      String phase = entry.getKey();
      if (withBase || !phase.equals("base")) {
        boolean renamed = last && !lastLabel.isEmpty() && !phase.equals("base");
        rows.add(new Row(renamed ? lastLabel : RunHistory.phaseLabel(phase), entry.getValue()));
      }
    }
    return rows;
  }

  /** Header and rows as text cells. */
  public List<List<String>> cells() {
    List<List<String>> cells = new ArrayList<>();
    cells.add(HEADER);
    for (Row row : rows) {
      JsonNode f = row.figures();
      JsonNode interval = f.path("ci95").path("delta");
      cells.add(
          List.of(
              row.label(),
              number(f.path("acc_t1")),
              number(f.path("acc_t2")),
              signed(f.path("delta")),
              signed(interval.path(0)) + " … " + signed(interval.path(1)),
              number(f.path("i_to_c")),
              number(f.path("c_to_i")),
              number(f.path("unchanged")),
              f.path("n").asText()));
    }
    return cells;
  }

  private static String number(JsonNode value) {
    return value.isNumber() ? String.format(Locale.ROOT, "%.1f", value.asDouble()) : "–";
  }

  /** With its sign; 0.0 has none. */
  static String signed(JsonNode value) {
    if (!value.isNumber()) {
      return "–";
    }
    String text = String.format(Locale.ROOT, "%.1f", Math.abs(value.asDouble()));
    return text.equals("0.0") ? text : (value.asDouble() < 0 ? "−" : "+") + text;
  }

  /** Aligned columns for a terminal or a plain file. */
  public String text() {
    List<List<String>> cells = cells();
    int[] widths = new int[HEADER.size()];
    for (List<String> row : cells) {
      for (int c = 0; c < widths.length; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < cells.size(); r++) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < widths.length; c++) {
        String cell = cells.get(r).get(c);
        String gap = " ".repeat(widths[c] - cell.length());
        line.append(c == 0 ? cell + gap : "  " + gap + cell);
      }
      text.append(line.toString().stripTrailing()).append('\n');
      if (r == 0) {
        text.append("─".repeat(line.length())).append('\n');
      }
    }
    return text.toString();
  }

  /** As a Markdown table. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    List<List<String>> cells = cells();
    for (int r = 0; r < cells.size(); r++) {
      text.append("| ").append(String.join(" | ", cells.get(r))).append(" |\n");
      if (r == 0) {
        text.append("|---").append("|---:".repeat(HEADER.size() - 1)).append("|\n");
      }
    }
    return text.toString();
  }
}
