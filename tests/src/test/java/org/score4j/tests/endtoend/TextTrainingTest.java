package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Precision;
import org.score4j.tests.cuda.CudaTestDevice;
import org.score4j.tokenizer.HuggingFaceTokenizer;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.Evaluated;
import org.score4j.training.run.LoadedModel;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;
import org.score4j.training.tasks.MixtureProbabilities;
import org.score4j.training.tasks.SupervisedExample;
import org.score4j.training.tasks.SupervisedRows;
import org.score4j.training.tasks.Task;

/** From a Hugging Face folder with a tokenizer and a chat template to one that answers. */
class TextTrainingTest {
  @TempDir private Path folder;
  private Path model = Path.of("");

  @BeforeEach
  void makeAModelThatKnowsNothing() throws IOException {
    model = TinyTextModel.make(folder);
  }

  private RunConfig config(String... more) {
    return TinyTextModel.config(folder, model, more);
  }

  private RunResult run(String name, RunConfig config, Backend backend, List<StepReport> steps)
      throws IOException {
    return RecordedRun.run(folder.resolve(name), config, backend, steps, line -> {});
  }

  @Test
  void supervisedTrainingTeachesTheAnswersAndBothStagesGoOnFromThere() throws IOException {
    List<StepReport> steps = new ArrayList<>();
    RunResult result = run("run", config(), Backends.open("cpu", 2), steps);
    assertThat(Objects.requireNonNull(result.greedy().get("base")).accT1().value()).isEqualTo(100);
    assertThat(result.logprobMismatches()).isZero();
    StepReport last = steps.getLast();
    assertThat(last.phase()).isEqualTo("stage2");
    assertThat(RecordedRun.metric(last, "kl_t1"))
        .as("the reference must stay where it was while the policy moves")
        .isPositive();
    Path trained = Objects.requireNonNull(result.models().get("stage2"));
    assertThat(trained).isDirectoryContaining("glob:**/chat_template.jinja");
    evaluateAndCheckTheConversations(trained);
  }

  /** What was drawn is kept id by id, and only its turn's end is not given twice. */
  private void evaluateAndCheckTheConversations(Path trained) {
    try (Backend backend = Backends.open("cpu", 2);
        LoadedModel loaded = new LoadedModel(config(), trained, new Ops(backend), line -> {});
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(trained)) {
      Evaluated evaluated = loaded.evaluate(100, 0);
      assertThat(evaluated.transcripts()).hasSize(4);
      for (Map<String, ?> transcript : evaluated.transcripts()) {
        List<?> spans = (List<?>) Objects.requireNonNull(transcript.get("spans"));
        assertThat(spans).hasSize(4);
        int[] prompt = ids(spans.get(0));
        int[] first = ids(spans.get(1));
        int[] instruction = ids(spans.get(2));
        assertThat(prompt)
            .isEqualTo(tokenizer.encode("<s>u:" + transcript.get("prompt") + "</s>a:"));
        int[] whole = tokenizer.encode("</s>u:again</s>a:");
        boolean ended = first[first.length - 1] == 2;
        assertThat(instruction)
            .isEqualTo(ended ? Arrays.copyOfRange(whole, 1, whole.length) : whole);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"template", "plain"})
  void aRowWithTwoAttemptsIsTheTranscriptOfARollout(String prompts) throws IOException {
    Path rows =
        Files.writeString(
            folder.resolve("two.jsonl"),
            """
            {"problem": "day", "answer": "moon", "draft": "sun", "better": "moon"}
            {"problem": "day", "answer": "sun"}
            """);
    RunConfig config =
        config(
            "task.text.trainFile", rows.toString(),
            "task.text.heldOutFile", rows.toString(),
            "task.text.columns.first", "draft",
            "task.text.columns.revision", "better",
            "task.text.prompts", prompts,
            "stage1.steps", "0",
            "stage2.steps", "0");
    List<StepReport> steps = new ArrayList<>();
    RunResult result = run("two", config, Backends.open("cpu", 2), steps);
    assertThat(RecordedRun.metric(steps.get(9), "loss"))
        .isLessThan(RecordedRun.metric(steps.getFirst(), "loss"));
    Path trained = Objects.requireNonNull(result.models().get("base"));
    try (Backend backend = Backends.open("cpu", 2);
        LoadedModel loaded = new LoadedModel(config, trained, new Ops(backend), line -> {});
        Task task = config.task().open(trained.toString(), line -> {})) {
      // The model has learnt both rows, so its greedy transcript says what they say.
      Map<String, ?> transcript = loaded.evaluate(1, 0).transcripts().getFirst();
      List<int[]> spans = new ArrayList<>();
      ((List<?>) Objects.requireNonNull(transcript.get("spans")))
          .forEach(span -> spans.add(ids(Objects.requireNonNull(span))));
      assertThat(spans).hasSize(4);
      int[] prompt = spans.get(0);
      // In plain text the end of the first attempt is none of the second's prompt.
      int[] kept =
          prompts.equals("plain")
              ? Arrays.copyOf(spans.get(1), spans.get(1).length - 1)
              : spans.get(1);
      int[] transcriptIds = concat(prompt, kept, spans.get(2), spans.get(3));
      assertThat(task.text(spans.get(1)).strip()).isEqualTo("sun");
      assertThat(spans.get(1)).endsWith(2);
      assertThat(spans.get(3)).endsWith(2);

      SupervisedRows drawn = task.supervisedRows(MixtureProbabilities.DEFAULTS, 5);
      boolean[] seen = new boolean[2];
      for (int row = 0; row < 32; row++) {
        SupervisedExample example = drawn.example(0, row);
        boolean single = example.targetStart() == prompt.length;
        seen[single ? 1 : 0] = true;
        int[] wanted = single ? concat(prompt, spans.get(1)) : transcriptIds;
        assertThat(example.ids()).isEqualTo(wanted);
        assertThat(example.targetStart())
            .isEqualTo(wanted.length - spans.get(single ? 1 : 3).length);
        assertThat(example.targetEnd()).isEqualTo(wanted.length);
      }
      assertThat(seen).containsExactly(true, true);
    }
  }

  private static int[] concat(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  private static int[] ids(Object span) {
    return (int[]) Objects.requireNonNull(((Map<?, ?>) span).get("ids"));
  }

  @Test
  void onCudaTheLossesAreTheCpus() throws IOException {
    Backend cuda = CudaTestDevice.open(Precision.F32);
    List<StepReport> wanted = new ArrayList<>();
    List<StepReport> steps = new ArrayList<>();
    RunConfig config = config("base.steps", "6", "stage1.steps", "1", "stage2.steps", "1");
    run("cpu", config, Backends.open("cpu", 2), wanted);
    run("cuda", config, cuda, steps);
    assertThat(steps).hasSize(8);
    RecordedRun.assertSameLosses(steps, wanted);
  }

  @Test
  void whatIsMissingIsSaidBeforeTheFirstStep() {
    assertThat(refusal(config("model.path", ""))).contains("model.path is empty");
    assertThat(refusal(config("task.text.heldOutFile", "")))
        .contains("4 problems to train on and 0 held-out ones");
    assertThat(refusal(config("task.text.maxNewTokens", "200")))
        .contains("max_position_embeddings 64, task jsonl needs 512 and 4");
    assertThat(refusal(config("task.text.columns.verifier", "math", "base.steps", "1")))
        .contains("none of the 4 training problems of task jsonl has a solution");
  }

  @Test
  void aModelThatDoesNotFitIntoMemoryLeavesNothingOpen() {
    try (Backend backend = Backends.open("cpu", 1)) {
      Ops ops = new Ops(backend);
      RunConfig config = config("generation.kvPages", "1000000000");
      assertThatThrownBy(() -> new LoadedModel(config, model, ops, line -> {}).close())
          .hasMessageContaining("host memory");
      assertThat(ops.arenas()).isEmpty();
    }
  }

  private String refusal(RunConfig config) {
    try {
      run("refused", config, Backends.open("cpu", 2), new ArrayList<>());
    } catch (IllegalArgumentException | IOException e) {
      return String.valueOf(e.getMessage());
    }
    throw new AssertionError("nothing was refused");
  }
}
