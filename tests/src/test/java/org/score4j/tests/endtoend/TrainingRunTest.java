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
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;
import org.score4j.training.run.TrainingRun;

/**
 * Base, stage I and stage II of a shortened run on the cpu backend: same seed, same bits, whatever
 * the threads, batches and interruptions.
 */
class TrainingRunTest {
  @TempDir Path folder;

  private static RunConfig config(String... more) {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("model.hiddenSize", "32");
    keys.put("model.numKvHeads", "2");
    keys.put("model.headDim", "8");
    keys.put("model.intermediateSize", "48");
    keys.put("base.steps", "30");
    keys.put("base.batchSize", "32");
    keys.put("stage1.steps", "6");
    keys.put("stage1.promptsPerStep", "8");
    keys.put("stage1.signal.refuseZeroVariance", "1");
    keys.put("stage2.steps", "6");
    keys.put("stage2.promptsPerStep", "8");
    keys.put("stage2.signal.refuseZeroVariance", "1");
    keys.put("task.heldOutProblems", "100");
    keys.put("evaluation.everySteps", "0");
    keys.put("checkpoints.everySteps", "5");
    for (int i = 0; i < more.length; i += 2) {
      keys.put(more[i], more[i + 1]);
    }
    return ConfigLoader.load("score", keys);
  }

  private RunResult run(String name, RunConfig config, int threads) throws IOException {
    return run(name, config, threads, false, new RunListener() {}, () -> false);
  }

  private RunResult run(
      String name,
      RunConfig config,
      int threads,
      boolean resume,
      RunListener listener,
      BooleanSupplier stop)
      throws IOException {
    Path path = Files.createDirectories(folder.resolve(name));
    try (Backend backend = Backends.open("cpu", threads);
        TrainingRun run = new TrainingRun(config, path, "hash", new Ops(backend), listener, stop)) {
      return run.run(resume);
    }
  }

  @Test
  void oneTwoAndThreeThreads_endInTheSameWeights_withoutAnyMismatch() throws IOException {
    RunResult one = run("one", config(), 1);
    assertThat(one.sampledTokens()).isEqualTo(2 * 6 * 8 * 4 * 6);
    assertThat(one.logprobMismatches()).isZero();
    for (int threads : new int[] {2, 3}) {
      RunResult other = run("threads" + threads, config(), threads);
      assertThat(other.weightsSha256()).as("%d threads", threads).isEqualTo(one.weightsSha256());
      assertThat(other.logprobMismatches()).isZero();
    }
  }

  @Test
  void limitsOfMemory_neverChangeTheWeights() throws IOException {
    RunResult wide = run("wide", config(), 1);
    RunResult narrow =
        run(
            "narrow",
            config(
                "base.microBatchTokens", "40",
                "stage1.microBatchTokens", "64",
                "stage2.microBatchTokens", "33",
                "generation.maxRows", "7",
                "generation.maxSequences", "5"),
            2);
    assertThat(narrow.weightsSha256()).isEqualTo(wide.weightsSha256());
    assertThat(narrow.logprobMismatches()).isZero();
  }

  @Test
  void shardsOfTheGradient_giveTheSameWeightsWhateverTheMicroBatchesAndThreads()
      throws IOException {
    RunResult one = run("chain", config(), 1);
    for (String shards : new String[] {"3", "4", "16"}) {
      RunResult whole = run("shards" + shards, config("gradientShards", shards), 1);
      RunResult narrow =
          run(
              "narrow" + shards,
              config(
                  "gradientShards", shards,
                  "base.microBatchTokens", "40",
                  "stage1.microBatchTokens", "64",
                  "stage2.microBatchTokens", "33"),
              2);
      assertThat(narrow.weightsSha256()).as("%s shards", shards).isEqualTo(whole.weightsSha256());
      assertThat(narrow.logprobMismatches()).isZero();
      // Another order of additions: other last bits, or the shards would not have been used.
      assertThat(whole.weightsSha256()).isNotEqualTo(one.weightsSha256());
    }
    assertThat(run("one", config("gradientShards", "1"), 2).weightsSha256())
        .isEqualTo(one.weightsSha256());
  }

  @Test
  void anotherSeed_endsInOtherWeights() throws IOException {
    assertThat(run("seed1", config("seed", "1"), 1).weightsSha256())
        .isNotEqualTo(run("seed2", config("seed", "2"), 1).weightsSha256());
  }

  @Test
  void aRunStoppedAnywhere_andResumed_endsInTheSameWeights() throws IOException {
    RunResult whole = run("whole", config(), 1);
    // In the base, between phases, inside both stages, and twice.
    for (int[] stops : new int[][] {{3}, {30}, {33}, {36}, {40}, {12, 34}}) {
      String name = "stopped" + stops[0] + "x" + stops.length;
      List<String> steps = new ArrayList<>();
      RunListener counter =
          new RunListener() {
            @Override
            public void stepDone(StepReport report) {
              steps.add(report.phase() + report.step());
            }
          };
      boolean resume = false;
      for (int stop : stops) {
        RunResult part = run(name, config(), 1, resume, counter, () -> steps.size() >= stop);
        assertThat(part.stopped()).as("stopped after %d steps", stop).isTrue();
        resume = true;
      }
      RunResult rest = run(name, config(), 2, true, counter, () -> false);
      assertThat(rest.weightsSha256())
          .as("stopped after %s", name)
          .isEqualTo(whole.weightsSha256());
      assertThat(rest.sampledTokens()).isEqualTo(whole.sampledTokens());
      assertThat(rest.greedy()).isEqualTo(whole.greedy());
      assertThat(steps).as("no step twice after a clean stop").doesNotHaveDuplicates().hasSize(42);
    }
  }

  @Test
  void aCheckpointOfAnotherConfig_isRefused() throws IOException {
    run("mine", config(), 1);
    try (Backend backend = Backends.open("cpu", 1);
        TrainingRun other =
            new TrainingRun(
                config(),
                folder.resolve("mine"),
                "other",
                new Ops(backend),
                new RunListener() {},
                () -> false)) {
      assertThatThrownBy(() -> other.run(true))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("another config");
    }
  }

  @Test
  void theReferenceBackend_runsTheSamePhases() throws IOException {
    Path path = Files.createDirectories(folder.resolve("reference"));
    RunConfig tiny =
        config(
            "model.hiddenSize",
            "16",
            "model.headDim",
            "4",
            "model.intermediateSize",
            "16",
            "base.steps",
            "3",
            "base.batchSize",
            "4",
            "stage1.steps",
            "2",
            "stage1.promptsPerStep",
            "2",
            "stage2.steps",
            "2",
            "stage2.promptsPerStep",
            "2",
            "stage1.signal.prompts",
            "2",
            "stage2.signal.prompts",
            "2",
            "task.heldOutProblems",
            "10");
    try (Backend backend = Backends.open("reference", 1);
        TrainingRun run =
            new TrainingRun(
                tiny, path, "hash", new Ops(backend), new RunListener() {}, () -> false)) {
      RunResult result = run.run(false);
      assertThat(result.models()).containsOnlyKeys("base", "stage1", "stage2");
      assertThat(result.logprobMismatches()).isZero();
    }
  }

  @Test
  void aLossThatIsNoNumber_stopsBeforeTheUpdate() {
    // A learning rate that makes the weights explode within a few steps.
    assertThatThrownBy(
            () ->
                run(
                    "explodes",
                    config(
                        "base.optimizer.learningRate", "1e30", "base.optimizer.warmupSteps", "0"),
                    1))
        .hasMessageContaining("base step")
        .hasMessageContaining("lower learningRate");
  }
}
