package org.score4j.training.algorithms;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.optim.LearningRate;
import org.score4j.training.rollouts.RandomStream;
import org.score4j.training.tasks.KnownIds;
import org.score4j.training.tasks.SupervisedExample;
import org.score4j.training.tasks.SupervisedRows;

/**
 * Maximum likelihood on the target tokens of examples: loss = −(1/N) Σ log π(token | before), N all
 * target tokens of the batch, whatever the micro-batches.
 */
public final class SupervisedFineTuning implements Algorithm {
  /** {@code algorithm: supervised}. */
  static final class Provider implements AlgorithmProvider {
    @Override
    public String name() {
      return "supervised";
    }

    @Override
    public Class<SupervisedConfig> settingsType() {
      return SupervisedConfig.class;
    }

    @Override
    public boolean usesReference() {
      return false;
    }

    @Override
    public Algorithm open(PhaseSettings settings, PhaseContext context) {
      SupervisedConfig config = (SupervisedConfig) settings;
      Learner learner = context.learnerAt().apply(1);
      SupervisedRows rows =
          KnownIds.checked(
              context.task(),
              learner.weights().config(),
              context.task().supervisedRows(context.key(RandomStream.SUPERVISED_ROWS)));
      return new SupervisedFineTuning(
          context.phase(),
          config,
          learner,
          step ->
              IntStream.range(0, config.batchSize())
                  .mapToObj(row -> rows.example((int) step, row))
                  .toList());
    }
  }

  private final String phase;
  private final SupervisedConfig config;
  private final Learner learner;
  private final LearningRate rate;
  private final LongFunction<List<SupervisedExample>> examplesOfStep;

  /**
   * A phase of supervised training.
   *
   * @param phase its name in errors
   * @param examplesOfStep the batch of each step, a function of the step alone
   */
  public SupervisedFineTuning(
      String phase,
      SupervisedConfig config,
      Learner learner,
      LongFunction<List<SupervisedExample>> examplesOfStep) {
    this.phase = phase;
    this.config = config;
    this.learner = learner;
    this.rate = config.optimizer().rate(config.steps());
    this.examplesOfStep = examplesOfStep;
  }

  @Override
  public StepResult step(int step) {
    List<SupervisedExample> examples = examplesOfStep.apply(step);
    int targets = 0;
    for (SupervisedExample example : examples) {
      targets += example.numTargets();
    }
    float weight = (float) (1.0 / targets);
    double[] sum = new double[1];
    long[] tokens = new long[1];
    learner
        .shards()
        .sum(
            microBatches(examples),
            (gradients, batch) -> {
              float[] coefficients = new float[batch.numPredictions()];
              Arrays.fill(coefficients, weight);
              HeadPass.Result result =
                  learner
                      .headPass()
                      .accumulate(
                          gradients,
                          learner.weights(),
                          null,
                          batch,
                          new HeadPass.Coefficients(coefficients, null));
              for (float logProb : result.logProb()) {
                sum[0] -= logProb;
              }
              tokens[0] += batch.numTokens();
            });
    double loss = sum[0] / targets;
    String where = phase + " step " + (step + 1);
    if (!Double.isFinite(loss)) {
      throw new NonFiniteException(where, "loss " + loss, "forward pass");
    }
    double learningRate = rate.at(step);
    double norm = learner.update(learningRate, where);
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("loss", loss);
    metrics.put("grad_norm", norm);
    metrics.put("learning_rate", learningRate);
    return new StepResult(metrics, tokens[0], List.of());
  }

  /** Those of each gradient shard, (S). */
  private List<List<PackedBatch>> microBatches(List<SupervisedExample> examples) {
    GradientShards shards = learner.shards();
    return IntStream.range(0, shards.shards())
        .mapToObj(
            shard ->
                examples.subList(
                    shards.firstGroup(shard, examples.size()),
                    shards.firstGroup(shard + 1, examples.size())))
        .map(
            some -> some.isEmpty() ? List.<PackedBatch>of() : pack(some, config.microBatchTokens()))
        .toList();
  }

  /** Lays the examples end to end; the last token of each is predicted but not fed. */
  static List<PackedBatch> pack(List<SupervisedExample> examples, int microBatchTokens) {
    List<PackedBatch> batches = new ArrayList<>();
    PackedBatch.Builder builder = new PackedBatch.Builder();
    for (SupervisedExample example : examples) {
      int[] ids = example.ids();
      int length = example.targetEnd() - 1;
      if (builder.numTokens() > 0 && builder.numTokens() + length > microBatchTokens) {
        batches.add(builder.build());
        builder = new PackedBatch.Builder();
      }
      int start = builder.addSequence(ids, length);
      for (int i = example.targetStart(); i < example.targetEnd(); i++) {
        builder.predict(start + i - 1, ids[i]);
      }
    }
    batches.add(builder.build());
    return batches;
  }
}
