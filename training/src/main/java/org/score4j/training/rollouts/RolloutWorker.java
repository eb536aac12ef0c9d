package org.score4j.training.rollouts;

import java.util.ArrayList;
import java.util.List;
import org.score4j.core.generation.GenerationRequest;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.GenerationRequest.Turn;
import org.score4j.core.generation.Generator;
import org.score4j.core.generation.PathComparison;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Philox;
import org.score4j.training.tasks.Problem;
import org.score4j.training.tasks.Task;

/**
 * Samples conversations of one or two turns. Which tokens are drawn is a function of weights, key,
 * prompt slot, sample and turn alone.
 */
public final class RolloutWorker {
  private final Generator generator;
  private final Task task;

  /** Conversations about {@code task}. */
  public RolloutWorker(Generator generator, Task task) {
    this.generator = generator;
    this.task = task;
  }

  /**
   * Samples K conversations per problem.
   *
   * @param turns 1 or 2
   * @param temperature 0 for greedy decoding
   * @param key Philox key, a function of run seed, phase and step
   * @return (problems · K), the samples of a problem side by side
   */
  public List<Trajectory> sample(
      Parameters weights,
      List<Problem> problems,
      int samplesPerPrompt,
      int turns,
      double temperature,
      long key) {
    List<GenerationRequest> requests = new ArrayList<>(problems.size());
    for (int p = 0; p < problems.size(); p++) {
      int slot = p;
      int[] prompt = problems.get(p).promptIds();
      int length =
          prompt.length
              + turns * task.stopRule().maxNewTokens()
              + (turns - 1) * task.correctionIds().length;
      requests.add(
          new GenerationRequest(
              prompt,
              samplesPerPrompt,
              length,
              (sample, soFar) -> {
                int turn = soFar.size();
                if (turn == turns) {
                  return null;
                }
                long turnKey = Philox.derive(key, slot, sample, turn, 0);
                if (turn == 0) {
                  return new Turn(new int[0], task.stopRule(), turnKey);
                }
                int[] response = soFar.getLast().ids();
                boolean replacesLast = task.keptIds(response) < response.length;
                return new Turn(
                    task.correctionIds(response), replacesLast, task.stopRule(), turnKey);
              }));
    }
    List<List<List<Response>>> responses = generator.run(weights, requests, temperature);
    List<Trajectory> trajectories = new ArrayList<>(problems.size() * samplesPerPrompt);
    for (int p = 0; p < problems.size(); p++) {
      for (List<Response> conversation : responses.get(p)) {
        trajectories.add(Trajectory.of(problems.get(p).promptIds(), conversation));
      }
    }
    return trajectories;
  }

  /** Compares sampling with learning on one conversation, layer by layer. */
  public PathComparison compare(Parameters weights, Trajectory trajectory) {
    return generator.compare(weights, trajectory.ids());
  }

  /** Tokens drawn so far. */
  public long sampledTokens() {
    return generator.sampledTokens();
  }
}
