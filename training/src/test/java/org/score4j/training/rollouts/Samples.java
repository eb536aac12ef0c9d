package org.score4j.training.rollouts;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.StopRule.Finish;
import org.score4j.training.tasks.Problem;
import org.score4j.training.verifiers.Verdict;

/** Conversations of two attempts for tests of what is shown of them. */
public final class Samples {
  private Samples() {}

  /** As text. */
  public static Transcript transcript(
      String problem,
      String first,
      String second,
      String firstReason,
      String secondReason,
      boolean firstCorrect,
      boolean secondCorrect) {
    return new Transcript(
        problem,
        List.of(
            new Transcript.Attempt(first, firstCorrect, firstReason),
            new Transcript.Attempt(second, secondCorrect, secondReason)));
  }

  /** As verdicts and ids. */
  public static Outcome outcome(boolean right1, boolean right2, int[] first, int[] second) {
    return new Outcome(
        new double[] {right1 ? 1 : 0, right2 ? 1 : 0}, new boolean[2], new int[][] {first, second});
  }

  /** A judged conversation of one-token attempts. */
  public static Rollout rollout(Verdict... verdicts) {
    List<Response> responses = new ArrayList<>();
    for (int t = 0; t < verdicts.length; t++) {
      responses.add(new Response(new int[0], new int[] {t}, new float[1], Finish.STOP));
    }
    return new Rollout(
        new Problem(0, "", new int[] {1}, ""),
        Trajectory.of(new int[] {1}, responses),
        List.of(verdicts));
  }

  /** Judged conversations of two attempts, from the verdicts of the first and of the second. */
  public static List<Rollout> rollouts(List<Verdict> first, List<Verdict> second) {
    return IntStream.range(0, first.size())
        .mapToObj(i -> rollout(first.get(i), second.get(i)))
        .toList();
  }
}
