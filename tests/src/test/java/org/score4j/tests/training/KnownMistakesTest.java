package org.score4j.tests.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.score4j.core.generation.StopRule.Finish;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.optim.AdamW;
import org.score4j.training.algorithms.Algorithm;
import org.score4j.training.algorithms.ScoreConfig;
import org.score4j.training.evaluation.Evaluator;
import org.score4j.training.rewards.KlPenalty;
import org.score4j.training.rollouts.Span;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.rollouts.TrajectoryBatch;
import org.score4j.training.rollouts.TrajectoryBatch.MicroBatch;

/**
 * One test for each mistake seen in public reimplementations of SCoRe that concerns the trainer as
 * a whole.
 */
class KnownMistakesTest {

  @Test
  void klIsMeasuredAgainstTheReference_notAgainstThePolicyItself() {
    ScoreConfig stage = TinyLearner.frozen(1, "score", 2, 10, 0.01, 0, "exact", "loss");
    try (TinyLearner apart = new TinyLearner(new TwoLetterTask(), true);
        AdamW optimizer = apart.optimizer(stage)) {
      Map<String, Double> metrics = apart.score(stage, optimizer).step(0).metrics();
      assertThat(metrics.get("kl_t1")).isGreaterThan(0.01);
      assertThat(metrics.get("kl_t2")).isGreaterThan(0.01);
    }
    try (TinyLearner same = new TinyLearner(new TwoLetterTask(), false);
        AdamW optimizer = same.optimizer(stage)) {
      Map<String, Double> metrics = same.score(stage, optimizer).step(0).metrics();
      assertThat(metrics.get("kl_t1")).isCloseTo(0, within(1e-12));
      assertThat(metrics.get("kl_t2")).isCloseTo(0, within(1e-12));
    }
  }

  @Test
  void rewardsReachTheGradient_andEqualRewardsDoNot() {
    ScoreConfig stage = TinyLearner.frozen(40, "none", 2, 0, 0, 0, "exact", "loss");
    try (TinyLearner tiny = new TinyLearner(new TwoLetterTask(), true);
        AdamW optimizer = tiny.optimizer(stage)) {
      boolean sawSignal = false;
      boolean sawNone = false;
      for (int step = 0; step < 40; step++) {
        Algorithm.StepResult result = tiny.score(stage, optimizer).step(step);
        double norm = result.metrics().getOrDefault("grad_norm", Double.NaN);
        if (result.metrics().getOrDefault("zero_variance_groups", Double.NaN) == 1.0) {
          assertThat(norm).as("gradient without reward differences, step %d", step).isZero();
          sawNone = true;
        } else {
          assertThat(norm).as("gradient with reward differences, step %d", step).isPositive();
          sawSignal = true;
        }
      }
      assertThat(sawSignal).as("a step with a signal").isTrue();
      assertThat(sawNone || sawSignal).isTrue();
    }
  }

  @Test
  void onlySampledTokensAreLearnt_neitherPromptNorInstructionNorTheGoldAnswer() {
    try (TinyLearner tiny = new TinyLearner(new TwoLetterTask(), true)) {
      List<Trajectory> trajectories =
          tiny.rollouts().sample(tiny.weights, tiny.task.trainingProblems(), 4, 2, 1, 5);
      MicroBatch batch = TrajectoryBatch.pack(trajectories, 4, 256).getFirst();
      assertThat(batch.packed().numPredictions()).isEqualTo(8);
      for (int n = 0; n < 8; n++) {
        Trajectory trajectory = trajectories.get(batch.trajectory()[n]);
        assertThat(batch.packed().targets()[n])
            .isEqualTo(trajectory.attempt(batch.attempt()[n])[0]);
      }
    }
  }

  @Test
  void theSecondAttemptSeesThePolicysOwnFirstAttempt() {
    try (TinyLearner tiny = new TinyLearner(new TwoLetterTask(), true)) {
      List<Trajectory> trajectories =
          tiny.rollouts().sample(tiny.weights, tiny.task.trainingProblems(), 4, 2, 1, 6);
      MicroBatch batch = TrajectoryBatch.pack(trajectories, 4, 256).getFirst();
      int[] fed = batch.packed().ids();
      // Prompt once, then y1 and the instruction of each of the four conversations.
      assertThat(fed).hasSize(1 + 4 * 2);
      for (int k = 0; k < 4; k++) {
        assertThat(fed[1 + 2 * k]).isEqualTo(trajectories.get(k).attempt(0)[0]);
        assertThat(fed[2 + 2 * k]).isEqualTo(tiny.task.correctionIds()[0]);
      }
    }
  }

  @Test
  void evaluationGeneratesFreely_itIsNoTeacherForcedArgmax() {
    try (TinyLearner tiny = new TinyLearner(new TwoLetterTask(), true)) {
      Evaluator.Evaluation evaluation =
          new Evaluator(tiny.task, tiny.rollouts(), 2)
              .evaluate(tiny.weights, tiny.task.heldOutProblems(), 0, 0);
      Trajectory trajectory = evaluation.rollouts().getFirst().trajectory();
      List<Span> spans = trajectory.spans();
      assertThat(spans.stream().map(Span::role).toList())
          .containsExactly(
              Span.Role.PROMPT, Span.Role.RESPONSE, Span.Role.INSTRUCTION, Span.Role.RESPONSE);
      // Each greedy token is the likeliest one after the model's own words so far.
      for (int turn = 0; turn < 2; turn++) {
        int drawn = trajectory.attempt(turn)[0];
        double best = Double.NEGATIVE_INFINITY;
        double own = 0;
        for (int token = 0; token < 3; token++) {
          double logProb =
              tiny.headPass.score(tiny.weights, null, pack(spans, turn, token)).logProb()[turn];
          best = Math.max(best, logProb);
          own = token == drawn ? logProb : own;
        }
        assertThat(own).as("turn %d", turn).isEqualTo(best);
      }
    }
  }

  /** The conversation with the response of {@code turn} replaced. */
  private static PackedBatch pack(List<Span> spans, int turn, int token) {
    List<Span> changed =
        spans.stream()
            .map(
                s ->
                    s.sampled() && s.attempt() == turn
                        ? Span.sampled(turn, new int[] {token}, new float[1])
                        : s)
            .toList();
    return TrajectoryBatch.pack(
            List.of(new Trajectory(changed, List.of(Finish.STOP, Finish.STOP))), 1, 64)
        .getFirst()
        .packed();
  }

  @Test
  void knownWrongKlPairsAreRefusedWithTheReason() {
    assertThatThrownBy(() -> KlPenalty.of("k3", "reward"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("k3")
        .hasMessageContaining("not that of the KL");
    assertThatThrownBy(() -> KlPenalty.of("k1", "loss"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expectation zero");
    assertThatThrownBy(() -> KlPenalty.of("k4", "loss")).hasMessageContaining("unknown");
  }

  @Test
  void exactKl_equalsItsDefinitionSummedByHand() {
    try (TinyLearner tiny = new TinyLearner(new TwoLetterTask(), true)) {
      Trajectory trajectory =
          tiny.rollouts().sample(tiny.weights, tiny.task.trainingProblems(), 1, 2, 1, 7).getFirst();
      double[] byHand = new double[2];
      for (int turn = 0; turn < 2; turn++) {
        for (int token = 0; token < 3; token++) {
          var batch = pack(trajectory.spans(), turn, token);
          double policy = tiny.headPass.score(tiny.weights, null, batch).logProb()[turn];
          double reference = tiny.headPass.score(tiny.reference, null, batch).logProb()[turn];
          byHand[turn] += Math.exp(policy) * (policy - reference);
        }
      }
      HeadPass.Result result =
          tiny.headPass.score(
              tiny.weights,
              tiny.reference,
              TrajectoryBatch.pack(List.of(trajectory), 1, 64).getFirst().packed());
      // Log-probs come back in single precision.
      assertThat((double) result.kl()[0]).isCloseTo(byHand[0], within(1e-6));
      assertThat((double) result.kl()[1]).isCloseTo(byHand[1], within(1e-6));
    }
  }

  @Test
  void samplingAndLearningGiveTheSameBits_andACorruptedRecordIsSeen() {
    ScoreConfig stage = TinyLearner.frozen(1, "score", 2, 10, 0.01, 0, "exact", "loss");
    try (TinyLearner tiny = new TinyLearner(new TwoLetterTask(), true);
        AdamW optimizer = tiny.optimizer(stage)) {
      assertThat(tiny.score(stage, optimizer).step(0).metrics().get("logprob_mismatches")).isZero();
      List<Trajectory> trajectories =
          tiny.rollouts().sample(tiny.weights, tiny.task.trainingProblems(), 4, 2, 1, 8);
      MicroBatch batch = TrajectoryBatch.pack(trajectories, 4, 256).getFirst();
      float[] learnt = tiny.headPass.score(tiny.weights, null, batch.packed()).logProb();
      assertThat(learnt).isEqualTo(batch.sampledLogProb());
      float[] other = tiny.headPass.score(tiny.reference, null, batch.packed()).logProb();
      assertThat(Arrays.equals(learnt, other)).as("another model's log-probs").isFalse();
    }
  }
}
