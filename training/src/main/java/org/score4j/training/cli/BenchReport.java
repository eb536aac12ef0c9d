package org.score4j.training.cli;

import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.training.bench.BenchRow;

/**
 * What {@code score4j bench} has measured.
 *
 * @param description of the backend
 * @param shape name of the sizes
 * @param rows of the device itself
 * @param columns of the devices beside it
 * @param ratios beside other programs
 */
record BenchReport(
    String description,
    String shape,
    List<BenchRow> rows,
    List<Column> columns,
    List<Ratio> ratios) {
  /**
   * The ops of another device.
   *
   * @param device as in {@code --beside}
   * @param description of its backend
   * @param rows of the ops, in the order of the first device's
   */
  record Column(String device, String description, List<BenchRow> rows) {
    BenchRow row(int index) {
      return rows.get(index);
    }
  }

  /** A workload beside the other program's. */
  record Ratio(String what, double ours, double theirs) {
    double value() {
      return ours / theirs;
    }
  }

  /** As JSON. */
  Map<String, @Nullable Object> document() {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("backend", description);
    document.put("shape", shape);
    document.put("load_average", load());
    document.put("rows", rows.stream().map(BenchReport::document).toList());
    document.put(
        "beside",
        columns.stream()
            .map(
                column ->
                    Map.of(
                        "device", column.device(),
                        "backend", column.description(),
                        "rows", column.rows().stream().map(BenchReport::document).toList()))
            .toList());
    document.put(
        "ratios",
        ratios.stream()
            .map(
                r ->
                    Map.of(
                        "what", r.what(),
                        "ours", r.ours(),
                        "theirs", r.theirs(),
                        "ratio", r.value()))
            .toList());
    return document;
  }

  private static Map<String, Object> document(BenchRow row) {
    return Map.of(
        "what", row.what(),
        "sizes", row.shape(),
        "seconds", row.seconds().median(),
        "seconds_min", row.seconds().min(),
        "seconds_max", row.seconds().max(),
        "rate", row.rate(),
        "unit", row.unit(),
        "flops_per_second", row.flopsPerSecond(),
        "bytes_per_second", row.bytesPerSecond());
  }

  /** As a table. */
  void print(PrintWriter out) {
    out.println("%s; shape %s; load average %.1f".formatted(description, shape, load()));
    columns.forEach(column -> out.println("beside it " + column.description()));
    double copy =
        rows.stream().filter(row -> row.what().equals("copy")).mapToDouble(BenchRow::rate).sum();
    double product =
        rows.stream()
            .filter(row -> row.unit().equals("GFLOP/s"))
            .mapToDouble(BenchRow::rate)
            .max()
            .orElse(0);
    for (int i = 0; i < rows.size(); i++) {
      BenchRow row = rows.get(i);
      String share = share(row, copy, product);
      for (Column column : columns) {
        share += i < column.rows().size() ? beside(column, row, column.row(i)) : "";
      }
      out.println(
          "%-22s %-42s %10.3f ms (%.3f … %.3f) %11.1f %s%s"
              .formatted(
                  row.what(),
                  row.shape(),
                  1e3 * row.seconds().median(),
                  1e3 * row.seconds().min(),
                  1e3 * row.seconds().max(),
                  row.rate(),
                  row.unit(),
                  share));
    }
    for (Ratio ratio : ratios) {
      out.println(
          "%-22s ours %.0f, theirs %.0f tokens/s, ratio %.2f"
              .formatted(ratio.what(), ratio.ours(), ratio.theirs(), ratio.value()));
    }
    out.flush();
  }

  /** What a rate is of the limit that it can be compared with. */
  private static String share(BenchRow row, double copy, double product) {
    if (row.unit().equals("GB/s") && copy > 0) {
      return "  %3.0f%% of copy".formatted(100 * row.rate() / copy);
    }
    if (row.flops() > 0) {
      double gigaflops = row.flopsPerSecond() / 1e9;
      String of =
          product > 0 ? ", %.0f%% of the fastest product".formatted(100 * gigaflops / product) : "";
      return "  %.1f GFLOP/s%s".formatted(gigaflops, of);
    }
    if (row.bytes() > 0) {
      double gigabytes = row.bytesPerSecond() / 1e9;
      String of = copy > 0 ? ", %.0f%% of copy".formatted(100 * gigabytes / copy) : "";
      return "  %.1f GB/s of weights and cache%s".formatted(gigabytes, of);
    }
    return "";
  }

  private static String beside(Column column, BenchRow ours, BenchRow theirs) {
    double theirTime = theirs.seconds().median();
    return "  %s %.3f ms (x%.2f)"
        .formatted(column.device(), 1e3 * theirTime, theirTime / ours.seconds().median());
  }

  private static double load() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }
}
