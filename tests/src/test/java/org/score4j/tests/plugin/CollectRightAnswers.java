package org.score4j.tests.plugin;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.training.algorithms.Algorithm;
import org.score4j.training.algorithms.AlgorithmProvider;
import org.score4j.training.algorithms.Learner;
import org.score4j.training.algorithms.OptimizerConfig;
import org.score4j.training.algorithms.PhaseContext;
import org.score4j.training.algorithms.PhaseSettings;
import org.score4j.training.rollouts.RandomStream;
import org.score4j.training.rollouts.Rollout;
import org.score4j.training.rollouts.VerifierRewards;
import org.score4j.training.settings.Ranges;
import org.score4j.training.tasks.Problem;

/**
 * A round of STaR (arXiv 2203.14465) as an algorithm of somebody else: before the first step the
 * model answers problems and its right answers go to a file of the phase; the steps learn from that
 * file.
 */
final class CollectRightAnswers implements Algorithm {
  private static final String ANSWERS = "answers.txt";

  /** Settings. */
  public record Settings(
      int steps, int problems, int samples, int microBatchTokens, OptimizerConfig optimizer)
      implements PhaseSettings {
    /** Refuses what draws nothing. */
    public Settings {
      Ranges.atLeast("problems", problems, 1);
      Ranges.atLeast("samples", samples, 1);
    }

    @Override
    public int attempts() {
      return 1;
    }

    @Override
    public int trainingTokens(int longestSequence) {
      return Math.max(microBatchTokens, problems * samples * longestSequence);
    }
  }

  /** Found by ServiceLoader. */
  public static final class Provider implements AlgorithmProvider {
    @Override
    public String name() {
      return "collect";
    }

    @Override
    public Class<Settings> settingsType() {
      return Settings.class;
    }

    @Override
    public boolean usesReference() {
      return false;
    }

    @Override
    public Algorithm open(PhaseSettings settings, PhaseContext context) {
      return new CollectRightAnswers((Settings) settings, context);
    }
  }

  private final Settings settings;
  private final PhaseContext context;
  private final Learner learner;

  private CollectRightAnswers(Settings settings, PhaseContext context) {
    this.settings = settings;
    this.context = context;
    this.learner = context.learnerAt().apply(1);
  }

  @Override
  public void prepare(java.util.function.Consumer<String> notices) {
    List<Problem> pool = context.task().trainingProblems().subList(0, settings.problems());
    List<Problem> posed =
        IntStream.range(0, pool.size() * settings.samples())
            .mapToObj(i -> pool.get(i / settings.samples()))
            .toList();
    List<Rollout> rollouts =
        new VerifierRewards(context.task())
            .score(
                posed,
                context
                    .worker()
                    .sample(
                        learner.weights(),
                        pool,
                        settings.samples(),
                        1,
                        1,
                        context.key(RandomStream.PHASE)));
    List<String> lines = new ArrayList<>();
    for (Rollout rollout : rollouts) {
      if (rollout.isJudged() && rollout.outcome().isCorrect(0)) {
        int start = rollout.trajectory().prompt().length;
        lines.add(start + " " + join(rollout.trajectory().ids()));
      }
    }
    write(context.dataFolderOf(context.phase()), lines);
    notices.accept("%d of %d answers are right".formatted(lines.size(), rollouts.size()));
  }

  private static String join(int[] ids) {
    return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(","));
  }

  private static void write(Path folder, List<String> lines) {
    try {
      Files.createDirectories(folder);
      Path temporary = Files.write(folder.resolve("writing"), lines);
      Files.move(temporary, folder.resolve(ANSWERS), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public StepResult step(int step) {
    PackedBatch.Builder batch = new PackedBatch.Builder();
    int targets = 0;
    try {
      for (String line :
          Files.readAllLines(context.dataFolderOf(context.phase()).resolve(ANSWERS))) {
        int space = line.indexOf(' ');
        int start = Integer.parseInt(line.substring(0, space));
        int[] ids =
            Arrays.stream(line.substring(space + 1).split(",", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
        int row = batch.addSequence(ids, ids.length - 1);
        for (int i = start; i < ids.length; i++) {
          batch.predict(row + i - 1, ids[i]);
          targets++;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    float[] coefficients = new float[targets];
    Arrays.fill(coefficients, 1f / targets);
    learner.gradients().clear(learner.ops());
    PackedBatch packed = batch.build();
    HeadPass.Result result =
        learner
            .headPass()
            .accumulate(
                learner.gradients(),
                learner.weights(),
                null,
                packed,
                new HeadPass.Coefficients(coefficients, null));
    double loss = 0;
    for (float logProb : result.logProb()) {
      loss -= logProb / targets;
    }
    double norm =
        learner.update(settings.optimizer().rate(settings.steps()).at(step), context.phase());
    return new StepResult(Map.of("loss", loss, "grad_norm", norm), packed.numTokens(), List.of());
  }
}
