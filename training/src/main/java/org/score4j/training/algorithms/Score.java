package org.score4j.training.algorithms;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.Parameters;
import org.score4j.core.optim.LearningRate;
import org.score4j.kernels.Philox;
import org.score4j.training.rewards.Advantages;
import org.score4j.training.rewards.KlPenalty;
import org.score4j.training.rewards.RewardBatch;
import org.score4j.training.rewards.RewardShaping;
import org.score4j.training.rewards.RewardShapings;
import org.score4j.training.rollouts.RandomStream;
import org.score4j.training.rollouts.RewardSource;
import org.score4j.training.rollouts.Rollout;
import org.score4j.training.rollouts.RolloutWorker;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.rollouts.TrajectoryBatch;
import org.score4j.training.rollouts.TrajectoryBatch.MicroBatch;
import org.score4j.training.rollouts.Transcript;
import org.score4j.training.rollouts.VerifierRewards;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;

/**
 * A stage of SCoRe (Kumar et al., "Training Language Models to Self-Correct via Reinforcement
 * Learning", arXiv 2409.12917v2), for T attempts (the paper's equations have T = 2).
 *
 * <pre>
 * Stage I,  eq. 3:  max E[ r(y_T) − β2 Σ_{t&lt;T} KL(π(·|x_t) ‖ π_ref(·|x_t)) ], the small β1 KL on every attempt as well
 * Stage II, eq. 4:  max E[ Σ_t r(y_t) − β1 KL(π(·|x_t) ‖ π_ref(·|x_t)) ], r(y_t) for t &gt; 1 replaced by r(y_t) + α (r(y_t) − r(y_{t−1}))
 * Estimator:        REINFORCE, leave-one-out baseline per attempt; credit per attempt (appendix A.4): y_t's tokens are multiplied by R_t alone
 * </pre>
 *
 * <p>Not stated in the paper, chosen here: K samples per prompt; the KL in the loss, exact over the
 * vocabulary and summed over an attempt's tokens (others by config); loss and KL are means over the
 * step's conversations, one count for all micro-batches.
 */
public final class Score implements Algorithm {
  /** {@code algorithm: score}. */
  static final class Provider implements AlgorithmProvider {
    @Override
    public String name() {
      return "score";
    }

    @Override
    public Class<ScoreConfig> settingsType() {
      return ScoreConfig.class;
    }

    @Override
    public boolean usesReference() {
      return true;
    }

    @Override
    public Algorithm open(PhaseSettings settings, PhaseContext context) {
      ScoreConfig config = (ScoreConfig) settings;
      return new Score(
          context.phase(),
          config,
          context.learnerAt().apply(config.temperature()),
          context.task(),
          context.worker(),
          context.key(RandomStream.PHASE),
          context.maxLogProbDifference());
    }
  }

  private static final int TRANSCRIPTS = 8;

  private final String phase;
  private final ScoreConfig config;
  private final Learner learner;
  private final Task task;
  private final RolloutWorker worker;
  private final RewardSource verifier;
  private final RewardShaping shaping;
  private final KlPenalty klPenalty;
  private final LearningRate rate;
  private final long key;
  private final double maxLogProbDifference;

  /**
   * A stage.
   *
   * @param phase its name in logs and errors
   * @param key Philox key of the stage, a function of the run seed
   * @param maxLogProbDifference by which sampling and learning may disagree about a token, in nats
   */
  public Score(
      String phase,
      ScoreConfig config,
      Learner learner,
      Task task,
      RolloutWorker worker,
      long key,
      double maxLogProbDifference) {
    this.phase = phase;
    this.config = config;
    this.learner = learner;
    this.task = task;
    this.worker = worker;
    this.verifier = new VerifierRewards(task);
    this.shaping =
        RewardShapings.byName(
            config.shaping(),
            new RewardShapings.Coefficients(
                config.alpha(), config.matchBonus(), config.repeatPenalty()),
            config.attempts());
    this.klPenalty = KlPenalty.of(config.klEstimator(), config.klPlacement());
    this.rate = config.optimizer().rate(config.steps());
    this.key = key;
    this.maxLogProbDifference = maxLogProbDifference;
  }

  /** Samples the first problems and refuses to train where their rewards give no signal. */
  @Override
  public void prepare(Consumer<String> notices) {
    shaping.warning().ifPresent(notices);
    List<Problem> pool = task.trainingProblems();
    List<Problem> problems = pool.subList(0, Math.min(config.signal().prompts(), pool.size()));
    List<Rollout> rollouts =
        verifier.score(repeated(problems), sample(problems, RandomStream.Step.SIGNAL.key(key, -1)));
    RewardBatch rewards = RewardBatch.of(shaping, rollouts);
    SignalCheck.Signal signal =
        new SignalCheck.Signal(
            Advantages.zeroVarianceShare(advantages(rewards), config.samplesPerPrompt()),
            RolloutMetrics.truncatedShare(rollouts),
            (double) rewards.numExcluded() / rollouts.size());
    SignalCheck.require(phase, config.signal(), signal, notices);
  }

  @Override
  public StepResult step(int step) {
    Parameters reference = learner.requireReference();
    int k = config.samplesPerPrompt();
    int attempts = config.attempts();
    StepClock clock = new StepClock();

    // Rollout: x_1 → y_1 → x_2 = [x_1, y_1, p] → y_2 → …, on-policy, K conversations per prompt.
    List<Problem> problems = drawProblems(step);
    List<Trajectory> trajectories =
        sample(problems, RandomStream.Step.CONVERSATIONS.key(key, step));
    clock.lap("sampling");

    // r(y_t), then R_t; a verifier's error takes its conversation out of everything.
    List<Rollout> rollouts = verifier.score(repeated(problems), trajectories);
    RewardBatch rewards = RewardBatch.of(shaping, rollouts);
    boolean[] included = rewards.included();
    int n = rollouts.size() - rewards.numExcluded();
    clock.lap("verification");

    List<List<MicroBatch>> microBatches = microBatches(trajectories);
    IdentityHashMap<MicroBatch, float[]> logRatios =
        klPenalty.needsReferenceLogProbs() ? logRatios(reference, microBatches) : null;

    // β_t: β1 + β2 before the last attempt, β1 for it.
    double[] beta = new double[attempts];
    Arrays.fill(beta, config.beta1() + config.beta2());
    beta[attempts - 1] = config.beta1();
    double[][] r = rewards.rewards();
    if (klPenalty == KlPenalty.K1_REWARD && logRatios != null) {
      payForDivergence(r, beta, logRatios);
    }

    // A_t^k = R_t^k − mean of the other samples' R_t.
    double[][] advantages = advantages(r, included);

    // loss = 1/n Σ_conversations Σ_tokens ( −A_t log π(token) + β_t KL(state) )
    StepTotals totals = new StepTotals(attempts);
    learner
        .shards()
        .sum(
            microBatches,
            (gradients, batch) -> {
              float[] ratios = logRatios == null ? null : logRatios.get(batch);
              HeadPass.Coefficients coefficients =
                  coefficients(batch, advantages, included, beta, n, ratios);
              HeadPass.Result result =
                  learner
                      .headPass()
                      .accumulate(
                          gradients,
                          learner.weights(),
                          klPenalty == KlPenalty.EXACT_LOSS ? reference : null,
                          batch.packed(),
                          coefficients);
              totals.add(batch, result, coefficients, ratios, included);
            });
    String where = phase + " step " + (step + 1);
    requireSound(where, totals, trajectories);
    clock.lap("learning");
    double learningRate = rate.at(step);
    double norm = learner.update(learningRate, where);
    clock.lap("update");

    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("loss", totals.loss());
    RolloutMetrics.report(metrics, rollouts);
    for (int t = 0; t < attempts; t++) {
      metrics.put("kl_t" + (t + 1), totals.kl(t, n));
    }
    metrics.put("entropy", totals.meanEntropy());
    metrics.put("grad_norm", norm);
    metrics.put("learning_rate", learningRate);
    metrics.put("zero_variance_groups", Advantages.zeroVarianceShare(advantages, k));
    metrics.put("logprob_mismatches", (double) totals.mismatches());
    metrics.put("logprob_max_diff", totals.worst().difference());
    metrics.put("logprob_p99_diff", totals.differenceQuantile(0.99));
    clock.report(metrics);
    return new StepResult(metrics, totals.tokens(), transcripts(rollouts));
  }

  /**
   * Refuses, before the update, a loss without a value and a disagreement of sampling and learning.
   */
  private void requireSound(String where, StepTotals totals, List<Trajectory> trajectories) {
    if (!Double.isFinite(totals.loss())) {
      throw new NonFiniteException(
          where, "loss " + totals.loss(), "forward pass, log-probs of sampled tokens");
    }
    StepTotals.Worst worst = totals.worst();
    if (!(worst.difference() <= maxLogProbDifference)) {
      throw new DisagreementException(
          where,
          worst,
          maxLogProbDifference,
          worker.compare(learner.weights(), trajectories.get(worst.trajectory())));
    }
  }

  /** Problems of a step, drawn with replacement. */
  private List<Problem> drawProblems(int step) {
    List<Problem> pool = task.trainingProblems();
    List<Problem> drawn = new ArrayList<>(config.promptsPerStep());
    int[] words = new int[4];
    long drawKey = RandomStream.Step.PROBLEMS.key(key, step);
    for (int p = 0; p < config.promptsPerStep(); p++) {
      Philox.generate(words, (int) drawKey, (int) (drawKey >>> 32), p, 0, 0, 0);
      drawn.add(pool.get((int) (((words[0] & 0xFFFFFFFFL) * pool.size()) >>> 32)));
    }
    return drawn;
  }

  /** K conversations about each problem, side by side. */
  private List<Trajectory> sample(List<Problem> problems, long sampleKey) {
    return worker.sample(
        learner.weights(),
        problems,
        config.samplesPerPrompt(),
        config.attempts(),
        config.temperature(),
        sampleKey);
  }

  /** Each problem K times. */
  private List<Problem> repeated(List<Problem> problems) {
    int k = config.samplesPerPrompt();
    return IntStream.range(0, problems.size() * k).mapToObj(i -> problems.get(i / k)).toList();
  }

  private double[][] advantages(RewardBatch rewards) {
    return advantages(rewards.rewards(), rewards.included());
  }

  /** (attempts, samples) */
  private double[][] advantages(double[][] rewards, boolean[] included) {
    return Arrays.stream(rewards)
        .map(each -> Advantages.leaveOneOut(each, included, config.samplesPerPrompt()))
        .toArray(double[][]::new);
  }

  /** The first sample of the first prompts. */
  private List<Transcript> transcripts(List<Rollout> rollouts) {
    int k = config.samplesPerPrompt();
    return IntStream.range(0, Math.min(TRANSCRIPTS, rollouts.size() / k))
        .mapToObj(p -> Transcript.of(task, rollouts.get(p * k)))
        .toList();
  }

  /**
   * Coefficients of each sampled token's log-prob and KL, divided by the number of conversations.
   */
  private HeadPass.Coefficients coefficients(
      MicroBatch batch,
      double[][] advantages,
      boolean[] included,
      double[] beta,
      int n,
      float @Nullable [] logRatio) {
    int size = batch.trajectory().length;
    float[] logProb = new float[size];
    float[] kl = klPenalty == KlPenalty.EXACT_LOSS ? new float[size] : null;
    for (int i = 0; i < size; i++) {
      int sample = batch.trajectory()[i];
      int attempt = batch.attempt()[i];
      if (!included[sample]) {
        continue;
      }
      double coefficient = advantages[attempt][sample];
      if (logRatio != null) {
        coefficient -= beta[attempt] * klPenalty.lossGradient(logRatio[i]);
      }
      logProb[i] = (float) (coefficient / n);
      if (kl != null) {
        kl[i] = (float) (beta[attempt] / n);
      }
    }
    return new HeadPass.Coefficients(logProb, kl);
  }

  /** Those of each gradient shard, (S). */
  private List<List<MicroBatch>> microBatches(List<Trajectory> trajectories) {
    int k = config.samplesPerPrompt();
    int groups = trajectories.size() / k;
    GradientShards shards = learner.shards();
    return IntStream.range(0, shards.shards())
        .mapToObj(
            shard ->
                TrajectoryBatch.pack(
                    trajectories,
                    k,
                    config.microBatchTokens(),
                    k * shards.firstGroup(shard, groups),
                    k * shards.firstGroup(shard + 1, groups)))
        .toList();
  }

  /**
   * log π − log π_ref of every sampled token; on-policy, log π is what was recorded while sampling.
   */
  private IdentityHashMap<MicroBatch, float[]> logRatios(
      Parameters reference, List<List<MicroBatch>> microBatches) {
    IdentityHashMap<MicroBatch, float[]> ratios = new IdentityHashMap<>();
    for (List<MicroBatch> shard : microBatches) {
      for (MicroBatch batch : shard) {
        float[] refLogProb = learner.headPass().score(reference, null, batch.packed()).logProb();
        float[] ratio = new float[refLogProb.length];
        for (int i = 0; i < ratio.length; i++) {
          ratio[i] = batch.sampledLogProb()[i] - refLogProb[i];
        }
        ratios.put(batch, ratio);
      }
    }
    return ratios;
  }

  /** R_t −= β_t Σ_tokens (log π − log π_ref) of that attempt. */
  private static void payForDivergence(
      double[][] rewards, double[] beta, IdentityHashMap<MicroBatch, float[]> logRatios) {
    logRatios.forEach(
        (batch, ratios) -> {
          for (int i = 0; i < ratios.length; i++) {
            int t = batch.attempt()[i];
            rewards[t][batch.trajectory()[i]] -= beta[t] * ratios[i];
          }
        });
  }
}
