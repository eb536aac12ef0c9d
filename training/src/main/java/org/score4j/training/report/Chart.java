package org.score4j.training.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One learning curve as inline SVG. Phases follow each other along the x axis, parted by a line.
 * Steps are averaged into bins, as single steps of reinforcement learning are noise to the eye.
 */
final class Chart {
  private static final int WIDTH = 320;
  private static final int HEIGHT = 170;
  private static final int LEFT = 40;
  private static final int RIGHT = 8;
  private static final int TOP = 10;
  private static final int BOTTOM = 30;
  private static final int BINS = 80;

  private final String title;
  private final Map<String, List<JsonNode>> phases;
  private final List<Line> lines;

  /**
   * A curve.
   *
   * @param metric its name in metrics.jsonl
   * @param label its name in the legend
   * @param css its class, which has the colour
   */
  record Line(String metric, String label, String css) {}

  /** phases: name → lines of metrics.jsonl. */
  Chart(String title, Map<String, List<JsonNode>> phases, List<Line> lines) {
    this.title = title;
    this.phases = phases;
    this.lines = lines;
  }

  /** Whether any step has a value to draw; a run of one turn has none for the second. */
  boolean isEmpty() {
    return phases.values().stream()
        .flatMap(List::stream)
        .noneMatch(step -> lines.stream().anyMatch(line -> step.path(line.metric()).isNumber()));
  }

  private record Point(double x, double y) {}

  String svg() {
    int total = phases.values().stream().mapToInt(List::size).sum();
    List<List<List<Point>>> curves = new ArrayList<>();
    double low = 0;
    double high = Double.MIN_VALUE;
    for (Line line : lines) {
      List<List<Point>> pieces = new ArrayList<>();
      int offset = 0;
      for (List<JsonNode> steps : phases.values()) {
        List<Point> piece = binned(steps, line.metric(), offset, total);
        for (Point point : piece) {
          low = Math.min(low, point.y());
          high = Math.max(high, point.y());
        }
        pieces.add(piece);
        offset += steps.size();
      }
      curves.add(pieces);
    }
    double tick = tick(high - low);
    low = Math.floor(low / tick) * tick;
    high = Math.max(Math.ceil(high / tick) * tick, low + tick);
    StringBuilder svg = new StringBuilder();
    svg.append("<figure><figcaption>").append(Html.escape(title)).append(legend());
    svg.append(
        "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
            .formatted(WIDTH, HEIGHT, Html.escape(title)));
    for (int i = 0; low + i * tick <= high + tick / 2; i++) {
      double value = low + i * tick;
      double y = y(value, low, high);
      svg.append(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
              LEFT,
              WIDTH - RIGHT,
              y,
              y));
      svg.append(
          String.format(
              Locale.ROOT,
              "<text class=\"tick end\" x=\"%d\" y=\"%.1f\">%s</text>",
              LEFT - 5,
              y + 3.5,
              label(value, tick)));
    }
    phaseMarks(svg, total);
    for (int l = 0; l < curves.size(); l++) {
      for (List<Point> piece : curves.get(l)) {
        StringBuilder path = new StringBuilder();
        for (Point point : piece) {
          path.append(path.isEmpty() ? "M" : "L");
          path.append(String.format(Locale.ROOT, "%.1f %.1f", point.x(), y(point.y(), low, high)));
        }
        if (!path.isEmpty()) {
          svg.append(
              String.format(
                  Locale.ROOT, "<path class=\"curve %s\" d=\"%s\"/>", lines.get(l).css(), path));
        }
      }
    }
    return svg.append("</svg></figure>\n").toString();
  }

  private String legend() {
    if (lines.size() < 2) {
      return "";
    }
    StringBuilder legend = new StringBuilder();
    for (Line line : lines) {
      legend.append(
          " <span class=\"key %s\">%s</span>".formatted(line.css(), Html.escape(line.label())));
    }
    return legend.toString();
  }

  private void phaseMarks(StringBuilder svg, int total) {
    int offset = 0;
    for (Map.Entry<String, List<JsonNode>> phase : phases.entrySet()) {
      double from = x(offset, total);
      offset += phase.getValue().size();
      double to = x(offset, total);
      if (from > LEFT) {
        svg.append(
            String.format(
                Locale.ROOT,
                "<line class=\"part\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>",
                from,
                from,
                TOP,
                HEIGHT - BOTTOM));
      }
      svg.append(
          String.format(
              Locale.ROOT,
              "<text class=\"tick mid\" x=\"%.1f\" y=\"%d\">%s, %d steps</text>",
              (from + to) / 2,
              HEIGHT - 12,
              Html.escape(RunHistory.phaseLabel(phase.getKey())),
              phase.getValue().size()));
    }
  }

  private static List<Point> binned(List<JsonNode> steps, String metric, int offset, int total) {
    List<Point> points = new ArrayList<>();
    int bins = Math.max(1, Math.min(BINS * steps.size() / Math.max(1, total), steps.size()));
    for (int b = 0; b < bins; b++) {
      int from = (int) ((long) steps.size() * b / bins);
      int to = (int) ((long) steps.size() * (b + 1) / bins);
      double sum = 0;
      int count = 0;
      for (int i = from; i < to; i++) {
        JsonNode value = steps.get(i).path(metric);
        if (value.isNumber() && Double.isFinite(value.asDouble())) {
          sum += value.asDouble();
          count++;
        }
      }
      if (count > 0) {
        points.add(new Point(x(offset + (from + to) / 2.0, total), sum / count));
      }
    }
    return points;
  }

  private static double x(double step, int total) {
    return LEFT + (WIDTH - LEFT - RIGHT) * step / Math.max(1, total);
  }

  private static double y(double value, double low, double high) {
    return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low);
  }

  /** 1, 2 or 5 times a power of ten, so that about four of them fit. */
  static double tick(double range) {
    double rough = Math.max(range, 1e-9) / 4;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double share = rough / power;
    return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
  }

  private static String label(double value, double tick) {
    int digits = (int) Math.max(0, -Math.floor(Math.log10(tick) + 1e-9));
    String text = String.format(Locale.ROOT, "%." + digits + "f", value);
    return text.matches("-0\\.?0*") ? text.substring(1) : text;
  }
}
