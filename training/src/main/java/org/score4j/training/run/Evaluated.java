package org.score4j.training.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.evaluation.Estimate;
import org.score4j.training.evaluation.Evaluator;
import org.score4j.training.evaluation.Intervals;
import org.score4j.training.rollouts.Span;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;
import org.score4j.training.verifiers.Verdict;

/**
 * An evaluation with everything that was said in it.
 *
 * @param metrics over the problems that could be judged
 * @param truncated conversations of which an attempt hit its length limit, % of all
 * @param transcripts one per problem, see {@link #of}
 */
public record Evaluated(
    AttemptMetrics metrics, Estimate truncated, List<Map<String, @Nullable Object>> transcripts) {
  /** Copies the list. */
  public Evaluated {
    transcripts = List.copyOf(transcripts);
  }

  static Evaluated of(Task task, List<Problem> problems, Evaluator.Evaluation evaluation) {
    List<Map<String, @Nullable Object>> transcripts = new ArrayList<>();
    int truncated = 0;
    for (int i = 0; i < problems.size(); i++) {
      Problem problem = problems.get(i);
      Trajectory trajectory = evaluation.trajectories().get(i);
      truncated += trajectory.truncated() ? 1 : 0;
      Map<String, @Nullable Object> line = new LinkedHashMap<>();
      line.put("problem", problem.index());
      line.put("prompt", problem.prompt());
      line.put("reference", problem.reference());
      line.put("truncated", trajectory.truncated());
      List<Map<String, @Nullable Object>> attempts = new ArrayList<>();
      for (int turn = 0; turn < trajectory.numTurns(); turn++) {
        Verdict verdict = (turn == 0 ? evaluation.first() : evaluation.second()).get(i);
        attempts.add(attempt(task.text(trajectory.response(turn)), verdict));
      }
      line.put("attempts", attempts);
      // The whole conversation as ids: what was given and what was drawn.
      List<Map<String, Object>> spans = new ArrayList<>();
      for (Span span : trajectory.spans()) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("role", span.role().name().toLowerCase(Locale.ROOT));
        entry.put("ids", span.ids());
        if (span.kept() < span.ids().length) {
          // An end of text was drawn that what follows does not go on from.
          entry.put("kept", span.kept());
        }
        spans.add(entry);
      }
      line.put("spans", spans);
      transcripts.add(line);
    }
    return new Evaluated(
        evaluation.metrics(), Intervals.percent(truncated, problems.size()), transcripts);
  }

  private static Map<String, @Nullable Object> attempt(String text, Verdict verdict) {
    Map<String, @Nullable Object> attempt = new LinkedHashMap<>();
    attempt.put("text", text);
    attempt.put("correct", verdict.isError() ? null : verdict.isCorrect());
    attempt.put("reason", verdict.reason());
    attempt.put("error", verdict.error());
    return attempt;
  }
}
