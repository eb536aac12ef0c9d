package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Precision;
import org.score4j.tests.cuda.CudaTestDevice;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;

/** The demo's job, shortened, on the cuda backend. */
class CudaTrainingTest {
  @TempDir private Path folder;

  @Test
  void twentySteps_inSinglePrecision_haveTheCpusLosses() throws IOException {
    Backend cuda = CudaTestDevice.open(Precision.F32);
    Backend again = CudaTestDevice.open(Precision.F32);
    ShortDemo demo = new ShortDemo(folder, new ArrayList<>());
    Path model = demo.halfTrained();
    List<StepReport> wanted =
        demo.twentySteps("cpu", model, Backends.open("cpu", 2), Backends.open("cpu", 2));
    ShortDemo.assertSameLosses(demo.twentySteps("cuda", model, cuda, again), wanted);
  }

  /**
   * Sampling reads the cache where the training pass reads packed rows; a run whose log-probs
   * differ by more than its bound stops by itself.
   */
  @Test
  void bothStages_inBfloat16_learnFromWhatTheySampled() throws IOException {
    Backend cuda = CudaTestDevice.open(Precision.BF16);
    List<String> notices = new ArrayList<>();
    ShortDemo demo = new ShortDemo(folder, notices);
    List<StepReport> steps = new ArrayList<>();
    RunResult result = demo.run("stages", ShortDemo.stages(demo.halfTrained()), cuda, steps);
    assertThat(result.models()).containsKeys("stage1", "stage2");
    assertThat(notices)
        .as("what the memory goes to")
        .anyMatch(line -> line.equals("memory of cuda"))
        .anyMatch(line -> line.strip().startsWith("master weights"))
        .anyMatch(line -> line.strip().startsWith("kv cache"))
        .anyMatch(line -> line.strip().startsWith("free"));
    assertThat(steps).hasSize(2 * ShortDemo.STAGE_STEPS);
    ShortDemo.assertSomethingToLearn(steps);
  }
}
