package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Ops;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;
import org.score4j.training.run.TrainingRun;

/** A training run whose steps are kept, and what two of them are compared by. */
final class RecordedRun {
  // Single precision with other orders of additions, some ten steps long.
  private static final double LOSS_TOLERANCE = 1e-3;

  private RecordedRun() {}

  /**
   * Trains in a new run folder.
   *
   * @param backend closed in the end
   * @param steps receives a report of every step
   * @param notices told what the run says
   */
  static RunResult run(
      Path path,
      RunConfig config,
      Backend backend,
      List<StepReport> steps,
      Consumer<String> notices)
      throws IOException {
    RunListener listener =
        new RunListener() {
          @Override
          public void stepDone(StepReport report) {
            steps.add(report);
          }

          @Override
          public void notice(String line) {
            notices.accept(line);
          }
        };
    try (backend;
        TrainingRun run =
            new TrainingRun(
                config,
                Files.createDirectories(path),
                "hash",
                new Ops(backend),
                listener,
                () -> false)) {
      return run.run(false);
    }
  }

  static double metric(StepReport step, String name) {
    return Objects.requireNonNull(step.metrics().get(name), name);
  }

  /** Step by step the same losses. */
  static void assertSameLosses(List<StepReport> steps, List<StepReport> wanted) {
    assertThat(steps).hasSameSizeAs(wanted);
    for (int i = 0; i < steps.size(); i++) {
      StepReport step = steps.get(i);
      assertThat(metric(step, "loss"))
          .as("loss of %s step %d", step.phase(), step.step())
          .isCloseTo(metric(wanted.get(i), "loss"), within(LOSS_TOLERANCE));
    }
  }
}
