package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;
import org.score4j.training.run.TrainingRun;

/** Runs of other phases than the three: where they start from, references, data they leave. */
class PhasesTest {
  private static final String SIZES =
      """
      model: {hiddenSize: 32, numKvHeads: 2, headDim: 8, intermediateSize: 48}
      task: {heldOutProblems: 50}
      checkpoints: {everySteps: 2}
      base: {steps: 12, batchSize: 16}
      """;
  private static final String RL =
      """
          promptsPerStep: 4
          signal: {prompts: 4, refuseZeroVariance: 1}
      """;

  @TempDir Path folder;

  /** What a run said: steps, and what each phase began with. */
  private static final class Heard implements RunListener {
    final List<String> steps = new ArrayList<>();
    final Map<String, String> models = new LinkedHashMap<>();

    @Override
    public void stepDone(StepReport report) {
      steps.add(report.phase() + report.step());
    }

    @Override
    public void phaseModels(String phase, String algorithm, String start, String reference) {
      models.put(phase, algorithm + ": " + start + ", " + reference);
    }
  }

  private RunConfig config(String yaml, String... more) throws IOException {
    Path file = Files.writeString(folder.resolve("config.yaml"), yaml);
    Map<String, String> keys = new LinkedHashMap<>();
    for (int i = 0; i < more.length; i += 2) {
      keys.put(more[i], more[i + 1]);
    }
    return ConfigLoader.load(file.toString(), keys);
  }

  private RunResult run(
      String name, RunConfig config, boolean resume, RunListener listener, BooleanSupplier stop)
      throws IOException {
    Path path = Files.createDirectories(folder.resolve(name));
    try (Backend backend = Backends.open("cpu", 1);
        TrainingRun run = new TrainingRun(config, path, "hash", new Ops(backend), listener, stop)) {
      return run.run(resume);
    }
  }

  /** The same weights whether stopped after any of its steps, and never a step twice. */
  private void assertResumesFromEverywhere(RunConfig config, Heard whole, RunResult result)
      throws IOException {
    for (int stop = 1; stop < whole.steps.size(); stop++) {
      Heard heard = new Heard();
      int after = stop;
      String name = "stopped" + stop;
      run(name, config, false, heard, () -> heard.steps.size() >= after);
      RunResult rest = run(name, config, true, heard, () -> false);
      assertThat(rest.weightsSha256()).as(name).isEqualTo(result.weightsSha256());
      assertThat(heard.steps).as(name).isEqualTo(whole.steps);
      assertThat(heard.models).as(name).isEqualTo(whole.models);
    }
  }

  @Test
  void threeTurns_trainInThreeStages_andResumeFromAnywhere() throws IOException {
    RunConfig config =
        config(
            "extends: three-turn\n" + SIZES,
            "base.steps",
            "3",
            "stage1a.steps",
            "2",
            "stage1b.steps",
            "2",
            "stage2.steps",
            "2",
            "stage1.promptsPerStep",
            "4",
            "stage1.signal.prompts",
            "4",
            "stage1.signal.refuseZeroVariance",
            "1",
            "stage2.promptsPerStep",
            "4",
            "stage2.signal.prompts",
            "4",
            "stage2.signal.refuseZeroVariance",
            "1");
    Heard heard = new Heard();
    RunResult whole = run("whole", config, false, heard, () -> false);
    assertThat(heard.models)
        .containsEntry("base", "supervised: initial, ")
        .containsEntry("stage1a", "score: phase base, phase base")
        .containsEntry("stage1b", "score: phase stage1a, phase stage1a")
        .containsEntry("stage2", "score: phase stage1b, phase base");
    assertThat(whole.logprobMismatches()).isZero();
    assertThat(Objects.requireNonNull(whole.greedy().get("stage2")).attempts()).hasSize(3);
    assertResumesFromEverywhere(config, heard, whole);
  }

  @Test
  void phasesStartFromWhereTheySay() throws IOException {
    RunConfig once =
        config(SIZES + "phases:\n  - base\n  - name: again\n    extends: base\n    from: base\n");
    Heard heard = new Heard();
    RunResult followed = run("followed", once, false, heard, () -> false);
    assertThat(heard.models).containsEntry("again", "supervised: phase base, ");
    // From the beginning once more, with the same rows: the same model as the base alone.
    RunConfig restarted =
        config(
            SIZES
                + "phases:\n  - name: other\n    extends: base\n    steps: 3\n"
                + "  - name: again\n    extends: base\n    from: initial\n");
    RunResult fromInitial = run("restarted", restarted, false, heard, () -> false);
    assertThat(heard.models).containsEntry("again", "supervised: initial, ");
    assertThat(fromInitial.weightsSha256()).isNotEqualTo(followed.weightsSha256());
    // From a folder: what is saved is what goes on.
    RunConfig fromFolder =
        config(
            SIZES
                + "phases:\n  - name: skipped\n    extends: base\n    steps: 0\n"
                + "  - name: again\n    extends: base\n    from: "
                + folder.resolve("followed/models/base")
                + "\n");
    RunResult loaded = run("loaded", fromFolder, false, heard, () -> false);
    assertThat(loaded.weightsSha256()).isEqualTo(followed.weightsSha256());
  }

  @Test
  void referenceMayBeAnyEarlierModel_andIsKeptOverAStop() throws IOException {
    RunConfig config =
        config(
            SIZES
                + "phases:\n  - base\n"
                + "  - name: a\n    algorithm: score\n    reference: start\n    steps: 2\n"
                + RL
                + "  - name: b\n    algorithm: score\n    reference: initial\n    steps: 2\n"
                + RL
                + "  - name: c\n"
                + "    algorithm: score\n"
                + "    from: base\n"
                + "    reference: a\n"
                + "    steps: 2\n"
                + RL,
            "base.steps",
            "4");
    Heard heard = new Heard();
    RunResult whole = run("whole", config, false, heard, () -> false);
    assertThat(heard.models)
        .containsEntry("a", "score: phase base, phase base")
        .containsEntry("b", "score: phase a, initial")
        .containsEntry("c", "score: phase base, phase a");
    assertResumesFromEverywhere(config, heard, whole);
  }

  @Test
  void algorithmOfAnotherJar_leavesDataForItsSteps_andResumesFromAnywhere() throws IOException {
    RunConfig config =
        config(
            SIZES
                + "phases:\n  - base\n  - name: star\n    algorithm: collect\n"
                + "  - name: more\n    algorithm: collect\n    from: base\n    steps: 2\n",
            "star.problems",
            "8",
            "more.problems",
            "8",
            // What a model that has learnt nothing would hardly get right.
            "task.operations",
            "1",
            "task.trainProblems",
            "40",
            "task.heldOutProblems",
            "20",
            "base.steps",
            "40");
    Heard heard = new Heard();
    RunResult whole = run("whole", config, false, heard, () -> false);
    assertThat(folder.resolve("whole/data/star/answers.txt")).isNotEmptyFile();
    assertThat(folder.resolve("whole/data/more/answers.txt")).isNotEmptyFile();
    for (int stop : new int[] {40, 41, 43, 44}) {
      Heard again = new Heard();
      run("stopped" + stop, config, false, again, () -> again.steps.size() >= stop);
      RunResult rest = run("stopped" + stop, config, true, again, () -> false);
      assertThat(rest.weightsSha256()).as("stop %d", stop).isEqualTo(whole.weightsSha256());
      assertThat(again.steps).isEqualTo(heard.steps);
    }
  }

  @Test
  void modelOfAnotherShape_isRefusedBeforeTheFirstStep() throws IOException {
    run(
        "other",
        config(SIZES + "phases: [base]\n", "model.hiddenSize", "16", "model.headDim", "4"),
        false,
        new RunListener() {},
        () -> false);
    RunConfig config = config(SIZES, "base.from", folder.resolve("other/models/base").toString());
    assertThatThrownBy(() -> run("mine", config, false, new RunListener() {}, () -> false))
        .hasMessageContaining("has another shape");
  }
}
