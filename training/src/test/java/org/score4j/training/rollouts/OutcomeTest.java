package org.score4j.training.rollouts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.StopRule.Finish;
import org.score4j.training.tasks.Problem;
import org.score4j.training.verifiers.Verdict;

class OutcomeTest {
  private static final int[] PROMPT = {7};

  private static Response response(int id, Finish finish) {
    return new Response(new int[] {9}, new int[] {id}, new float[] {-1}, finish);
  }

  private static Rollout rollout(Verdict... verdicts) {
    return new Rollout(
        new Problem(0, "p", PROMPT, "r"),
        Trajectory.of(
            PROMPT,
            List.of(
                response(1, Finish.STOP), response(1, Finish.LENGTH), response(2, Finish.STOP))),
        List.of(verdicts));
  }

  @Test
  void outcomeOfThreeAttempts_hasTheFiguresOfEach() {
    Outcome outcome = rollout(Verdict.wrong(""), Verdict.wrong(""), Verdict.right("")).outcome();
    assertThat(outcome.numAttempts()).isEqualTo(3);
    assertThat(outcome.score(2)).isEqualTo(1);
    assertThat(outcome.isCorrect(1)).isFalse();
    assertThat(outcome.unchanged(0)).isFalse();
    assertThat(outcome.unchanged(1)).isTrue();
    assertThat(outcome.unchanged(2)).isFalse();
    assertThat(outcome.truncated(1)).isTrue();
    assertThat(outcome.editRatio(2)).isEqualTo(0.5);
  }

  @Test
  void anErrorInAnyAttempt_hasNoOutcome_andIsNoZero() {
    Rollout rollout = rollout(Verdict.right(""), Verdict.failed("crashed"), Verdict.right(""));
    assertThat(rollout.isJudged()).isFalse();
    assertThatThrownBy(rollout::outcome).hasMessageContaining("an error is not a zero");
  }

  @Test
  void verdictsThatAreNotOnePerAttempt_areRefused() {
    assertThatThrownBy(() -> rollout(Verdict.right("")))
        .hasMessageContaining("1 verdicts for 3 attempts");
  }

  @Test
  void anAttempt_isItsLastResponse_whateverWasGivenBetween() {
    Trajectory trajectory =
        new Trajectory(
            List.of(
                Span.given(0, Span.Role.PROMPT, PROMPT),
                Span.sampled(0, new int[] {1}, new float[1]),
                Span.given(0, Span.Role.INSTRUCTION, new int[] {5}),
                Span.sampled(0, new int[] {2, 3}, new float[2])),
            List.of(Finish.STOP));
    assertThat(trajectory.numAttempts()).isEqualTo(1);
    assertThat(trajectory.attempt(0)).containsExactly(2, 3);
    assertThat(trajectory.ids()).containsExactly(7, 1, 5, 2, 3);
    assertThatThrownBy(() -> trajectory.attempt(1)).hasMessageContaining("no attempt 1");
  }

  @Test
  void sampledTokensWithoutLogProbs_areRefused() {
    assertThatThrownBy(() -> new Span(0, Span.Role.RESPONSE, true, new int[2], new float[1], 2))
        .hasMessageContaining("2 sampled tokens of role RESPONSE with 1 log-probs");
    assertThatThrownBy(() -> new Span(0, Span.Role.RESPONSE, false, new int[2], new float[2], 2))
        .hasMessageContaining("given");
  }
}
