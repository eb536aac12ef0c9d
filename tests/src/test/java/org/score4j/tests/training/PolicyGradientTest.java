package org.score4j.tests.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.Generator;
import org.score4j.core.generation.KvCache;
import org.score4j.core.generation.StopRule;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.Initializer;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Transformer;
import org.score4j.core.optim.AdamW;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Tensor;
import org.score4j.training.algorithms.Learner;
import org.score4j.training.algorithms.Score;
import org.score4j.training.config.OptimizerConfig;
import org.score4j.training.config.StageConfig;
import org.score4j.training.rollouts.RolloutWorker;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.rollouts.TrajectoryBatch;
import org.score4j.training.rollouts.TrajectoryBatch.MicroBatch;

/**
 * The estimator of {@link Score} against the exact gradient, summed over all nine conversations of a vocabulary of three. The gradient of a
 * weighted sum of log-probs is itself checked against central differences elsewhere.
 */
class PolicyGradientTest {
  private static final int STEPS = 3000;
  private static final ModelConfig MODEL =
      new ModelConfig(3, 4, 1, 2, 1, 2, 6, 8, 1e-5, 10000, null, false, false, false);

  private final Backend backend = Backends.open("reference", 1);
  private final Ops ops = new Ops(backend);
  private final TwoLetterTask task = new TwoLetterTask();
  private final Transformer model = new Transformer(ops, MODEL);
  private final DeviceArena arena = ops.newArena("activations", HeadPass.activationBytes(MODEL, 256, 512, 8) + 65536);
  private final KvCache cache = new KvCache(ops, MODEL, 64);
  private final Parameters weights = new Parameters(ops, "weights", MODEL);
  private final Parameters reference = new Parameters(ops, "reference", MODEL);
  private final Parameters gradients = Parameters.forGradients(ops, MODEL);

  PolicyGradientTest() {
    new Initializer(0.7, 0.9).initialize(ops, weights, 11);
    new Initializer(0.7, 0.9).initialize(ops, reference, 12);
  }

  @AfterEach
  void close() {
    gradients.close();
    reference.close();
    weights.close();
    cache.close();
    arena.close();
    model.close();
    backend.close();
  }

  @Test
  void stageTwo_isUnbiased() {
    // Shaped reward on turn two, plain on turn one, exact KL on both.
    assertUnbiased(stage("score", 2, 2.0, 0.05, 0, "exact", "loss"), true);
  }

  @Test
  void stageOne_isUnbiased_andGivesTheFirstAttemptNoPolicyGradient() {
    assertUnbiased(stage("stage1", 2, 0, 0.01, 0.1, "exact", "loss"), true);
  }

  @Test
  void klInTheRewardByK1_hasTheSameExpectationAsTheExactKlWithinTheTurn() {
    // One turn, so that no KL of a later turn is credited to an earlier one.
    assertUnbiased(stage("score", 1, 0, 0.2, 0, "k1", "reward"), true);
  }

  @Test
  void klInTheLossByK2_hasTheExpectationOfTheExactKl() {
    assertUnbiased(stage("score", 1, 0, 0.2, 0, "k2", "loss"), true);
  }

  @Test
  void klInTheLossByK3_isAnotherGradient() {
    // Why k3 is no drop-in: its expectation as a loss is that of the opposite KL.
    assertUnbiased(stage("score", 1, 0, 0.2, 0, "k3", "loss"), false);
  }

  private static StageConfig stage(
      String shaping, int turns, double alpha, double beta1, double beta2, String estimator, String placement) {
    // The learning rate is far below the last bit of any weight: the policy stays what it is.
    OptimizerConfig frozen = new OptimizerConfig(1e-300, "constant", 0, 1, 0.9, 0.95, 1e-8, 0, 1e9);
    return new StageConfig(
        STEPS, 2, 3, turns, shaping, alpha, 2, 1, beta1, beta2, estimator, placement, 1, 256, frozen,
        new StageConfig.SignalConfig(1, 1, 1, 1));
  }

  private void assertUnbiased(StageConfig stage, boolean expected) {
    HeadPass headPass = new HeadPass(model, arena, 1);
    double[] exact = exactGradient(stage, headPass);
    double[] sum = new double[exact.length];
    double[] squares = new double[exact.length];
    try (AdamW optimizer = new AdamW(ops, MODEL, stage.optimizer().settings())) {
      Learner learner = new Learner(ops, weights, gradients, optimizer, reference, headPass);
      RolloutWorker rollouts = new RolloutWorker(new Generator(model, cache, arena, 64, 16), task);
      Score score = new Score("test", stage, learner, task, rollouts, 20261122);
      for (int step = 0; step < STEPS; step++) {
        score.step(step);
        double[] g = flat(gradients);
        for (int i = 0; i < g.length; i++) {
          sum[i] += g[i];
          squares[i] += g[i] * g[i];
        }
      }
    }
    double chiSquare = 0;
    double largest = 0;
    int counted = 0;
    for (int i = 0; i < exact.length; i++) {
      double mean = sum[i] / STEPS;
      double variance = Math.max(0, squares[i] / STEPS - mean * mean);
      double standardError = Math.sqrt(variance / STEPS);
      if (standardError < 1e-12) {
        assertThat(mean).as("parameter %d, without variance", i).isCloseTo(exact[i], org.assertj.core.data.Offset.offset(1e-9));
        continue;
      }
      double z = (mean - exact[i]) / standardError;
      chiSquare += z * z;
      largest = Math.max(largest, Math.abs(z));
      counted++;
    }
    assertThat(counted).as("parameters with a gradient").isGreaterThan(100);
    if (expected) {
      // Parameters are correlated, so no exact chi-square; 5 standard errors in one of ~160 has a chance of 1e-4.
      assertThat(largest).as("largest deviation in standard errors").isLessThan(5);
      assertThat(chiSquare / counted).as("mean squared deviation in standard errors").isLessThan(4);
    } else {
      assertThat(largest).as("largest deviation in standard errors").isGreaterThan(8);
    }
  }

  /** −Σ_conversations π(y1) π(y2|y1) Σ_t R_t ∇log π(y_t) + Σ_t β_t ∇KL_t, the state distribution of the KL held fixed. */
  private double[] exactGradient(StageConfig stage, HeadPass headPass) {
    gradients.clear(ops);
    int right = task.tokenizer().encode("a")[0];
    for (int y1 = 0; y1 < 3; y1++) {
      for (int y2 = 0; y2 < (stage.turns() == 1 ? 1 : 3); y2++) {
        MicroBatch batch = TrajectoryBatch.pack(List.of(conversation(stage.turns(), y1, y2)), 1, 256).getFirst();
        float[] logProb = headPass.score(weights, null, batch.packed()).logProb();
        double probability = 1;
        for (float each : logProb) {
          probability *= Math.exp(each);
        }
        double r1 = y1 == right ? 1 : 0;
        double r2 = y2 == right ? 1 : 0;
        double[] reward = stage.shaping().equals("stage1") ? new double[] {0, r2} : new double[] {r1, r2 + stage.alpha() * (r2 - r1)};
        double[] beta = {stage.beta1() + stage.beta2(), stage.beta1()};
        float[] logProbCoef = new float[logProb.length];
        float[] klCoef = new float[logProb.length];
        for (int t = 0; t < logProb.length; t++) {
          logProbCoef[t] = (float) (probability * reward[t]);
          klCoef[t] = (float) (probability * beta[t]);
        }
        headPass.accumulate(
            gradients, weights, reference, batch.packed(), new HeadPass.Coefficients(logProbCoef, klCoef));
      }
    }
    return flat(gradients);
  }

  private Trajectory conversation(int turns, int y1, int y2) {
    List<Response> responses = new ArrayList<>();
    responses.add(new Response(new int[0], new int[] {y1}, new float[1], StopRule.Finish.STOP));
    if (turns == 2) {
      responses.add(new Response(task.correctionIds(), new int[] {y2}, new float[1], StopRule.Finish.STOP));
    }
    return Trajectory.of(task.trainingProblems().getFirst().promptIds(), responses);
  }

  private double[] flat(Parameters parameters) {
    List<double[]> parts = new ArrayList<>();
    int size = 0;
    for (Map.Entry<String, Tensor> entry : parameters.named().entrySet()) {
      double[] part = ops.downloadDoubles(entry.getValue());
      parts.add(part);
      size += part.length;
    }
    double[] all = new double[size];
    int at = 0;
    for (double[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
