package org.score4j.training.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.score4j.core.generation.Generator;
import org.score4j.core.generation.KvCache;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.Initializer;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.core.model.Transformer;
import org.score4j.core.optim.AdamW;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Stopwatch;
import org.score4j.training.algorithms.GradientShards;
import org.score4j.training.algorithms.Learner;
import org.score4j.training.algorithms.OptimizerConfig;
import org.score4j.training.algorithms.Score;
import org.score4j.training.algorithms.ScoreConfig;
import org.score4j.training.rollouts.RolloutWorker;

/**
 * Whole steps of stage II on a model with random weights: two-turn conversations sampled, judged
 * and learnt from, with the exact KL to a reference. The rate is conversations per second; a row
 * for each part says what share of the step's time it takes.
 */
public final class EpisodeBenchmark {
  private static final int SAMPLES = 8;
  private static final int ATTEMPTS = 2;
  private static final long SEED = 1;

  private final Ops ops;
  private final BenchShape shape;
  private final Recompute recompute;
  private final ScoreConfig stage;

  /**
   * A benchmark of {@code shape}.
   *
   * @param microBatchTokens most tokens of a training pass
   */
  public EpisodeBenchmark(Ops ops, BenchShape shape, int microBatchTokens, Recompute recompute) {
    this.ops = ops;
    this.shape = shape;
    this.recompute = recompute;
    this.stage =
        new ScoreConfig(
            Integer.MAX_VALUE,
            Math.max(1, shape.episodes() / SAMPLES),
            SAMPLES,
            ATTEMPTS,
            "score",
            10,
            0,
            0,
            0.01,
            0,
            "exact",
            "loss",
            1,
            microBatchTokens,
            new OptimizerConfig(1e-6, "constant", 0, 1, 0.9, 0.95, 1e-8, 0.1, 1),
            new ScoreConfig.SignalConfig(1, 1, 1, 1));
  }

  /** Steps of reinforcement learning. */
  public List<BenchRow> run(double warmUpSeconds, int reps) {
    ModelConfig config = shape.model();
    EpisodeTask task = new EpisodeTask(shape);
    int conversations = stage.promptsPerStep() * SAMPLES;
    int maxRows = Math.max(conversations, Math.min(2_048, conversations * shape.promptLength()));
    int pages = 2 * conversations * KvCache.pagesFor(task.maxSequenceTokens(ATTEMPTS));
    int tokens = stage.microBatchTokens() + SAMPLES * task.maxSequenceTokens(ATTEMPTS);
    long bytes =
        Math.max(
            HeadPass.activationBytes(config, tokens, 2 * tokens, recompute, ops),
            Generator.activationBytes(config, maxRows, conversations, ops));
    try (Transformer model = new Transformer(ops, config, recompute);
        Parameters weights = new Parameters(ops, "weights", config);
        Parameters reference = new Parameters(ops, "reference", config);
        Parameters gradients = Parameters.forGradients(ops, config);
        KvCache cache = new KvCache(ops, config, pages);
        DeviceArena arena = ops.newArena("activations", bytes)) {
      new Initializer(0.02, 0.02).initialize(ops, weights, SEED);
      reference.copyFrom(ops, weights);
      try (Parameters master = Parameters.masterOf(ops, weights).orElse(null);
          AdamW optimizer = new AdamW(ops, weights, master, stage.optimizer().settings())) {
        Generator generator = new Generator(model, cache, arena, maxRows, conversations);
        Learner learner =
            new Learner(
                ops,
                weights,
                gradients,
                GradientShards.single(ops, gradients),
                optimizer,
                reference,
                new HeadPass(model, arena, 1));
        Score score =
            new Score(
                "bench",
                stage,
                learner,
                task,
                new RolloutWorker(generator, task),
                SEED,
                Double.POSITIVE_INFINITY);
        return measure(score, conversations, task, warmUpSeconds, reps);
      }
    }
  }

  private List<BenchRow> measure(
      Score score, int conversations, EpisodeTask task, double warmUpSeconds, int reps) {
    int step = 0;
    long start = System.nanoTime();
    do {
      score.step(step++);
    } while ((System.nanoTime() - start) / 1e9 < warmUpSeconds);
    double[] seconds = new double[reps];
    Map<String, double[]> parts = new LinkedHashMap<>();
    try (Stopwatch watch = ops.backend().newStopwatch()) {
      for (int r = 0; r < reps; r++) {
        watch.start();
        Map<String, Double> metrics = score.step(step++).metrics();
        seconds[r] = watch.stopSeconds();
        for (Map.Entry<String, Double> metric : metrics.entrySet()) {
          if (metric.getKey().endsWith("_share")) {
            parts.computeIfAbsent(metric.getKey(), name -> new double[reps])[r] =
                metric.getValue() * seconds[r];
          }
        }
      }
    }
    String sizes =
        "%d x 2 turns, %d + %d + %d + %d tokens"
            .formatted(
                conversations,
                shape.promptLength(),
                shape.newTokens(),
                task.correctionIds().length,
                shape.newTokens());
    Timing whole = Timing.of(seconds);
    List<BenchRow> rows = new ArrayList<>();
    rows.add(BenchRow.of("episodes", sizes, whole, conversations, "episodes/s"));
    parts.forEach(
        (name, times) -> {
          Timing timing = Timing.of(times);
          String part = "  " + name.replace("_share", "");
          rows.add(
              BenchRow.of(part, "", timing, 0, "% of the step")
                  .withRate(100 * timing.median() / whole.median()));
        });
    return rows;
  }
}
