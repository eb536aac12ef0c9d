package org.score4j.training.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.report.RunHistory;
import org.score4j.training.rollouts.Transcript;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.StepReport;

/**
 * Progress on a terminal: a bar and one line of figures, redrawn in place at most ten times a
 * second; above them, now and then, a problem with its attempts. The figures are means of the last
 * {@value #MEAN_OVER} steps, for single steps jump too much to be read.
 */
final class LiveView implements RunListener, AutoCloseable {
  private static final long REDRAW_NANOS = 100_000_000;
  private static final long SAMPLE_NANOS = 4_000_000_000L;
  private static final int MEAN_OVER = 10;
  private static final int BAR = 30;

  private final Terminal terminal;
  private final LongSupplier clock;
  private final String arm;
  private final Deque<StepReport> recent = new ArrayDeque<>();
  private boolean drawn;
  private long lastDrawn;
  private long lastSample;
  private long phaseStart;
  private int firstStep = 1;

  /**
   * A view.
   *
   * @param arm name of the run where there are several, else empty
   * @param clock nanoseconds, {@code System::nanoTime}
   */
  LiveView(Terminal terminal, String arm, LongSupplier clock) {
    this.terminal = terminal;
    this.arm = arm;
    this.clock = clock;
    lastSample = clock.getAsLong();
  }

  @Override
  public void phaseStarted(String phase, int first, int totalSteps) {
    recent.clear();
    firstStep = first;
    phaseStart = clock.getAsLong();
    lastDrawn = phaseStart - REDRAW_NANOS;
  }

  @Override
  public void stepDone(StepReport report) {
    recent.addLast(report);
    if (recent.size() > MEAN_OVER) {
      recent.removeFirst();
    }
    long now = clock.getAsLong();
    boolean last = report.step() == report.totalSteps();
    if (last || now - lastDrawn >= REDRAW_NANOS) {
      draw(report, now);
      lastDrawn = now;
    }
    if (last) {
      terminal.out().println();
      drawn = false;
    }
  }

  @Override
  public void samples(String phase, int step, List<Transcript> transcripts) {
    long now = clock.getAsLong();
    if (now - lastSample < SAMPLE_NANOS || transcripts.isEmpty()) {
      return;
    }
    Transcript telling = RunHistory.mostTelling(transcripts);
    if (telling.attempts().size() > 1) {
      lastSample = now;
      above(sampleLine(telling));
    }
  }

  /** A problem, its first attempt and its last. */
  private String sampleLine(Transcript transcript) {
    boolean colour = terminal.colour();
    String problem = Style.clip(Style.printable(transcript.problem()), terminal.columns() / 3);
    Transcript.Attempt first = transcript.attempts().getFirst();
    Transcript.Attempt last = transcript.attempts().getLast();
    int room = Math.max(4, (terminal.columns() - problem.length() - 24) / 2);
    return "  "
        + problem
        + Style.DIM.of("   first ", colour)
        + Style.clip(Style.printable(first.text()), room)
        + " "
        + mark(first.correct())
        + Style.DIM.of(transcript.attempts().size() == 2 ? "   second " : "   last ", colour)
        + Style.changes(first, last, colour, room)
        + " "
        + mark(last.correct());
  }

  private String mark(boolean correct) {
    return correct ? Style.GREEN.of("✓", terminal.colour()) : Style.RED.of("✗", terminal.colour());
  }

  @Override
  public void evaluated(String phase, int step, String decoding, AttemptMetrics metrics) {
    if (decoding.equals("greedy")) {
      StringBuilder line = new StringBuilder();
      line.append(
          "  %s step %d, %d held-out problems:"
              .formatted(RunHistory.phaseLabel(phase), step, metrics.n()));
      for (int t = 1; t <= metrics.attempts().size(); t++) {
        line.append(t == 1 ? " " : " → ");
        double accuracy = metrics.attempts().get(t - 1).accuracy().value();
        line.append(String.format(Locale.ROOT, "acc@t%d %.1f", t, accuracy));
      }
      if (metrics.delta() != null) {
        line.append(String.format(Locale.ROOT, "  Δ %+.1f", metrics.delta().value()));
      }
      above(Style.clip(line.toString(), terminal.columns()));
    }
  }

  @Override
  public void notice(String line) {
    above(line);
  }

  /** Prints a line where the bar is; the bar is drawn again below it. */
  private void above(String line) {
    if (drawn) {
      terminal.out().print("\u001b[1A\r\u001b[J");
    }
    terminal.out().println(line);
    if (drawn) {
      drawn = false;
      draw(recent.getLast(), clock.getAsLong());
    }
  }

  private void draw(StepReport report, long now) {
    String bar = bar(report, now);
    String figures = "  " + figures();
    StringBuilder frame = new StringBuilder();
    if (drawn) {
      frame.append("\u001b[1A\r");
    }
    // Cleared to its end line by line, not the whole screen first, which flickers.
    frame.append(bar).append("\u001b[K\n");
    frame.append(Style.clip(figures, terminal.columns() - 1)).append("\u001b[K");
    terminal.out().print(frame);
    terminal.out().flush();
    drawn = true;
  }

  private String bar(StepReport report, long now) {
    String name = (arm.isEmpty() ? "" : arm + " · ") + RunHistory.phaseLabel(report.phase());
    String counts = " " + report.step() + "/" + report.totalSteps() + "  " + timeLeft(report, now);
    int width = Math.min(BAR, terminal.columns() - 2 - name.length() - counts.length() - 1);
    if (width < 5) {
      return Style.clip(name + counts, terminal.columns() - 1);
    }
    int full = (int) ((long) width * report.step() / Math.max(1, report.totalSteps()));
    boolean colour = terminal.colour();
    return Style.BOLD.of(name, colour)
        + "  "
        + Style.GREEN.of("━".repeat(full), colour)
        + Style.DIM.of((colour ? "━" : "·").repeat(width - full), colour)
        + counts;
  }

  private String timeLeft(StepReport report, long now) {
    int done = report.step() - firstStep + 1;
    if (report.step() == report.totalSteps()) {
      return duration((now - phaseStart) / 1e9) + " taken";
    }
    double each = (now - phaseStart) / 1e9 / done;
    return duration(each * (report.totalSteps() - report.step())) + " left";
  }

  static String duration(double seconds) {
    long s = Math.round(seconds);
    return s < 3600
        ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  }

  private String figures() {
    StringBuilder line = new StringBuilder();
    Map<String, Double> newest = recent.getLast().metrics();
    if (newest.containsKey("reward_t1")) {
      int attempts = 1;
      while (newest.containsKey("reward_t" + (attempts + 1))) {
        attempts++;
      }
      line.append("reward");
      for (int t = 1; t <= attempts; t++) {
        line.append(t == 1 ? " " : " → ");
        line.append(String.format(Locale.ROOT, "%.2f", mean("reward_t" + t)));
      }
      if (attempts > 1) {
        line.append(String.format(Locale.ROOT, "  Δ %+.2f", mean("delta")));
      }
      line.append("  KL");
      for (int t = 1; t <= attempts; t++) {
        line.append(String.format(Locale.ROOT, " %.2f", mean("kl_t" + t)));
      }
      if (attempts > 1) {
        double unchanged = 100 * mean("unchanged_t" + attempts);
        line.append(String.format(Locale.ROOT, "  unchanged %.0f%%", unchanged));
      }
    } else {
      line.append(String.format(Locale.ROOT, "loss %.3f", mean("loss")));
      line.append(String.format(Locale.ROOT, "  learning rate %.2g", mean("learning_rate")));
    }
    double seconds = recent.stream().mapToDouble(StepReport::seconds).sum();
    long tokens = recent.stream().mapToLong(StepReport::tokens).sum();
    if (seconds > 0) {
      line.append("  ").append(perSecond(tokens / seconds)).append(" tok/s");
    }
    return line.toString();
  }

  private static String perSecond(double rate) {
    return rate >= 10_000
        ? String.format(Locale.ROOT, "%.0fk", rate / 1000)
        : String.format(Locale.ROOT, "%.0f", rate);
  }

  private double mean(String metric) {
    return recent.stream()
        .mapToDouble(r -> r.metrics().getOrDefault(metric, Double.NaN))
        .filter(Double::isFinite)
        .average()
        .orElse(Double.NaN);
  }

  /** Leaves the cursor on a line of its own. */
  @Override
  public void close() {
    if (drawn) {
      terminal.out().println();
      drawn = false;
    }
  }
}
