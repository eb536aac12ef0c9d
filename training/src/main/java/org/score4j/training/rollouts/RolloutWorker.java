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
 * Samples conversations of any number of attempts. Which tokens are drawn is a function of weights,
 * key, prompt slot, sample and attempt alone.
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
   * @param attempts at each problem, at least 1
   * @param temperature 0 for greedy decoding
   * @param key Philox key, a function of run seed, phase and step
   * @return (problems · K), the samples of a problem side by side
   */
  public List<Trajectory> sample(
      Parameters weights,
      List<Problem> problems,
      int samplesPerPrompt,
      int attempts,
      double temperature,
      long key) {
    List<GenerationRequest> requests = new ArrayList<>(problems.size());
    for (int p = 0; p < problems.size(); p++) {
      int slot = p;
      int[] prompt = problems.get(p).promptIds();
      int length =
          prompt.length
              + attempts * task.stopRule().maxNewTokens()
              + (attempts - 1) * task.correctionIds().length;
      requests.add(
          new GenerationRequest(
              prompt,
              samplesPerPrompt,
              length,
              (sample, soFar) -> {
                int attempt = soFar.size();
                if (attempt == attempts) {
                  return null;
                }
                long attemptKey = Philox.derive(key, slot, sample, attempt, 0);
                if (attempt == 0) {
                  return new Turn(new int[0], task.stopRule(), attemptKey);
                }
                int[] response = soFar.getLast().ids();
                boolean replacesLast = task.keptIds(response) < response.length;
                return new Turn(
                    task.correctionIds(response), replacesLast, task.stopRule(), attemptKey);
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
