package org.score4j.training.evaluation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.training.rollouts.Rollout;
import org.score4j.training.rollouts.Span;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;
import org.score4j.training.verifiers.Verdict;

/**
 * An evaluation with everything that was said in it.
 *
 * @param metrics over the problems that could be judged
 * @param transcripts one per problem, see {@link #of}
 */
public record EvaluationReport(
    AttemptMetrics metrics, List<Map<String, @Nullable Object>> transcripts) {
  /** Copies the list. */
  public EvaluationReport {
    transcripts = List.copyOf(transcripts);
  }

  /**
   * The report of an evaluation of {@code task}: per problem its index, prompt and reference, every
   * attempt's text, verdict and how it ended, and the whole conversation as ids.
   */
  public static EvaluationReport of(Task task, Evaluator.Evaluation evaluation) {
    return new EvaluationReport(
        evaluation.metrics(),
        evaluation.rollouts().stream().map(rollout -> transcript(task, rollout)).toList());
  }

  private static Map<String, @Nullable Object> transcript(Task task, Rollout rollout) {
    Problem problem = rollout.problem();
    Trajectory trajectory = rollout.trajectory();
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put("problem", problem.index());
    line.put("prompt", problem.prompt());
    line.put("reference", problem.reference());
    line.put("truncated", trajectory.truncated());
    List<Map<String, @Nullable Object>> attempts = new ArrayList<>();
    for (int t = 0; t < rollout.numAttempts(); t++) {
      Verdict verdict = rollout.verdicts().get(t);
      Map<String, @Nullable Object> attempt = new LinkedHashMap<>();
      attempt.put("text", task.text(trajectory.attempt(t)));
      attempt.put("correct", verdict.isError() ? null : verdict.isCorrect());
      attempt.put("reason", verdict.reason());
      attempt.put("error", verdict.error());
      attempt.put("ended", trajectory.finishes().get(t).name().toLowerCase(Locale.ROOT));
      attempts.add(attempt);
    }
    line.put("attempts", attempts);
    List<Map<String, Object>> spans = new ArrayList<>();
    for (Span span : trajectory.spans()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("role", span.role().name().toLowerCase(Locale.ROOT));
      entry.put("sampled", span.sampled());
      entry.put("ids", span.ids());
      if (span.kept() < span.ids().length) {
        // An end of text was drawn that what follows does not go on from.
        entry.put("kept", span.kept());
      }
      spans.add(entry);
    }
    line.put("spans", spans);
    return line;
  }
}
