package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.core.generation.Generator;
import org.score4j.core.generation.KvCache;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.Initializer;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.tokenizer.ChatFormat;
import org.score4j.tokenizer.HuggingFaceTokenizer;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.evaluation.Evaluator;
import org.score4j.training.rollouts.Rollout;
import org.score4j.training.rollouts.RolloutWorker;
import org.score4j.training.rollouts.Span;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.rollouts.TrajectoryBatch;
import org.score4j.training.rollouts.TrajectoryBatch.MicroBatch;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.SupervisedExample;
import org.score4j.training.tasks.SupervisedRows;
import org.score4j.training.tasks.Task;
import org.score4j.training.text.Chat;
import org.score4j.training.text.Completion;

/** Talking, evaluation, supervised rows and rollouts ask for a second attempt with the same ids. */
class TurnsTest {
  private static final Path FORMATS = Path.of("../tokenizer/src/test/resources/formats");
  private static final String QUESTION = "2+2?";
  private static final String AGAIN = "Try again";
  private static final String FIRST = "It is 5.";

  // Ids are drawn about evenly, so that one answer in ten ends by itself.
  private static final int SAMPLES = 40;
  private static final int MOST_TOKENS = 8192;

  @TempDir private Path folder;

  /**
   * A task of one problem, asked in a template or in plain text.
   *
   * @param plain whether without the template
   */
  private Task task(Path model, boolean plain) throws IOException {
    Path rows =
        Files.writeString(
            folder.resolve("rows.jsonl"),
            "{\"problem\": \"%s\", \"answer\": \"4\", \"draft\": \"%s\", \"better\": \"4\"}\n"
                .formatted(QUESTION, FIRST));
    Map<String, String> keys =
        Map.ofEntries(
            Map.entry("task.name", "jsonl"),
            Map.entry("task.text.trainFile", rows.toString()),
            Map.entry("task.text.heldOutFile", rows.toString()),
            Map.entry("task.text.columns.verifier", "exact"),
            Map.entry("task.text.columns.first", "draft"),
            Map.entry("task.text.columns.revision", "better"),
            Map.entry("task.text.firstPrompt", "{problem}"),
            // What a chat in plain text writes around a question.
            Map.entry("task.text.correctionPrompt", plain ? "\n\n" + AGAIN + "\n\n" : AGAIN),
            Map.entry("task.text.prompts", plain ? "plain" : "template"),
            Map.entry("task.text.maxPromptTokens", "64"),
            Map.entry("task.text.maxNewTokens", "48"),
            Map.entry("model.path", model.toString()));
    return ConfigLoader.load("score", keys).task().open(model.toString(), line -> {});
  }

  @ParameterizedTest
  @CsvSource({
    "space-before-end, false",
    "line-before-end, false",
    "opens-thinking, false",
    "thinking-dropped, false",
    "space-before-end, true",
    "line-before-end, true"
  })
  void theSecondPromptIsTheSameWhereverItIsMade(String name, boolean plain) throws IOException {
    Path model = FORMATS.resolve(name);
    try (Task task = task(model, plain);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(model);
        Sampler sampler = new Sampler(tokenizer)) {
      ChatFormat format = plain ? ChatFormat.plain(tokenizer) : ChatFormat.of(tokenizer);
      RolloutWorker rollouts = sampler.rollouts(task);
      List<Problem> problems = task.trainingProblems();
      List<Trajectory> trajectories =
          new ArrayList<>(rollouts.sample(sampler.weights, problems, SAMPLES, 2, 1, 7));
      trajectories.addAll(
          new Evaluator(task, rollouts, 2)
              .evaluate(sampler.weights, problems, 1, 8).rollouts().stream()
                  .map(Rollout::trajectory)
                  .toList());
      int ended = 0;
      for (Trajectory trajectory : trajectories) {
        int[] first = trajectory.attempt(0);
        int[] whole = trajectory.ids();
        int[] second = Arrays.copyOf(whole, whole.length - trajectory.attempt(1).length);
        assertThat(second).isEqualTo(chatted(format, first, task.text(first)));
        ended += isEnd(tokenizer, first) ? 1 : 0;
      }
      assertThat(ended).as("answers that ended").isBetween(2, SAMPLES - 2);

      SupervisedRows rows = task.supervisedRows(5);
      SupervisedExample row = rows.example(0, 0);
      int[] prompt = format.prompt(QUESTION);
      int[] before = Arrays.copyOf(row.ids(), row.targetStart());
      // The supervised answer is one more that a chat could have heard.
      int[] taught = first(tokenizer, before, prompt.length, plain);
      assertThat(before).isEqualTo(chatted(format, taught, FIRST));
      assertThat(isEnd(tokenizer, row.ids())).isTrue();
    }
  }

  /** A first answer as a row has it; in plain text its end is not in the row. */
  private static int[] first(HuggingFaceTokenizer tokenizer, int[] row, int from, boolean plain) {
    List<Integer> ends = tokenizer.specialTokens().eosIds();
    int text = tokenizer.encode("a" + FIRST).length - tokenizer.encode("a").length;
    int to =
        plain
            ? from + text
            : 1
                + IntStream.range(from, row.length)
                    .filter(i -> ends.contains(row[i]))
                    .findFirst()
                    .orElseThrow();
    int[] answer = Arrays.copyOfRange(row, from, to);
    assertThat(tokenizer.decode(answer)).contains(FIRST);
    if (!plain) {
      return answer;
    }
    int[] ended = Arrays.copyOf(answer, answer.length + 1);
    ended[answer.length] = ends.getFirst();
    return ended;
  }

  private static int[] chatted(ChatFormat format, int[] answer, String text) {
    Chat chat = new Chat(format, line -> {});
    chat.ask(QUESTION);
    chat.answered(new Completion(answer, text, false));
    return chat.ask(AGAIN);
  }

  private static boolean isEnd(HuggingFaceTokenizer tokenizer, int[] ids) {
    return tokenizer.specialTokens().eosIds().contains(ids[ids.length - 1]);
  }

  @Test
  void anEndOfTextThatIsLeftOutIsStillLearnt() throws IOException {
    Path model = FORMATS.resolve("line-before-end");
    try (Task task = task(model, true);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(model);
        Sampler sampler = new Sampler(tokenizer)) {
      List<Trajectory> trajectories =
          sampler.rollouts(task).sample(sampler.weights, task.trainingProblems(), SAMPLES, 2, 1, 7);
      MicroBatch batch = TrajectoryBatch.pack(trajectories, SAMPLES, MOST_TOKENS).getFirst();
      int sampled =
          trajectories.stream().mapToInt(t -> t.attempt(0).length + t.attempt(1).length).sum();
      assertThat(batch.packed().numPredictions()).isEqualTo(sampled);
      int end = tokenizer.specialTokens().eosIds().getFirst();
      long leftOut =
          trajectories.stream().filter(t -> t.spans().get(1).kept() < t.attempt(0).length).count();
      assertThat(leftOut).isPositive();
      assertThat(Arrays.stream(batch.packed().targets()).filter(id -> id == end).count())
          .isEqualTo(trajectories.stream().mapToLong(t -> ends(t, end)).sum());
      assertThat(Arrays.stream(batch.packed().ids())).doesNotContain(end);
      // Sampling and learning agree on every token, those before and behind the seam included.
      float[] learnt = sampler.score(batch.packed());
      for (int n = 0; n < sampled; n++) {
        assertThat(learnt[n]).isCloseTo(batch.sampledLogProb()[n], within(1e-4f));
      }
    }
  }

  private static long ends(Trajectory trajectory, int end) {
    return trajectory.spans().stream()
        .filter(Span::sampled)
        .flatMapToInt(span -> Arrays.stream(span.ids()))
        .filter(id -> id == end)
        .count();
  }

  /** A model that draws at random, and an end now and then. */
  private static final class Sampler implements AutoCloseable {
    private final Backend backend = Backends.open("cpu", 1);
    private final Ops ops = new Ops(backend);
    private final Transformer transformer;
    private final KvCache cache;
    private final DeviceArena arena;
    private final Parameters weights;

    Sampler(HuggingFaceTokenizer tokenizer) {
      ModelConfig model =
          new ModelConfig(
              tokenizer.vocabSize(),
              16,
              1,
              2,
              2,
              8,
              16,
              512,
              1e-5,
              10000,
              null,
              true,
              false,
              false);
      transformer = new Transformer(ops, model);
      weights = new Parameters(ops, "weights", model);
      new Initializer(0.05, 0.05).initialize(ops, weights, 7);
      cache = new KvCache(ops, model, 2048);
      arena =
          ops.newArena(
              "activations",
              HeadPass.activationBytes(model, MOST_TOKENS, MOST_TOKENS, Recompute.NONE, ops));
      transformer.reserveFor(weights, MOST_TOKENS);
    }

    RolloutWorker rollouts(Task task) {
      return new RolloutWorker(new Generator(transformer, cache, arena, 128, 64), task);
    }

    float[] score(PackedBatch batch) {
      return new HeadPass(transformer, arena, 1).score(weights, null, batch).logProb();
    }

    @Override
    public void close() {
      weights.close();
      arena.close();
      cache.close();
      transformer.close();
      backend.close();
    }
  }
}
