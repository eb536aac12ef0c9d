package org.score4j.training.evaluation;

import java.util.ArrayList;
import java.util.List;
import org.score4j.core.model.Parameters;
import org.score4j.training.rollouts.RolloutWorker;
import org.score4j.training.rollouts.Trajectory;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;
import org.score4j.training.verifiers.Verdict;

/**
 * Two attempts at every problem, judged by the task's verifier alone: 0/1 accuracy, apart from any
 * shaped reward.
 */
public final class Evaluator {
  private final Task task;
  private final RolloutWorker rollouts;

  /** An evaluation of models of {@code task}. */
  public Evaluator(Task task, RolloutWorker rollouts) {
    this.task = task;
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
    List<Verdict> first = new ArrayList<>();
    List<Verdict> second = new ArrayList<>();
    List<JudgedPair> pairs = new ArrayList<>();
    int errors = 0;
    for (int i = 0; i < problems.size(); i++) {
      Trajectory trajectory = trajectories.get(i);
      Verdict one = verify(problems.get(i), trajectory.response(0));
      Verdict two = verify(problems.get(i), trajectory.response(1));
      first.add(one);
      second.add(two);
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

  private Verdict verify(Problem problem, int[] response) {
    return task.verifier().verify(problem.reference(), task.tokenizer().decode(response));
  }
}
