package org.score4j.training.cli;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.report.RunHistory;
import org.score4j.training.run.AttemptPair;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.StepReport;

/**
 * Progress where there is no terminal: one line every so many steps, {@code key=value} in a fixed
 * order, without escape codes.
 */
final class PlainView implements RunListener {
  private static final int LINES_PER_PHASE = 20;
  private static final int SAMPLES_PER_PHASE = 4;
  private static final List<String> KEYS =
      List.of(
          "loss",
          "reward_t1",
          "reward_t2",
          "delta",
          "kl_t1",
          "kl_t2",
          "unchanged",
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
      Double value = report.metrics().get(key);
      if (value != null && Double.isFinite(value)) {
        line.append(' ').append(key).append('=').append(String.format(Locale.ROOT, "%.4g", value));
      }
    }
    double each = (clock.getAsLong() - phaseStart) / 1e9 / (report.step() - firstStep + 1);
    line.append(" seconds_left=");
    line.append(Math.round(each * (report.totalSteps() - report.step())));
    out.println(line);
  }

  @Override
  public void samples(String phase, int step, List<AttemptPair> pairs) {
    if (!due(step, totalSteps, SAMPLES_PER_PHASE) || pairs.isEmpty()) {
      return;
    }
    AttemptPair pair = RunHistory.mostTelling(pairs);
    out.println(
        arm
            + "sample phase=%s step=%d problem=%s first=%s"
                .formatted(
                    phase,
                    step,
                    Style.printable(pair.problem()),
                    judged(pair.first(), pair.firstCorrect()))
            // Single-turn training has no second attempt.
            + (pair.second().isEmpty()
                ? ""
                : " second=" + judged(pair.second(), pair.secondCorrect())));
  }

  private static String judged(String response, boolean correct) {
    return Style.printable(response) + (correct ? " right" : " wrong");
  }

  @Override
  public void evaluated(String phase, int step, String decoding, AttemptMetrics metrics) {
    out.println(
        arm
            + String.format(
                Locale.ROOT,
                "evaluation phase=%s step=%d decoding=%s n=%d acc_t1=%.1f acc_t2=%.1f delta=%.1f"
                    + " i_to_c=%.1f c_to_i=%.1f unchanged=%.1f",
                phase,
                step,
                decoding,
                metrics.n(),
                metrics.accT1().value(),
                metrics.accT2().value(),
                metrics.delta().value(),
                metrics.iToC().value(),
                metrics.cToI().value(),
                metrics.unchanged().value()));
  }

  @Override
  public void notice(String line) {
    out.println(arm + line);
  }
}
