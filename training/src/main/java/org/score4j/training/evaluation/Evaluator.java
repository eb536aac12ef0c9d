package org.score4j.training.evaluation;

import java.util.List;
import org.score4j.core.model.Parameters;
import org.score4j.training.rollouts.Outcome;
import org.score4j.training.rollouts.RewardSource;
import org.score4j.training.rollouts.Rollout;
import org.score4j.training.rollouts.RolloutWorker;
import org.score4j.training.rollouts.VerifierRewards;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;

/**
 * Several attempts at every problem, judged by the task's verifier alone: 0/1 accuracy, apart from
 * any shaped reward.
 */
public final class Evaluator {
  private final RewardSource verifier;
  private final RolloutWorker worker;
  private final int attempts;

  /**
   * An evaluation of models of {@code task}.
   *
   * @param attempts at each problem, at least 1
   */
  public Evaluator(Task task, RolloutWorker worker, int attempts) {
    this.verifier = new VerifierRewards(task);
    this.worker = worker;
    this.attempts = attempts;
  }

  /**
   * One evaluation.
   *
   * @param metrics over the problems that could be judged
   * @param rollouts one per problem
   */
  public record Evaluation(AttemptMetrics metrics, List<Rollout> rollouts) {}

  /**
   * Evaluates {@code weights}.
   *
   * @param temperature 0 for greedy decoding
   * @param key Philox key, unused by greedy decoding
   */
  public Evaluation evaluate(
      Parameters weights, List<Problem> problems, double temperature, long key) {
    List<Rollout> rollouts =
        verifier.score(problems, worker.sample(weights, problems, 1, attempts, temperature, key));
    List<Outcome> judged =
        rollouts.stream().filter(Rollout::isJudged).map(Rollout::outcome).toList();
    return new Evaluation(AttemptMetrics.of(judged, rollouts.size() - judged.size()), rollouts);
  }
}
