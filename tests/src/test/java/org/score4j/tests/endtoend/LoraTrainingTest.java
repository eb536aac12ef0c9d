package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.SafetensorsFile;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.checkpoints.StoredType;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Precision;
import org.score4j.kernels.cuda.CudaBackend;
import org.score4j.tests.cuda.CudaTestDevice;
import org.score4j.training.config.ConfigException;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;
import org.score4j.training.run.TrainingRun;
import org.score4j.training.text.TextModel;

/** Adapters on a Hugging Face folder, through all phases and back. */
class LoraTrainingTest {
  /** Of losses of 0.14: four times the relative error of one rounding, 2⁻⁸. */
  private static final double BF16_LOSS_TOLERANCE = 0.002;

  @TempDir private static Path shared;
  private static Path model = Path.of("");
  @TempDir private Path folder;

  /** All weights are trained first: answers must be right now and then. */
  @BeforeAll
  static void makeAModelThatKnowsSomething() throws IOException {
    Path ignorant = TinyTextModel.make(shared);
    RunConfig config =
        TinyTextModel.config(shared, ignorant, "stage1.steps", "0", "stage2.steps", "0");
    RunResult result =
        RecordedRun.run(
            shared.resolve("base"), config, Backends.open("cpu", 2), new ArrayList<>(), line -> {});
    model = Objects.requireNonNull(result.models().get("base"));
  }

  private RunConfig config(String... more) {
    List<String> keys =
        new ArrayList<>(
            List.of(
                "lora.rank", "4",
                "lora.alpha", "8",
                "lora.targetModules", "all-linear",
                "base.steps", "6",
                "base.optimizer.learningRate", "0.01",
                "stage1.steps", "2",
                "stage1.optimizer.warmupSteps", "0",
                "stage1.optimizer.learningRate", "0.02",
                "stage2.optimizer.warmupSteps", "0",
                "stage2.optimizer.learningRate", "0.02",
                "stage2.steps", "2"));
    keys.addAll(List.of(more));
    return TinyTextModel.config(shared, model, keys.toArray(String[]::new));
  }

  private RunResult run(String name, RunConfig config, Backend backend, List<StepReport> steps)
      throws IOException {
    return RecordedRun.run(folder.resolve(name), config, backend, steps, line -> {});
  }

  private static Path adapters(RunResult result) {
    return Objects.requireNonNull(result.models().get("stage2"));
  }

  @Test
  void allPhasesLearnInAdapters_withTheSameBitsAtAnyNumberOfThreads() throws IOException {
    String before = sha256(model);
    List<StepReport> steps = new ArrayList<>();
    RunConfig config = config();
    RunResult two = run("two", config, Backends.open("cpu", 2), steps);
    RunResult one = run("one", config, Backends.open("cpu", 1), new ArrayList<>());
    assertThat(two.logprobMismatches()).isZero();
    assertThat(two.weightsSha256()).isEqualTo(one.weightsSha256());
    List<Double> losses =
        steps.stream()
            .filter(s -> s.phase().equals("base"))
            .map(s -> RecordedRun.metric(s, "loss"))
            .toList();
    assertThat(losses.getLast()).isLessThan(losses.getFirst());
    StepReport last = steps.getLast();
    assertThat(last.phase()).isEqualTo("stage2");
    assertThat(RecordedRun.metric(last, "kl_t1"))
        .as("the reference must stay where it was while the adapters move: %s", last.metrics())
        .isPositive();
    assertThat(sha256(model)).isEqualTo(before);

    Path saved = adapters(two);
    assertThat(saved).isDirectoryContaining("glob:**/adapter_config.json");
    assertThat(saved).isDirectoryContaining("glob:**/tokenizer.json");
    assertThat(saved.resolve("config.json")).doesNotExist();
    try (SafetensorsFile file = SafetensorsFile.open(saved.resolve("adapter_model.safetensors"))) {
      assertThat(file.names()).hasSize(2 * 7 * 2);
      String layer = "base_model.model.model.layers.1.";
      file.tensor(layer + "self_attn.q_proj.lora_A.weight").requireShape(4, 32);
      file.tensor(layer + "self_attn.q_proj.lora_B.weight").requireShape(32, 4);
      file.tensor(layer + "mlp.down_proj.lora_A.weight").requireShape(4, 64);
      file.tensor(layer + "mlp.down_proj.lora_B.weight").requireShape(32, 4);
    }
  }

  private static String sha256(Path folder) {
    try (Backend backend = Backends.open("cpu", 1)) {
      Ops ops = new Ops(backend);
      try (Parameters weights = HfModel.load(ops, folder).weights()) {
        return HfModel.sha256(ops, weights);
      }
    }
  }

  @Test
  void withoutASupervisedPhase_theReferenceIsTheBaseAndTakesNoMemory() throws IOException {
    RunConfig config = config("base.steps", "0");
    try (Backend backend = Backends.open("cpu", 2)) {
      Ops ops = new Ops(backend);
      List<StepReport> steps = new ArrayList<>();
      RunListener listener =
          new RunListener() {
            @Override
            public void stepDone(StepReport report) {
              steps.add(report);
              assertThat(ops.arenas().stream().map(DeviceArena::name)).doesNotContain("reference");
            }
          };
      Path path = Files.createDirectory(folder.resolve("run"));
      try (TrainingRun run = new TrainingRun(config, path, "hash", ops, listener, () -> false)) {
        run.run(false);
      }
      assertThat(steps).hasSize(4);
      assertThat(RecordedRun.metric(steps.getFirst(), "kl_t1"))
          .as("B is zero: adapters that were not trained change nothing")
          .isZero();
      assertThat(RecordedRun.metric(steps.getLast(), "kl_t1")).isPositive();
      assertThat(ops.arenas()).isEmpty();
    }
  }

  @Test
  void aRunThatWasStoppedInEveryPhase_endsInTheSameBits() throws IOException {
    RunConfig config = config();
    RunResult whole = run("whole", config, Backends.open("cpu", 2), new ArrayList<>());
    Path path = Files.createDirectory(folder.resolve("stopped"));
    RunResult result = null;
    for (int resumes = 0; result == null || result.stopped(); resumes++) {
      assertThat(resumes).isLessThan(20);
      try (Backend backend = Backends.open("cpu", 1)) {
        int[] steps = new int[1];
        RunListener listener =
            new RunListener() {
              @Override
              public void stepDone(StepReport report) {
                steps[0]++;
              }
            };
        int most = resumes == 0 ? 7 : 3;
        try (TrainingRun run =
            new TrainingRun(
                config, path, "hash", new Ops(backend), listener, () -> steps[0] >= most)) {
          result = run.run(resumes > 0);
        }
      }
    }
    assertThat(result.weightsSha256()).isEqualTo(whole.weightsSha256());
  }

  @Test
  void mergedWeightsScoreAsTheAdaptersDo() throws IOException {
    RunResult result =
        run(
            "run",
            config("stage1.steps", "1", "stage2.steps", "1"),
            Backends.open("cpu", 2),
            new ArrayList<>());
    Path saved = adapters(result);
    Path merged = folder.resolve("merged");
    try (Backend backend = Backends.open("cpu", 2)) {
      Ops ops = new Ops(backend);
      HfModel.Loaded loaded = HfModel.load(ops, saved);
      try (Parameters weights = loaded.weights();
          Transformer transformer = new Transformer(ops, weights.config())) {
        assertThat(HfModel.sha256(ops, weights))
            .as("what was saved is what was trained")
            .isEqualTo(result.weightsSha256());
        transformer.mergeAdapters(weights);
        HfModel.save(ops, weights.base(), loaded.source(), SaveOptions.DEFAULT, merged, f -> {});
      }
      assertThat(ops.arenas()).isEmpty();
    }
    float[] plain = logProbs(model);
    float[] adapted = logProbs(saved);
    float[] whole = logProbs(merged);
    double moved = 0;
    for (int i = 0; i < plain.length; i++) {
      // Rounding W + s·A·B once instead of adding two products: some 1e-7 of values of order one.
      assertThat(whole[i]).isCloseTo(adapted[i], within(1e-4f));
      moved = Math.max(moved, Math.abs(plain[i] - adapted[i]));
    }
    assertThat(moved).as("the adapters must have learnt something").isGreaterThan(0.01);
  }

  private static float[] logProbs(Path folder) {
    try (Backend backend = Backends.open("cpu", 2);
        TextModel text = new TextModel(new Ops(backend), folder, line -> {})) {
      return text.score(List.of(text.tokenizer().encode("<s>u:day</s>a:sun</s>")), false)
          .logProbs()
          .getFirst();
    }
  }

  @Test
  void onCudaTheLossesAreTheCpus() throws IOException {
    Backend cuda = CudaTestDevice.open(Precision.F32);
    List<StepReport> wanted = new ArrayList<>();
    List<StepReport> steps = new ArrayList<>();
    RunConfig config =
        config("base.steps", "2", "base.batchSize", "8", "stage1.steps", "1", "stage2.steps", "0");
    run("cpu", config, Backends.open("cpu", 2), wanted);
    run("cuda", config, cuda, steps);
    RecordedRun.assertSameLosses(steps, wanted);
  }

  /**
   * The first supervised steps see the same rows from the same adapters, so they differ by bfloat16
   * alone; what the stages draw is another device's own.
   */
  @Test
  void onCudaInBfloat16_lossesAreNearTheCpus_andRecordedDecodingChangesNothing()
      throws IOException {
    List<String> keys =
        List.of("base.steps", "3", "base.batchSize", "8", "stage1.steps", "1", "stage2.steps", "1");
    List<StepReport> wanted = new ArrayList<>();
    run("cpu", config(keys.toArray(String[]::new)), Backends.open("cpu", 2), wanted);
    Map<String, RunResult> results = new TreeMap<>();
    for (String graphs : List.of("true", "false")) {
      List<String> all = new ArrayList<>(keys);
      all.addAll(List.of("generation.graphs", graphs));
      List<StepReport> steps = new ArrayList<>();
      RunConfig config = config(all.toArray(String[]::new));
      CudaBackend cuda = (CudaBackend) CudaTestDevice.open(Precision.BF16);
      RunResult result = run("graphs-" + graphs, config, cuda, steps);
      results.put(graphs, result);
      assertThat(cuda.replayed() > 0).as("passes replayed").isEqualTo(graphs.equals("true"));
      assertThat(steps).hasSameSizeAs(wanted);
      for (int i = 0; i < 3; i++) {
        assertThat(RecordedRun.metric(steps.get(i), "loss"))
            .as("loss of step %d", i)
            .isCloseTo(RecordedRun.metric(wanted.get(i), "loss"), within(BF16_LOSS_TOLERANCE));
      }
      StepReport last = steps.getLast();
      assertThat(RecordedRun.metric(last, "grad_norm")).isPositive();
      assertThat(RecordedRun.metric(last, "logprob_max_diff"))
          .isLessThan(config.generation().maxLogProbDifference());
      try (SafetensorsFile file =
          SafetensorsFile.open(adapters(result).resolve("adapter_model.safetensors"))) {
        assertThat(file.tensor(file.names().getFirst()).dtype())
            .as("the master weights are saved")
            .isEqualTo(StoredType.F32);
      }
    }
    assertThat(Objects.requireNonNull(results.get("true")).weightsSha256())
        .isEqualTo(Objects.requireNonNull(results.get("false")).weightsSha256());
  }

  @Test
  void whatAdaptersCannotBeIsRefused() throws IOException {
    assertThatThrownBy(() -> config("lora.dropout", "0.1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("lora.dropout is 0.1; it must be 0");
    assertThatThrownBy(() -> config("lora.targetModules", "q_proj,c_attn"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContainingAll("c_attn", "q_proj, k_proj");
    assertThatThrownBy(() -> config("model.path", ""))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("model.path is empty");
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    Path json = adapter.resolve("adapter_config.json");
    String good =
        "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"target_modules\":[\"q_proj\"],\"base_model_name_or_path\":\"%s\"}"
            .formatted(model);
    refused(json, good.replace("LORA", "IA3"), "peft_type");
    refused(json, good.replace("}", ",\"use_dora\":true}"), "use_dora");
    refused(json, good.replace("}", ",\"rank_pattern\":{\"q_proj\":3}}"), "rank_pattern");
    for (String more :
        List.of(
            "\"init_lora_weights\":\"pissa\"",
            "\"alora_invocation_tokens\":[1,2]",
            "\"modules_to_save\":[\"lm_head\"]",
            "\"layers_to_transform\":[0]")) {
      refused(json, good.replace("}", "," + more + "}"), more.substring(1, more.indexOf(':') - 1));
    }
    refused(json, good.replace("q_proj", "c_attn"), "target_modules");
    refused(json, good.replace(model.toString(), "org/name"), "org/name");
    refused(json, good, "adapter_model.safetensors");
  }

  private static void refused(Path json, String text, String part) throws IOException {
    Files.writeString(json, text);
    assertThatThrownBy(() -> sha256(Objects.requireNonNull(json.getParent())))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(part);
  }
}
