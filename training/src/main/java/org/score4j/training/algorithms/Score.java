package org.score4j.training.algorithms;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.Parameters;
import org.score4j.core.optim.LearningRate;
import org.score4j.kernels.Philox;
import org.score4j.training.config.StageConfig;
import org.score4j.training.rewards.Advantages;
import org.score4j.training.rewards.RewardBatch;
import org.score4j.training.rewards.RewardShaping;
import org.score4j.training.rewards.RewardShapings;
import org.score4j.training.rollouts.RolloutWorker;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.rollouts.TrajectoryBatch;
import org.score4j.training.rollouts.TrajectoryBatch.MicroBatch;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;

/**
 * A stage of SCoRe (Kumar et al., "Training Language Models to Self-Correct via Reinforcement
 * Learning", arXiv 2409.12917v2).
 *
 * <pre>
 * Stage I,  eq. 3:  max E[ r(y2) − β2 KL(π(·|x1) ‖ π_ref(·|x1)) ], the small β1 KL on both attempts as well
 * Stage II, eq. 4:  max E[ Σ_i r(y_i) − β1 KL(π(·|x_i) ‖ π_ref(·|x_i)) ], r(y2) replaced by r(y2) + α (r(y2) − r(y1))
 * Estimator:        REINFORCE, leave-one-out baseline per turn; credit per turn (appendix A.4): y1's tokens are multiplied by r(y1) alone,
 *                   y2's by the shaped value alone
 * </pre>
 *
 * <p>Not stated in the paper, chosen here: K samples per prompt; the KL in the loss, exact over the
 * vocabulary and summed over a turn's tokens (others by config); loss and KL are means over the
 * step's conversations, one count for all micro-batches.
 */
public final class Score implements Algorithm {
  private final String phase;
  private final StageConfig config;
  private final Learner learner;
  private final Task task;
  private final RolloutWorker rollouts;
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
      StageConfig config,
      Learner learner,
      Task task,
      RolloutWorker rollouts,
      long key,
      double maxLogProbDifference) {
    this.phase = phase;
    this.config = config;
    this.learner = learner;
    this.task = task;
    this.rollouts = rollouts;
    this.shaping =
        config.turns() == 1
            ? RewardShapings.singleTurn()
            : RewardShapings.byName(
                config.shaping(),
                new RewardShapings.Coefficients(
                    config.alpha(), config.matchBonus(), config.repeatPenalty()));
    this.klPenalty = KlPenalty.of(config.klEstimator(), config.klPlacement());
    this.rate = config.optimizer().rate(config.steps());
    this.key = key;
    this.maxLogProbDifference = maxLogProbDifference;
  }

  @Override
  public StepResult step(int step) {
    Parameters reference = learner.requireReference();
    int k = config.samplesPerPrompt();
    StepClock clock = new StepClock();

    // Rollout: x1 → y1 → x2 = [x1, y1, p] → y2, on-policy, K conversations per prompt.
    List<Problem> problems = drawProblems(step);
    List<Trajectory> trajectories =
        rollouts.sample(
            learner.weights(),
            problems,
            k,
            config.turns(),
            config.temperature(),
            Philox.derive(key, step, 1, 0, 0));
    clock.lap("sampling");

    // Verify, then reward each turn; a verifier's error takes its conversation out of everything.
    Judged judged = Judged.of(task, problems, trajectories, k);
    RewardBatch rewards =
        RewardBatch.of(shaping, judged.first(), judged.second(), judged.unchanged());
    boolean[] included = rewards.included();
    int n = trajectories.size() - rewards.numExcluded();
    clock.lap("verification");

    List<MicroBatch> microBatches =
        TrajectoryBatch.pack(trajectories, k, config.microBatchTokens());
    float[][] logRatios =
        klPenalty.needsReferenceLogProbs() ? logRatios(reference, microBatches) : null;
    double[] reward1 = rewards.turn1();
    double[] reward2 = rewards.turn2();
    if (klPenalty == KlPenalty.K1_REWARD && logRatios != null) {
      payForDivergence(reward1, reward2, microBatches, logRatios);
    }

    // Advantages per turn: A_t = R_t − mean of the other samples' R_t.
    double[][] advantages = {
      Advantages.leaveOneOut(reward1, included, k), Advantages.leaveOneOut(reward2, included, k)
    };

    // loss = 1/n Σ_conversations Σ_tokens ( −A_turn log π(token) + β_turn KL(state) )
    double[] beta = {config.beta1() + config.beta2(), config.beta1()};
    StepTotals totals = new StepTotals();
    learner.gradients().clear(learner.ops());
    for (int b = 0; b < microBatches.size(); b++) {
      MicroBatch batch = microBatches.get(b);
      HeadPass.Coefficients coefficients =
          coefficients(
              batch, advantages, included, beta, n, logRatios == null ? null : logRatios[b]);
      HeadPass.Result result =
          learner
              .headPass()
              .accumulate(
                  learner.gradients(),
                  learner.weights(),
                  klPenalty == KlPenalty.EXACT_LOSS ? reference : null,
                  batch.packed(),
                  coefficients);
      totals.add(batch, result, coefficients, logRatios == null ? null : logRatios[b], included);
    }
    String where = phase + " step " + (step + 1);
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
          rollouts.compare(learner.weights(), trajectories.get(worst.trajectory())));
    }
    clock.lap("learning");
    double learningRate = rate.at(step);
    double norm = learner.update(learningRate, where);
    clock.lap("update");

    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("loss", totals.loss());
    judged.report(metrics, config.turns());
    metrics.put("kl_t1", totals.kl(0, n));
    metrics.put("kl_t2", totals.kl(1, n));
    metrics.put("entropy", totals.meanEntropy());
    metrics.put("grad_norm", norm);
    metrics.put("learning_rate", learningRate);
    metrics.put("zero_variance_groups", flatShare(advantages, k));
    metrics.put("logprob_mismatches", (double) totals.mismatches());
    metrics.put("logprob_max_diff", worst.difference());
    metrics.put("logprob_p99_diff", totals.differenceQuantile(0.99));
    clock.report(metrics);
    double objective = judged.meanScore(config.turns());
    return new StepResult(
        metrics, totals.tokens(), judged.pairs(task, problems, trajectories, k, 8), objective);
  }

  /** Problems of a step, drawn with replacement. */
  private List<Problem> drawProblems(int step) {
    List<Problem> pool = task.trainingProblems();
    List<Problem> drawn = new ArrayList<>(config.promptsPerStep());
    int[] words = new int[4];
    long drawKey = Philox.derive(key, step, 0, 0, 0);
    for (int p = 0; p < config.promptsPerStep(); p++) {
      Philox.generate(words, (int) drawKey, (int) (drawKey >>> 32), p, 0, 0, 0);
      drawn.add(pool.get((int) (((words[0] & 0xFFFFFFFFL) * pool.size()) >>> 32)));
    }
    return drawn;
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
      int turn = batch.turn()[i];
      if (!included[sample]) {
        continue;
      }
      double coefficient = advantages[turn][sample];
      if (logRatio != null) {
        coefficient -= beta[turn] * klPenalty.lossGradient(logRatio[i]);
      }
      logProb[i] = (float) (coefficient / n);
      if (kl != null) {
        kl[i] = (float) (beta[turn] / n);
      }
    }
    return new HeadPass.Coefficients(logProb, kl);
  }

  /**
   * log π − log π_ref of every sampled token; on-policy, log π is what was recorded while sampling.
   */
  private float[][] logRatios(Parameters reference, List<MicroBatch> microBatches) {
    float[][] ratios = new float[microBatches.size()][];
    for (int b = 0; b < ratios.length; b++) {
      MicroBatch batch = microBatches.get(b);
      float[] refLogProb = learner.headPass().score(reference, null, batch.packed()).logProb();
      ratios[b] = new float[refLogProb.length];
      for (int i = 0; i < refLogProb.length; i++) {
        ratios[b][i] = batch.sampledLogProb()[i] - refLogProb[i];
      }
    }
    return ratios;
  }

  /** R_t −= β_t Σ_tokens (log π − log π_ref) of that turn. */
  private void payForDivergence(
      double[] reward1, double[] reward2, List<MicroBatch> batches, float[][] logRatios) {
    for (int b = 0; b < batches.size(); b++) {
      MicroBatch batch = batches.get(b);
      for (int i = 0; i < logRatios[b].length; i++) {
        int sample = batch.trajectory()[i];
        if (batch.turn()[i] == 0) {
          reward1[sample] -= (config.beta1() + config.beta2()) * logRatios[b][i];
        } else {
          reward2[sample] -= config.beta1() * logRatios[b][i];
        }
      }
    }
  }

  /** Share of prompts whose samples all have zero advantage in every turn: they teach nothing. */
  private static double flatShare(double[][] advantages, int k) {
    int flat = 0;
    int groups = advantages[0].length / k;
    for (int g = 0; g < groups; g++) {
      boolean zero = true;
      for (double[] turn : advantages) {
        zero &= Arrays.stream(turn, g * k, (g + 1) * k).allMatch(a -> a == 0);
      }
      flat += zero ? 1 : 0;
    }
    return (double) flat / groups;
  }

  /**
   * Samples the first prompts and looks at the signal before the first update.
   *
   * @return share of prompts that would teach nothing, and share of truncated conversations
   */
  public Signal signal(int prompts) {
    int k = config.samplesPerPrompt();
    List<Problem> pool = task.trainingProblems();
    List<Problem> problems = pool.subList(0, Math.min(prompts, pool.size()));
    List<Trajectory> trajectories =
        rollouts.sample(
            learner.weights(),
            problems,
            k,
            config.turns(),
            config.temperature(),
            Philox.derive(key, -1, 2, 0, 0));
    Judged judged = Judged.of(task, problems, trajectories, k);
    RewardBatch rewards =
        RewardBatch.of(shaping, judged.first(), judged.second(), judged.unchanged());
    double[][] advantages = {
      Advantages.leaveOneOut(rewards.turn1(), rewards.included(), k),
      Advantages.leaveOneOut(rewards.turn2(), rewards.included(), k)
    };
    return new Signal(
        flatShare(advantages, k),
        judged.truncatedShare(),
        (double) rewards.numExcluded() / trajectories.size());
  }

  /**
   * What the check before the first step saw.
   *
   * @param zeroVariance share of prompts whose samples all have the same rewards
   * @param truncated share of conversations that hit a length limit
   * @param verifierErrors share of conversations the verifier could not judge
   */
  public record Signal(double zeroVariance, double truncated, double verifierErrors) {}

  /** Warning of a shaping that is known to be hackable. */
  public Optional<String> shapingWarning() {
    return shaping.warning();
  }
}
