package org.score4j.training.tasks;

import java.util.ArrayList;
import java.util.List;
import org.score4j.training.verifiers.BoundedJudge;
import org.score4j.training.verifiers.Verdict;

/** Verdicts of a task's verifier on responses in token ids, in training as in evaluation. */
public final class TaskJudge {
  private final Task task;
  private final BoundedJudge judge;

  /** A judge of responses to problems of the task. */
  public TaskJudge(Task task) {
    this.task = task;
    this.judge = BoundedJudge.of(task.verifier());
  }

  /** One verdict for each problem and the response of the same index. */
  public List<Verdict> judge(List<Problem> problems, List<int[]> responses) {
    if (problems.size() != responses.size()) {
      throw new IllegalArgumentException(
          "verdicts: %d problems and %d responses; one of each belong together"
              .formatted(problems.size(), responses.size()));
    }
    List<BoundedJudge.Response> texts = new ArrayList<>(responses.size());
    for (int i = 0; i < responses.size(); i++) {
      texts.add(
          new BoundedJudge.Response(problems.get(i).reference(), task.text(responses.get(i))));
    }
    return judge.judge(texts);
  }
}
