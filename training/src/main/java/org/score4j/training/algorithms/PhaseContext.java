package org.score4j.training.algorithms;

import java.nio.file.Path;
import java.util.function.DoubleFunction;
import org.score4j.training.rollouts.RandomStream;
import org.score4j.training.rollouts.RolloutWorker;
import org.score4j.training.tasks.Task;

/**
 * What an algorithm gets of the run.
 *
 * @param phase its name in logs and errors
 * @param index of the phase in the run, from 0
 * @param seed of the run
 * @param task that is learnt
 * @param worker samples conversations
 * @param learnerAt the policy under softmax(z / temperature), by temperature
 * @param maxLogProbDifference by which sampling and learning may disagree about a token, in nats
 * @param dataFolder where phases keep what they make besides models, a folder each; see {@link
 *     #dataFolderOf}
 */
public record PhaseContext(
    String phase,
    int index,
    long seed,
    Task task,
    RolloutWorker worker,
    DoubleFunction<Learner> learnerAt,
    double maxLogProbDifference,
    Path dataFolder) {
  /** The Philox key of a use of randomness in this phase. */
  public long key(RandomStream stream) {
    return stream.key(seed, index, 0);
  }

  /**
   * Where a phase keeps what it makes besides its model, for itself and for later phases. It may
   * not exist yet. Files must be written whole (to another name, then moved) and be a function of
   * what the phase started from, as a step that was interrupted is done again.
   */
  public Path dataFolderOf(String ofPhase) {
    return dataFolder.resolve(ofPhase);
  }
}
