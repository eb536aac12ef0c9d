package org.score4j.training.rollouts;

import java.util.ArrayList;
import java.util.List;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;
import org.score4j.training.tasks.TaskJudge;
import org.score4j.training.verifiers.Verdict;

/**
 * Scores by a task's verifier: each attempt by its text alone, on virtual threads, under the
 * verifier's time limit.
 */
public final class VerifierRewards implements RewardSource {
  private final TaskJudge judge;

  /** The verifier of {@code task}. */
  public VerifierRewards(Task task) {
    this.judge = new TaskJudge(task);
  }

  @Override
  public List<Rollout> score(List<Problem> problems, List<Trajectory> trajectories) {
    int attempts = trajectories.isEmpty() ? 0 : trajectories.getFirst().numAttempts();
    List<List<Verdict>> byAttempt = new ArrayList<>();
    for (int t = 0; t < attempts; t++) {
      int attempt = t;
      byAttempt.add(
          judge.judge(problems, trajectories.stream().map(each -> each.attempt(attempt)).toList()));
    }
    List<Rollout> rollouts = new ArrayList<>(trajectories.size());
    for (int i = 0; i < trajectories.size(); i++) {
      int index = i;
      List<Verdict> verdicts = byAttempt.stream().map(each -> each.get(index)).toList();
      rollouts.add(new Rollout(problems.get(i), trajectories.get(i), verdicts));
    }
    return rollouts;
  }
}
