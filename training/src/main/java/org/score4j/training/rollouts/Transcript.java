package org.score4j.training.rollouts;

import java.util.ArrayList;
import java.util.List;
import org.score4j.training.tasks.Task;
import org.score4j.training.verifiers.Verdict;

/**
 * A judged conversation as text, for people.
 *
 * @param problem the prompt
 * @param attempts in order
 */
public record Transcript(String problem, List<Attempt> attempts) {
  /** Keeps the list from changing. */
  public Transcript {
    attempts = List.copyOf(attempts);
  }

  /**
   * One attempt.
   *
   * @param text the response
   * @param correct whether the verifier found it right
   * @param reason the verifier's reason, or why it could not judge
   */
  public record Attempt(String text, boolean correct, String reason) {}

  /** The transcript of a conversation about {@code task}. */
  public static Transcript of(Task task, Rollout rollout) {
    List<Attempt> attempts = new ArrayList<>();
    for (int t = 0; t < rollout.numAttempts(); t++) {
      Verdict verdict = rollout.verdicts().get(t);
      attempts.add(
          new Attempt(
              task.text(rollout.trajectory().attempt(t)),
              !verdict.isError() && verdict.isCorrect(),
              verdict.isError() ? "not judged: " + verdict.error() : verdict.reason()));
    }
    return new Transcript(task.promptText(rollout.trajectory().prompt()), attempts);
  }
}
