package org.score4j.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.StopRule;
import org.score4j.core.model.HeadPass;
import org.score4j.core.optim.AdamW;
import org.score4j.training.algorithms.Score;
import org.score4j.training.algorithms.ScoreConfig;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.rollouts.TrajectoryBatch;
import org.score4j.training.rollouts.TrajectoryBatch.MicroBatch;

/**
 * The estimator of {@link Score} against the exact gradient, summed over all conversations of a
 * vocabulary of three: nine of two attempts, 27 of three. The gradient of a weighted sum of
 * log-probs is itself checked against central differences elsewhere.
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
  void stageTwoOfThreeAttempts_isUnbiased() {
    assertUnbiased(stage("score", 3, 2.0, 0.05, 0, "exact", "loss"), true);
  }

  @Test
  void stageOneOfThreeAttempts_isUnbiased_andHoldsBothEarlierAttempts() {
    assertUnbiased(stage("stage1", 3, 0, 0.01, 0.1, "exact", "loss"), true);
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

  private static ScoreConfig stage(
      String shaping,
      int turns,
      double alpha,
      double beta1,
      double beta2,
      String estimator,
      String placement) {
    return TinyLearner.frozen(STEPS, shaping, turns, alpha, beta1, beta2, estimator, placement);
  }

  private void assertUnbiased(ScoreConfig stage, boolean expected) {
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
   * −Σ_conversations Π_t π(y_t|x_t) Σ_t R_t ∇log π(y_t) + Σ_t β_t ∇KL_t, the state distribution of
   * the KL held fixed.
   */
  private double[] exactGradient(ScoreConfig stage) {
    tiny.gradients.clear(tiny.ops);
    enumerate(stage, new int[0]);
    return tiny.flat(tiny.gradients);
  }

  /** Adds the exact gradient of every conversation that begins with these attempts. */
  private void enumerate(ScoreConfig stage, int[] attempts) {
    if (attempts.length < stage.attempts()) {
      for (int token = 0; token < 3; token++) {
        int[] longer = Arrays.copyOf(attempts, attempts.length + 1);
        longer[attempts.length] = token;
        enumerate(stage, longer);
      }
      return;
    }
    int right = tiny.task.tokenizer().encode("a")[0];
    MicroBatch batch = TrajectoryBatch.pack(List.of(conversation(attempts)), 1, 256).getFirst();
    float[] logProb = tiny.headPass.score(tiny.weights, null, batch.packed()).logProb();
    double probability = 1;
    for (float each : logProb) {
      probability *= Math.exp(each);
    }
    int last = attempts.length - 1;
    float[] logProbCoef = new float[logProb.length];
    float[] klCoef = new float[logProb.length];
    for (int t = 0; t <= last; t++) {
      double r = attempts[t] == right ? 1 : 0;
      double before = t > 0 && attempts[t - 1] == right ? 1 : 0;
      double reward =
          switch (stage.shaping()) {
            case "stage1" -> t == last ? r : 0;
            case "score" -> t == 0 ? r : r + stage.alpha() * (r - before);
            default -> throw new IllegalArgumentException(stage.shaping());
          };
      double beta = t < last ? stage.beta1() + stage.beta2() : stage.beta1();
      logProbCoef[t] = (float) (probability * reward);
      klCoef[t] = (float) (probability * beta);
    }
    tiny.headPass.accumulate(
        tiny.gradients,
        tiny.weights,
        tiny.reference,
        batch.packed(),
        new HeadPass.Coefficients(logProbCoef, klCoef));
  }

  private Trajectory conversation(int[] attempts) {
    List<Response> responses = new ArrayList<>();
    for (int t = 0; t < attempts.length; t++) {
      int[] given = t == 0 ? new int[0] : tiny.task.correctionIds();
      responses.add(
          new Response(given, new int[] {attempts[t]}, new float[1], StopRule.Finish.STOP));
    }
    return Trajectory.of(tiny.task.trainingProblems().getFirst().promptIds(), responses);
  }
}
