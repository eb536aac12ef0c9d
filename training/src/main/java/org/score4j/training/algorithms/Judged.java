package org.score4j.training.algorithms;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.run.AttemptPair;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;
import org.score4j.training.tasks.TaskJudge;
import org.score4j.training.verifiers.Verdict;

/**
 * Conversations with their verdicts, (prompts · K).
 *
 * @param first of the first attempts
 * @param second of the second attempts; those of the first again where there is only one turn
 * @param unchanged whether the second attempt repeats the first
 * @param truncatedShare share of conversations that hit a length limit
 */
record Judged(
    List<Verdict> first, List<Verdict> second, boolean[] unchanged, double truncatedShare) {

  static Judged of(
      Task task, List<Problem> problems, List<Trajectory> trajectories, int samplesPerPrompt) {
    List<Problem> posed = new ArrayList<>();
    List<int[]> one = new ArrayList<>();
    List<int[]> two = new ArrayList<>();
    boolean[] unchanged = new boolean[trajectories.size()];
    int truncated = 0;
    for (int i = 0; i < trajectories.size(); i++) {
      Trajectory trajectory = trajectories.get(i);
      posed.add(problems.get(i / samplesPerPrompt));
      one.add(trajectory.response(0));
      if (trajectory.numTurns() > 1) {
        two.add(trajectory.response(1));
        unchanged[i] = Arrays.equals(trajectory.response(0), trajectory.response(1));
      }
      truncated += trajectory.truncated() ? 1 : 0;
    }
    TaskJudge judge = new TaskJudge(task);
    List<Verdict> first = judge.judge(posed, one);
    List<Verdict> second = two.isEmpty() ? first : judge.judge(posed, two);
    return new Judged(first, second, unchanged, (double) truncated / trajectories.size());
  }

  /**
   * Mean scores, rate of unchanged second attempts, errors, truncation: over the judged
   * conversations of the step.
   */
  void report(Map<String, Double> metrics, int turns) {
    double score1 = mean(first);
    double score2 = turns == 1 ? Double.NaN : mean(second);
    metrics.put("reward_t1", score1);
    metrics.put("reward_t2", score2);
    metrics.put("delta", score2 - score1);
    int same = 0;
    int errors = 0;
    for (int i = 0; i < first.size(); i++) {
      same += unchanged[i] ? 1 : 0;
      errors += first.get(i).isError() || second.get(i).isError() ? 1 : 0;
    }
    metrics.put("unchanged", turns == 1 ? Double.NaN : (double) same / first.size());
    metrics.put("truncated", truncatedShare);
    metrics.put("verifier_errors", (double) errors);
  }

  /**
   * Mean verifier score over the attempts of a conversation: the training reward of equation 1,
   * unshaped.
   */
  double meanScore(int turns) {
    return turns == 1 ? mean(first) : mean(first) + mean(second);
  }

  private static double mean(List<Verdict> verdicts) {
    double sum = 0;
    int judged = 0;
    for (Verdict verdict : verdicts) {
      if (!verdict.isError()) {
        sum += verdict.score();
        judged++;
      }
    }
    return judged == 0 ? Double.NaN : sum / judged;
  }

  /** The first sample of the first {@code limit} prompts, as text. */
  List<AttemptPair> pairs(
      Task task,
      List<Problem> problems,
      List<Trajectory> trajectories,
      int samplesPerPrompt,
      int limit) {
    List<AttemptPair> pairs = new ArrayList<>();
    for (int p = 0; p < Math.min(limit, problems.size()); p++) {
      int i = p * samplesPerPrompt;
      Trajectory trajectory = trajectories.get(i);
      boolean two = trajectory.numTurns() > 1;
      pairs.add(
          new AttemptPair(
              task.promptText(trajectory.prompt()),
              task.text(trajectory.response(0)),
              two ? task.text(trajectory.response(1)) : "",
              text(first.get(i)),
              two ? text(second.get(i)) : "",
              right(first.get(i)),
              two && right(second.get(i))));
    }
    return pairs;
  }

  private static String text(Verdict verdict) {
    return verdict.isError() ? "not judged: " + verdict.error() : verdict.reason();
  }

  private static boolean right(Verdict verdict) {
    return !verdict.isError() && verdict.isCorrect();
  }
}
