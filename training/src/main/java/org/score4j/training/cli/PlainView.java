package org.score4j.training.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.report.RunHistory;
import org.score4j.training.rollouts.Transcript;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.StepReport;

/**
 * Progress where there is no terminal: one line every so many steps, {@code key=value} in a fixed
 * order, without escape codes.
 */
final class PlainView implements RunListener {
  private static final int LINES_PER_PHASE = 20;
  private static final int SAMPLES_PER_PHASE = 4;
  // In this order; NAME* stands for NAME_t1, NAME_t2 and so on.
  private static final List<String> KEYS =
      List.of(
          "loss",
          "reward*",
          "delta",
          "kl*",
          "unchanged*",
          "truncated*",
          "grad_norm",
          "learning_rate",
          "tokens_per_second");

  private final PrintStream out;
  private final String arm;
  private final LongSupplier clock;
  private long phaseStart;
  private int firstStep = 1;
  private int totalSteps = 1;

  PlainView(PrintStream out, String arm, LongSupplier clock) {
    this.out = out;
    this.arm = arm.isEmpty() ? "" : "arm=" + arm + " ";
    this.clock = clock;
  }

  private static boolean due(int step, int totalSteps, int lines) {
    return step % Math.max(1, totalSteps / lines) == 0 || step == totalSteps;
  }

  @Override
  public void phaseStarted(String phase, int first, int steps) {
    phaseStart = clock.getAsLong();
    firstStep = first;
    totalSteps = steps;
  }

  @Override
  public void stepDone(StepReport report) {
    boolean first = report.step() == firstStep;
    if (!first && !due(report.step(), report.totalSteps(), LINES_PER_PHASE)) {
      return;
    }
    StringBuilder line = new StringBuilder(arm);
    line.append("phase=").append(report.phase());
    line.append(" step=").append(report.step()).append('/').append(report.totalSteps());
    for (String key : KEYS) {
      String stem = key.replace("*", "_t");
      report
          .metrics()
          .forEach(
              (name, value) -> {
                boolean shown = key.endsWith("*") ? name.startsWith(stem) : name.equals(key);
                if (shown && Double.isFinite(value)) {
                  line.append(' ').append(name).append('=');
                  line.append(String.format(Locale.ROOT, "%.4g", value));
                }
              });
    }
    double each = (clock.getAsLong() - phaseStart) / 1e9 / (report.step() - firstStep + 1);
    line.append(" seconds_left=");
    line.append(Math.round(each * (report.totalSteps() - report.step())));
    out.println(line);
  }

  @Override
  public void samples(String phase, int step, List<Transcript> transcripts) {
    if (!due(step, totalSteps, SAMPLES_PER_PHASE) || transcripts.isEmpty()) {
      return;
    }
    Transcript transcript = RunHistory.mostTelling(transcripts);
    StringBuilder line = new StringBuilder(arm);
    line.append("sample phase=").append(phase).append(" step=").append(step);
    line.append(" problem=").append(Style.printable(transcript.problem()));
    int number = 1;
    for (Transcript.Attempt attempt : transcript.attempts()) {
      line.append(" t").append(number++).append('=').append(Style.printable(attempt.text()));
      line.append(attempt.correct() ? " right" : " wrong");
    }
    out.println(line);
  }

  @Override
  public void evaluated(String phase, int step, String decoding, AttemptMetrics metrics) {
    StringBuilder line = new StringBuilder(arm);
    line.append(
        "evaluation phase=%s step=%d decoding=%s n=%d"
            .formatted(phase, step, decoding, metrics.n()));
    metrics
        .figures()
        .forEach(
            (name, figure) -> {
              if (figure != null) {
                line.append(' ').append(name).append('=');
                line.append(String.format(Locale.ROOT, "%.1f", figure.value()));
              }
            });
    out.println(line);
  }

  @Override
  public void notice(String line) {
    out.println(arm + line);
  }
}
