package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Precision;
import org.score4j.tests.cuda.CudaTestDevice;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;

/**
 * The demo's job, shortened, on the cuda backend: its model, a supervised base, then both stages of
 * reinforcement learning from a base that solves some problems.
 */
class CudaTrainingTest {
  private static final int BASE_STEPS = 12;
  private static final int STAGE_STEPS = 4;

  @TempDir private Path folder;
  private final List<String> notices = new ArrayList<>();

  private static RunConfig config(String... more) {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("task.operations", "1");
    keys.put("task.multiplyProbability", "0.1");
    keys.put("task.trainProblems", "50");
    keys.put("task.heldOutProblems", "15");
    keys.put("evaluation.problems", "15");
    keys.put("base.batchSize", "64");
    keys.put("stage1.promptsPerStep", "8");
    keys.put("stage1.signal.prompts", "8");
    keys.put("stage2.promptsPerStep", "8");
    keys.put("stage2.signal.prompts", "8");
    for (int i = 0; i < more.length; i += 2) {
      keys.put(more[i], more[i + 1]);
    }
    return ConfigLoader.load("score", keys);
  }

  private static RunConfig base(int steps) {
    String text = Integer.toString(steps);
    return config("base.steps", text, "stage1.steps", "0", "stage2.steps", "0");
  }

  /** Made on the CPU, as good as some seconds make it. */
  private Path halfTrained() throws IOException {
    RunResult result = run("half", base(250), Backends.open("cpu", 2), new ArrayList<>());
    return Objects.requireNonNull(result.models().get("base"));
  }

  private static RunConfig stages(Path model) {
    String steps = Integer.toString(STAGE_STEPS);
    return config(
        "model.path",
        model.toString(),
        "base.steps",
        "0",
        "stage1.steps",
        steps,
        "stage2.steps",
        steps);
  }

  private RunResult run(String name, RunConfig config, Backend backend, List<StepReport> steps)
      throws IOException {
    return RecordedRun.run(folder.resolve(name), config, backend, steps, notices::add);
  }

  @Test
  void twentySteps_inSinglePrecision_haveTheCpusLosses() throws IOException {
    Backend cuda = CudaTestDevice.open(Precision.F32);
    Backend again = CudaTestDevice.open(Precision.F32);
    List<StepReport> wanted = new ArrayList<>();
    List<StepReport> steps = new ArrayList<>();
    run("cpu base", base(BASE_STEPS), Backends.open("cpu", 2), wanted);
    run("cuda base", base(BASE_STEPS), cuda, steps);
    Path model = halfTrained();
    run("cpu stages", stages(model), Backends.open("cpu", 2), wanted);
    run("cuda stages", stages(model), again, steps);
    assertThat(steps).hasSize(BASE_STEPS + 2 * STAGE_STEPS);
    RecordedRun.assertSameLosses(steps, wanted);
    double gradients = 0;
    for (StepReport step : steps.subList(BASE_STEPS, steps.size())) {
      gradients += RecordedRun.metric(step, "grad_norm");
    }
    assertThat(gradients).as("the stages must have something to learn").isPositive();
  }

  /**
   * Sampling reads the cache where the training pass reads packed rows; a run whose log-probs
   * differ by more than its bound stops by itself.
   */
  @Test
  void bothStages_inBfloat16_learnFromWhatTheySampled() throws IOException {
    Backend cuda = CudaTestDevice.open(Precision.BF16);
    List<StepReport> steps = new ArrayList<>();
    RunResult result = run("stages", stages(halfTrained()), cuda, steps);
    assertThat(result.models()).containsKeys("stage1", "stage2");
    assertThat(notices)
        .as("what the memory goes to")
        .anyMatch(line -> line.equals("memory of cuda"))
        .anyMatch(line -> line.strip().startsWith("master weights"))
        .anyMatch(line -> line.strip().startsWith("kv cache"))
        .anyMatch(line -> line.strip().startsWith("free"));
    assertThat(steps).hasSize(2 * STAGE_STEPS);
    double gradients = 0;
    for (StepReport step : steps) {
      gradients += RecordedRun.metric(step, "grad_norm");
      assertThat(RecordedRun.metric(step, "loss")).as("loss of step " + step.step()).isFinite();
    }
    assertThat(gradients).as("the stages must have something to learn").isPositive();
  }
}
