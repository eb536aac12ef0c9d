package org.score4j.training.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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
  // The figures of one transition: title, name in evaluations.jsonl.
  private static final Map<String, String> OF_A_TRANSITION = new LinkedHashMap<>();

  static {
    OF_A_TRANSITION.put("i→c", "i_to_c");
    OF_A_TRANSITION.put("c→i", "c_to_i");
    OF_A_TRANSITION.put("unchanged", "unchanged");
  }

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

  /**
   * Header and rows as text cells: the accuracy of each attempt, Δ of the last against the first,
   * and of each transition what it gained, lost and left. Cells of attempts that a row lacks are
   * dashes.
   */
  public List<List<String>> cells() {
    int attempts = 1;
    for (Row row : rows) {
      while (row.figures().has("acc_t" + (attempts + 1))) {
        attempts++;
      }
    }
    List<List<String>> cells = new ArrayList<>();
    cells.add(header(attempts));
    for (Row row : rows) {
      JsonNode f = row.figures();
      List<String> line = new ArrayList<>();
      line.add(row.label());
      for (int t = 1; t <= attempts; t++) {
        line.add(number(f.path("acc_t" + t)));
      }
      JsonNode interval = f.path("ci95").path("delta");
      line.add(signed(f.path("delta")));
      line.add(
          interval.isMissingNode()
              ? "–"
              : signed(interval.path(0)) + " … " + signed(interval.path(1)));
      for (int t = 1; t < attempts; t++) {
        for (String name : OF_A_TRANSITION.values()) {
          line.add(number(f.path(name + "_t" + t + "_t" + (t + 1))));
        }
      }
      line.add(f.path("n").asText());
      cells.add(line);
    }
    return cells;
  }

  private static List<String> header(int attempts) {
    List<String> header = new ArrayList<>(List.of(""));
    for (int t = 1; t <= attempts; t++) {
      header.add("acc@t" + t);
    }
    header.add("Δ");
    header.add("95% of Δ");
    for (int t = 1; t < attempts; t++) {
      // With two attempts there is one transition, which needs no name.
      String between = attempts == 2 ? "" : " t" + t + "→t" + (t + 1);
      OF_A_TRANSITION.keySet().forEach(title -> header.add(title + between));
    }
    header.add("n");
    return header;
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
    int[] widths = new int[cells.getFirst().size()];
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
        text.append("|---").append("|---:".repeat(cells.getFirst().size() - 1)).append("|\n");
      }
    }
    return text.toString();
  }
}
