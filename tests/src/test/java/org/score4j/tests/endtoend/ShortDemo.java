package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;

/**
 * The demo's job, shortened: its model, a supervised base, then both stages of reinforcement
 * learning from a base that solves some problems.
 *
 * @param folder where its run folders go
 * @param notices what the runs say
 */
record ShortDemo(Path folder, List<String> notices) {
  static final int BASE_STEPS = 12;
  static final int STAGE_STEPS = 4;

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

  static RunConfig base(int steps) {
    String text = Integer.toString(steps);
    return config("base.steps", text, "stage1.steps", "0", "stage2.steps", "0");
  }

  /** Made on the CPU, as good as some seconds make it. */
  Path halfTrained() throws IOException {
    RunResult result = run("half", base(250), Backends.open("cpu", 2), new ArrayList<>());
    return Objects.requireNonNull(result.models().get("base"));
  }

  static RunConfig stages(Path model) {
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

  /** Trains in a folder of its own; closes the backend. */
  RunResult run(String name, RunConfig config, Backend backend, List<StepReport> steps)
      throws IOException {
    return RecordedRun.run(folder.resolve(name), config, backend, steps, notices::add);
  }

  /**
   * The losses of twenty steps: the base from nothing, then both stages from a half-trained base.
   *
   * @param base computes the base; closed
   * @param stages computes the stages; closed
   */
  List<StepReport> twentySteps(String name, Path model, Backend base, Backend stages)
      throws IOException {
    List<StepReport> steps = new ArrayList<>();
    run(name + " base", base(BASE_STEPS), base, steps);
    run(name + " stages", stages(model), stages, steps);
    return steps;
  }

  /** Both have the same losses, and the stages had something to learn. */
  static void assertSameLosses(List<StepReport> steps, List<StepReport> wanted) {
    assertThat(steps).hasSize(BASE_STEPS + 2 * STAGE_STEPS);
    RecordedRun.assertSameLosses(steps, wanted);
    assertSomethingToLearn(steps.subList(BASE_STEPS, steps.size()));
  }

  static void assertSomethingToLearn(List<StepReport> steps) {
    double gradients = 0;
    for (StepReport step : steps) {
      gradients += RecordedRun.metric(step, "grad_norm");
      assertThat(RecordedRun.metric(step, "loss")).as("loss of step " + step.step()).isFinite();
    }
    assertThat(gradients).as("the stages must have something to learn").isPositive();
  }
}
