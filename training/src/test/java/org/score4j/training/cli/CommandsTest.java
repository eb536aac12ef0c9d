package org.score4j.training.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.kernels.cuda.CudaReport;
import org.score4j.training.config.Presets;
import org.score4j.training.config.RunConfig;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.evaluation.Intervals;
import org.score4j.training.evaluation.JudgedPair;
import org.score4j.training.run.AttemptPair;
import org.score4j.training.run.Evaluated;
import org.score4j.training.run.RunFolder;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;
import org.score4j.training.text.TextModel;

final class CommandsTest {
  private static final AttemptMetrics FIGURES =
      AttemptMetrics.of(
          List.of(
              new JudgedPair(false, true, new int[] {1}, new int[] {2}),
              new JudgedPair(true, true, new int[] {1}, new int[] {1})),
          0);

  @TempDir private Path folder;

  private final Screen screen = new Screen();
  private final StringWriter stdout = new StringWriter();
  private final Quick engine = new Quick();

  /** Two steps a phase, always the same figures. */
  private static final class Quick implements Engine {
    private final List<RunConfig> trained = new ArrayList<>();
    private boolean stop;
    private @Nullable RuntimeException failure;
    private @Nullable Error error;

    @Override
    public void check(Execution execution) {
      new OnDevice(line -> {}).check(execution);
    }

    @Override
    public CudaReport cuda() {
      return new CudaReport("", List.of(), List.of(), "", List.of("no libcuda.so.1"));
    }

    @Override
    public TornadoReport tornado() {
      return new TornadoReport(List.of(), "no TornadoVM");
    }

    @Override
    public RunResult train(
        RunFolder folder,
        boolean resume,
        Execution execution,
        RunListener listener,
        BooleanSupplier stopRequested) {
      if (failure != null) {
        throw failure;
      }
      if (error != null) {
        throw error;
      }
      RunConfig config = folder.config();
      trained.add(config);
      Map<String, Integer> steps = new LinkedHashMap<>();
      steps.put("base", config.base().steps());
      steps.put("stage1", config.stage1().steps());
      steps.put("stage2", config.stage2().steps());
      Map<String, Path> models = new LinkedHashMap<>();
      Map<String, AttemptMetrics> greedy = new LinkedHashMap<>();
      steps.forEach(
          (phase, count) -> {
            if (count > 0) {
              listener.phaseStarted(phase, 1, 1);
              listener.stepDone(new StepReport(phase, 1, 1, 0.1, 5, Map.of("loss", 1.0)));
              listener.samples(
                  phase, 1, List.of(new AttemptPair("1=", "2", "1", "no", "yes", false, true)));
              listener.evaluated(phase, 1, "greedy", FIGURES);
              models.put(phase, folder.path().resolve("models").resolve(phase));
              greedy.put(phase, FIGURES);
            }
          });
      return new RunResult(models, greedy, Map.of(), "ab12", 1000, 0, 1.5, stop);
    }

    @Override
    public Evaluated evaluate(
        RunConfig config, Path model, int problems, double temperature, Execution execution) {
      return new Evaluated(FIGURES, Intervals.percent(1, 2), List.of(Map.of("problem", 0)));
    }

    @Override
    public List<String> generate(
        RunConfig config,
        Path model,
        String prompt,
        int turns,
        double temperature,
        Execution execution) {
      return List.of("526", "226").subList(0, turns);
    }

    @Override
    public void withModel(Path model, Execution execution, Consumer<TextModel> use) {
      new OnDevice(line -> {}).withModel(model, execution, use);
    }
  }

  private int run(String... args) {
    Terminal plain = new Terminal(screen.out(), false, false, 80);
    return Score4j.execute(engine, plain, new PrintWriter(stdout), args);
  }

  private String err() {
    return screen.raw();
  }

  private JsonNode document() throws IOException {
    // One document and nothing after it.
    return new ObjectMapper()
        .readerFor(JsonNode.class)
        .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .readValue(stdout.toString());
  }

  @Test
  void train_printsTheTableAndLeavesAWholeRunFolder() {
    Path run = folder.resolve("r");
    assertThat(run("train", "--run-dir", run.toString(), "--seed", "3", "--stage2.alpha=5"))
        .isZero();
    assertThat(stdout.toString())
        .contains("base", "stage I", "SCoRe", "log-prob mismatches: 0", "weights sha256: ab12")
        .contains("model: " + run.resolve("models/stage2"));
    assertThat(run)
        .isDirectoryContaining("glob:**/config.yaml")
        .isDirectoryContaining("glob:**/metrics.jsonl")
        .isDirectoryContaining("glob:**/samples.jsonl")
        .isDirectoryContaining("glob:**/evaluations.jsonl")
        .isDirectoryContaining("glob:**/report.md")
        .isDirectoryContaining("glob:**/report.html");
    assertThat(engine.trained.getFirst().seed()).isEqualTo(3);
    assertThat(engine.trained.getFirst().stage2().alpha()).isEqualTo(5);
    assertThat(err()).contains("phase=base step=1/1 loss=1.000").doesNotContain("\u001b");
  }

  @Test
  void trainWithJson_printsOneDocumentOnly() throws IOException {
    assertThat(run("train", "--run-dir", folder.resolve("r").toString(), "--json")).isZero();
    JsonNode document = document();
    assertThat(document.path("arms").path("stage2").path("acc_t2").asDouble()).isEqualTo(100);
    assertThat(document.path("logprob_mismatches").asLong(-1)).isZero();
    assertThat(document.path("stopped").asBoolean(true)).isFalse();
    assertThat(err()).contains("acc@t1");
  }

  @Test
  void demoWithJson_hasTheSchemaOfItsDocumentation() throws IOException {
    assertThat(run("demo", "--run-dir", folder.resolve("d").toString(), "--json")).isZero();
    JsonNode document = document();
    assertThat(document.fieldNames())
        .toIterable()
        .containsExactly(
            "arms", "weights_sha256", "sampled_tokens", "logprob_mismatches", "seconds");
    assertThat(document.path("arms").fieldNames())
        .toIterable()
        .containsExactly("base", "stage1", "score", "naive");
    assertThat(document.path("arms").path("naive").fieldNames())
        .toIterable()
        .contains("acc_t1", "acc_t2", "delta", "i_to_c", "c_to_i", "unchanged", "n");
    assertThat(document.path("sampled_tokens").asLong()).isEqualTo(2000);
    assertThat(folder.resolve("d/report.html")).content().contains("naive RL");
  }

  @Test
  void demo_startsEveryArmFromTheSameBase_andKeepsWhatMakesItAnArm() {
    assertThat(
            run(
                "demo",
                "--arms=all",
                "--run-dir=" + folder.resolve("d"),
                "--stage1.steps=7",
                "--stage2.steps=5",
                "--stage2.alpha=3"))
        .isZero();
    Map<String, RunConfig> arms = new LinkedHashMap<>();
    engine.trained.forEach(config -> arms.put(config.name(), config));
    assertThat(arms.keySet()).containsExactlyElementsOf(Presets.names());
    String base = folder.resolve("d/score/models/base").toString();
    for (RunConfig config : engine.trained.subList(1, engine.trained.size())) {
      assertThat(config.base().steps()).isZero();
      assertThat(config.stage1().steps()).isZero();
      assertThat(config.model().referencePath()).isEqualTo(base);
      boolean afterStageOne = config.name().equals("no-shaping");
      assertThat(config.stage2().steps()).isEqualTo(afterStageOne ? 5 : 12);
      assertThat(config.model().path())
          .isEqualTo(afterStageOne ? base.replace("base", "stage1") : base);
      assertThat(config.stage2().alpha()).isEqualTo(config.name().equals("no-stage1") ? 3 : 0);
    }
    assertThat(stdout.toString())
        .contains("SCoRe", "naive RL", "no stage I", "no shaping", "single-turn RL", "note: ");
  }

  @Test
  void evalAndGenerate_printFiguresAndResponses() throws IOException {
    assertThat(run("eval", "--model", "m", "--json")).isZero();
    assertThat(document().path("delta").asDouble()).isEqualTo(50);
    stdout.getBuffer().setLength(0);
    assertThat(run("eval", "--model", "m")).isZero();
    assertThat(stdout.toString()).contains("acc@t1").contains("+50.0");
    stdout.getBuffer().setLength(0);
    assertThat(run("generate", "--model", "m", "7+5*8-4=")).isZero();
    assertThat(stdout.toString()).isEqualToNormalizingNewlines("526\n226\n");
    stdout.getBuffer().setLength(0);
    assertThat(run("generate", "--model", "m", "--turns=1", "--json", "7+5*8-4=")).isZero();
    assertThat(document().path("responses").size()).isEqualTo(1);
    assertThat(err()).isEmpty();
  }

  @Test
  void bench_loadsAFolderBesideReadingItsFiles() throws IOException {
    assertThat(
            run(
                "bench",
                "--what",
                "load",
                "--shape",
                "demo",
                "--device",
                "cpu",
                "--reps",
                "2",
                "--json"))
        .isZero();
    JsonNode rows = new ObjectMapper().readTree(stdout.toString()).get("rows");
    assertThat(rows)
        .extracting(row -> row.get("what").asText())
        .containsExactly("read files", "load folder");
    double read = rows.get(0).get("seconds").asDouble();
    double load = rows.get(1).get("seconds").asDouble();
    assertThat(read).isPositive();
    assertThat(rows.get(1).get("rate").asDouble()).isEqualTo(load / read);
    assertThat(run("bench", "--what", "load", "--model", folder.toString(), "--device", "cpu"))
        .isEqualTo(1);
    assertThat(err()).contains(folder.toString(), "config.json");
    assertThat(run("bench", "--what", "train", "--model", folder.toString())).isEqualTo(2);
    assertThat(err()).contains("only load reads a folder");
  }

  @Test
  void configs_listsAndPrints() {
    assertThat(run("configs")).isZero();
    assertThat(stdout.toString().lines()).hasSize(Presets.names().size());
    assertThat(stdout.toString()).startsWith("score        SCoRe as in the paper");
    stdout.getBuffer().setLength(0);
    assertThat(run("configs", "naive")).isZero();
    assertThat(stdout.toString()).isEqualTo(Presets.text("naive"));
    stdout.getBuffer().setLength(0);
    assertThat(run("configs", "naive", "--resolved")).isZero();
    assertThat(stdout.toString()).contains("hiddenSize: ").contains("shaping: none");
    assertThat(run("configs", "nope")).isEqualTo(1);
    assertThat(err()).startsWith("score4j: error: no config named \"nope\"; choose one of score,");
  }

  @Test
  void stoppedRun_saysHowToGoOn_andExitsWith130() {
    engine.stop = true;
    Path run = folder.resolve("r");
    assertThat(run("train", "--run-dir", run.toString())).isEqualTo(130);
    assertThat(err())
        .contains("score4j: stopped and saved; go on with: score4j train --resume " + run);
    engine.stop = false;
    assertThat(run("train", "--resume", run.toString())).isZero();
  }

  @Test
  void errorsOfOurs_areOneLineAndExitCode1() {
    assertThat(run("train", "--stage2.alhpa=5")).isEqualTo(1);
    assertThat(err())
        .isEqualToNormalizingNewlines(
            "score4j: error: command line: unknown key stage2.alhpa; did you mean stage2.alpha?\n");
    assertThat(stdout.toString()).isEmpty();
  }

  @Test
  void checkpointErrors_areOneLine_withAStackTraceOnlyOnDemand() {
    engine.failure = new CheckpointException("weights.safetensors is damaged\nat byte 7");
    assertThat(run("train", "--run-dir", folder.resolve("r").toString(), "--json")).isEqualTo(1);
    assertThat(err().lines().toList())
        .contains("score4j: error: weights.safetensors is damaged\\u000aat byte 7")
        .noneMatch(line -> line.contains("CheckpointException"));
    assertThat(stdout.toString()).isEmpty();
    assertThat(run("train", "--stacktrace", "--run-dir", folder.resolve("s").toString()))
        .isEqualTo(1);
    assertThat(err()).contains("org.score4j.checkpoints.CheckpointException");
  }

  @Test
  void unexpectedErrors_sayHowToFindOutMore() {
    engine.failure = new IllegalStateException("oops");
    assertThat(run("train", "--run-dir", folder.resolve("r").toString())).isEqualTo(1);
    assertThat(err())
        .contains(
            "score4j: error: unexpected IllegalStateException: oops; this is a defect, run again"
                + " with --stacktrace and report it");
    engine.failure = null;
    engine.error = new OutOfMemoryError("Java heap space");
    assertThat(run("train", "--run-dir", folder.resolve("s").toString())).isEqualTo(1);
    assertThat(err()).contains("score4j: error: out of memory (Java heap space) with a heap of ");
  }

  @Test
  void usageErrors_areExitCode2() throws IOException {
    assertThat(run("train", "--stage2.alpha")).isEqualTo(2);
    assertThat(err().lines())
        .containsExactly(
            "score4j: error: --stage2.alpha needs a value: --stage2.alpha=…",
            "see score4j train --help");
    assertThat(run("train", "--resume", "r", "--seed=1")).isEqualTo(2);
    assertThat(run("train", "--threads=many")).isEqualTo(2);
    assertThat(run("train", "stray")).isEqualTo(2);
    assertThat(run("train", "--thread=2")).isEqualTo(2);
    assertThat(err()).contains("unknown option --thread; did you mean --threads?");
    assertThat(run("demo", "--arms=score,nope")).isEqualTo(2);
    assertThat(run("eval")).isEqualTo(2);
    assertThat(run("eval", "--model=m", "--problems=0")).isEqualTo(2);
    assertThat(run("generate", "--model=m", "--turns=3", "x")).isEqualTo(2);
    assertThat(run("nonsense")).isEqualTo(2);
    assertThat(stdout.toString()).isEmpty();
    try (var files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void deviceThatDoesNotExist_isRefusedBeforeAFolderIsMade() {
    Path run = folder.resolve("r");
    assertThat(run("train", "--device=gpu", "--run-dir", run.toString())).isEqualTo(1);
    assertThat(err()).startsWith("score4j: error: device 'gpu' is unknown; use cpu");
    assertThat(run).doesNotExist();
  }

  @Test
  void resumeOfNoRun_isOneLine() {
    assertThat(run("train", "--resume", folder.toString())).isEqualTo(1);
    assertThat(err()).startsWith("score4j: error: " + folder + " is no run folder: ");
  }

  @Test
  void helpOfEveryCommand_isPrinted() {
    for (String command :
        List.of(
            "demo",
            "train",
            "eval",
            "generate",
            "chat",
            "logprob",
            "configs",
            "doctor",
            "cuda-libraries")) {
      assertThat(run(command, "--help")).isZero();
    }
    assertThat(run()).isZero();
    assertThat(stdout.toString()).contains("--stage2.alpha=5").contains("Begin with: score4j demo");
  }

  @Test
  void firstSignal_asksToStop_andKeepsTheExitCodeOfCtrlC() {
    try (StopSignal stop = new StopSignal(screen.out())) {
      assertThat(stop.getAsBoolean()).isFalse();
      stop.received("SIGINT");
      stop.received("SIGTERM");
      assertThat(stop.getAsBoolean()).isTrue();
      assertThat(stop.exitCode()).isEqualTo(130);
    }
    assertThat(err()).containsOnlyOnce("stopping after this step to save");
  }

  @Test
  void closedTerminal_asksToStop() {
    try (StopSignal stop = new StopSignal(screen.out())) {
      stop.received("SIGHUP");
      assertThat(stop.getAsBoolean()).isTrue();
      assertThat(stop.exitCode()).isEqualTo(129);
    }
  }

  @Test
  void pathThatNoFileCanHave_isOneLine() {
    assertThat(run("train", "--run-dir=a\0b")).isEqualTo(2);
    assertThat(err()).contains("\"a?b\" is no path: Nul character").doesNotContain("java.nio");
  }
}
