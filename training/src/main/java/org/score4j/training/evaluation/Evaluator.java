package org.score4j.training.evaluation;

import java.util.ArrayList;
import java.util.List;
import org.score4j.core.model.Parameters;
import org.score4j.training.rollouts.RolloutWorker;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;
import org.score4j.training.tasks.TaskJudge;
import org.score4j.training.verifiers.Verdict;

/**
 * Two attempts at every problem, judged by the task's verifier alone: 0/1 accuracy, apart from any
 * shaped reward.
 */
public final class Evaluator {
  private final TaskJudge judge;
  private final RolloutWorker rollouts;

  /** An evaluation of models of {@code task}. */
  public Evaluator(Task task, RolloutWorker rollouts) {
    this.judge = new TaskJudge(task);
    this.rollouts = rollouts;
  }

  /**
   * One evaluation.
   *
   * @param metrics over the problems that could be judged
   * @param trajectories one per problem
   * @param first verdicts of the first attempts
   * @param second verdicts of the second attempts
   */
  public record Evaluation(
      AttemptMetrics metrics,
      List<Trajectory> trajectories,
      List<Verdict> first,
      List<Verdict> second) {}

  /**
   * Evaluates {@code weights}.
   *
   * @param temperature 0 for greedy decoding
   * @param key Philox key, unused by greedy decoding
   */
  public Evaluation evaluate(
      Parameters weights, List<Problem> problems, double temperature, long key) {
    List<Trajectory> trajectories = rollouts.sample(weights, problems, 1, 2, temperature, key);
    List<Verdict> first = judge.judge(problems, responses(trajectories, 0));
    List<Verdict> second = judge.judge(problems, responses(trajectories, 1));
    List<JudgedPair> pairs = new ArrayList<>();
    int errors = 0;
    for (int i = 0; i < problems.size(); i++) {
      Trajectory trajectory = trajectories.get(i);
      Verdict one = first.get(i);
      Verdict two = second.get(i);
      if (one.isError() || two.isError()) {
        errors++;
      } else {
        pairs.add(
            new JudgedPair(
                one.isCorrect(), two.isCorrect(), trajectory.response(0), trajectory.response(1)));
      }
    }
    return new Evaluation(AttemptMetrics.of(pairs, errors), trajectories, first, second);
  }

  private static List<int[]> responses(List<Trajectory> trajectories, int turn) {
    return trajectories.stream().map(trajectory -> trajectory.response(turn)).toList();
  }
}
