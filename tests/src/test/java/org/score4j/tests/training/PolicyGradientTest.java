package org.score4j.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.StopRule;
import org.score4j.core.model.HeadPass;
import org.score4j.core.optim.AdamW;
import org.score4j.training.algorithms.Score;
import org.score4j.training.config.StageConfig;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.rollouts.TrajectoryBatch;
import org.score4j.training.rollouts.TrajectoryBatch.MicroBatch;

/**
 * The estimator of {@link Score} against the exact gradient, summed over all nine conversations of
 * a vocabulary of three. The gradient of a weighted sum of log-probs is itself checked against
 * central differences elsewhere.
 */
class PolicyGradientTest {
  private static final int STEPS = 3000;

  private final TinyLearner tiny = new TinyLearner(new TwoLetterTask(), true);

  @AfterEach
  void close() {
    tiny.close();
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
      String shaping,
      int turns,
      double alpha,
      double beta1,
      double beta2,
      String estimator,
      String placement) {
    return TinyLearner.frozen(STEPS, shaping, turns, alpha, beta1, beta2, estimator, placement);
  }

  private void assertUnbiased(StageConfig stage, boolean expected) {
    double[] exact = exactGradient(stage);
    double[] sum = new double[exact.length];
    double[] squares = new double[exact.length];
    try (AdamW optimizer = tiny.optimizer(stage)) {
      Score score = tiny.score(stage, optimizer);
      for (int step = 0; step < STEPS; step++) {
        score.step(step);
        double[] g = tiny.flat(tiny.gradients);
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
        assertThat(mean).as("parameter %d, without variance", i).isCloseTo(exact[i], within(1e-9));
        continue;
      }
      double z = (mean - exact[i]) / standardError;
      chiSquare += z * z;
      largest = Math.max(largest, Math.abs(z));
      counted++;
    }
    assertThat(counted).as("parameters with a gradient").isGreaterThan(100);
    if (expected) {
      // Parameters are correlated, so no exact chi-square; 5 standard errors in one of ~160 has a
      // chance of 1e-4.
      assertThat(largest).as("largest deviation in standard errors").isLessThan(5);
      assertThat(chiSquare / counted).as("mean squared deviation in standard errors").isLessThan(4);
    } else {
      assertThat(largest).as("largest deviation in standard errors").isGreaterThan(8);
    }
  }

  /**
   * −Σ_conversations π(y1) π(y2|y1) Σ_t R_t ∇log π(y_t) + Σ_t β_t ∇KL_t, the state distribution of
   * the KL held fixed.
   */
  private double[] exactGradient(StageConfig stage) {
    tiny.gradients.clear(tiny.ops);
    int right = tiny.task.tokenizer().encode("a")[0];
    for (int y1 = 0; y1 < 3; y1++) {
      for (int y2 = 0; y2 < (stage.turns() == 1 ? 1 : 3); y2++) {
        MicroBatch batch =
            TrajectoryBatch.pack(List.of(conversation(stage.turns(), y1, y2)), 1, 256).getFirst();
        float[] logProb = tiny.headPass.score(tiny.weights, null, batch.packed()).logProb();
        double probability = 1;
        for (float each : logProb) {
          probability *= Math.exp(each);
        }
        double r1 = y1 == right ? 1 : 0;
        double r2 = y2 == right ? 1 : 0;
        double[] reward =
            stage.shaping().equals("stage1")
                ? new double[] {0, r2}
                : new double[] {r1, r2 + stage.alpha() * (r2 - r1)};
        double[] beta = {stage.beta1() + stage.beta2(), stage.beta1()};
        float[] logProbCoef = new float[logProb.length];
        float[] klCoef = new float[logProb.length];
        for (int t = 0; t < logProb.length; t++) {
          logProbCoef[t] = (float) (probability * reward[t]);
          klCoef[t] = (float) (probability * beta[t]);
        }
        tiny.headPass.accumulate(
            tiny.gradients,
            tiny.weights,
            tiny.reference,
            batch.packed(),
            new HeadPass.Coefficients(logProbCoef, klCoef));
      }
    }
    return tiny.flat(tiny.gradients);
  }

  private Trajectory conversation(int turns, int y1, int y2) {
    List<Response> responses = new ArrayList<>();
    responses.add(new Response(new int[0], new int[] {y1}, new float[1], StopRule.Finish.STOP));
    if (turns == 2) {
      responses.add(
          new Response(
              tiny.task.correctionIds(), new int[] {y2}, new float[1], StopRule.Finish.STOP));
    }
    return Trajectory.of(tiny.task.trainingProblems().getFirst().promptIds(), responses);
  }
}
