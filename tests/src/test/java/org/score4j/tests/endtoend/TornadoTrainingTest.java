package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.kernels.Backends;
import org.score4j.tests.tornado.TornadoTestDevice;
import org.score4j.training.run.StepReport;

/** The demo's job, shortened, on the tornado backend. */
class TornadoTrainingTest {
  @TempDir private Path folder;

  @Test
  void twentySteps_haveTheCpusLosses_andLearnFromTheBitsTheySampled() throws IOException {
    TornadoTestDevice.assumeThere();
    ShortDemo demo = new ShortDemo(folder, new ArrayList<>());
    Path model = demo.halfTrained();
    List<StepReport> wanted =
        demo.twentySteps("cpu", model, Backends.open("cpu", 2), Backends.open("cpu", 2));
    List<StepReport> steps =
        demo.twentySteps("tornado", model, TornadoTestDevice.shared(), TornadoTestDevice.shared());
    ShortDemo.assertSameLosses(steps, wanted);
    for (StepReport step : steps.subList(ShortDemo.BASE_STEPS, steps.size())) {
      assertThat(RecordedRun.metric(step, "logprob_mismatches"))
          .as("log-probs of step %d that differ from those sampled", step.step())
          .isZero();
    }
  }
}
