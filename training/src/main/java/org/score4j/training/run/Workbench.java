package org.score4j.training.run;

import org.score4j.core.generation.Generator;
import org.score4j.core.generation.KvCache;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.training.config.GenerationConfig;
import org.score4j.training.config.RunConfig;
import org.score4j.training.rollouts.RolloutWorker;
import org.score4j.training.tasks.Task;

/**
 * Everything a device holds for one model shape besides weights: rotary tables, KV cache,
 * activations. Allocated once; sampling and learning take turns in the same activation arena. Owns
 * it all.
 */
final class Workbench implements AutoCloseable {
  private final Owned owned = new Owned();
  private final Transformer model;
  private final KvCache cache;
  private final DeviceArena activations;
  private final RolloutWorker rollouts;

  /**
   * Allocates for the largest pass.
   *
   * @param weights of the model, for their shapes
   * @param recompute what training passes compute again
   * @param attempts most attempts of a conversation
   * @param trainingTokens most tokens of a training pass; 0 where nothing is trained
   */
  Workbench(
      Ops ops,
      Parameters weights,
      Recompute recompute,
      GenerationConfig generation,
      Task task,
      int attempts,
      int trainingTokens) {
    ModelConfig config = weights.config();
    int pagesEach = KvCache.pagesFor(task.maxSequenceTokens(attempts));
    // A conversation and, at worst, a prompt of its own.
    int pages =
        generation.kvPages() > 0 ? generation.kvPages() : generation.maxSequences() * 2 * pagesEach;
    int rows = Math.max(generation.maxRows(), generation.maxSequences());
    int tokens = Math.max(rows, trainingTokens);
    // Samples of a prompt all read its last row, so there can be more predictions than tokens, but
    // not twice as many.
    long training =
        trainingTokens == 0
            ? 0
            : HeadPass.activationBytes(config, trainingTokens, 2 * trainingTokens, recompute, ops);
    long sampling = Generator.activationBytes(config, rows, rows, ops);
    long bytes =
        Math.max(training, sampling)
            + weights.lora().map(l -> l.temporaryBytes(config, tokens, ops)).orElse(0L);
    try {
      model = owned.add(new Transformer(ops, config, recompute));
      model.reserveFor(weights, tokens);
      cache = owned.add(new KvCache(ops, config, pages));
      activations = owned.add(ops.newArena("activations", bytes));
      rollouts =
          new RolloutWorker(
              new Generator(
                  model,
                  cache,
                  activations,
                  generation.maxRows(),
                  generation.maxSequences(),
                  generation.graphs()),
              task);
    } catch (RuntimeException | Error e) {
      owned.abandon(e);
      throw e;
    }
  }

  /** Most tokens of a training pass of any phase. */
  static int trainingTokens(RunConfig config, Task task) {
    int longest = task.maxSequenceTokens(config.attempts());
    return config.phasesWithSteps().stream()
        .mapToInt(phase -> phase.settings().trainingTokens(longest))
        .max()
        .orElse(0);
  }

  /** Forward and backward under softmax(z / temperature). */
  HeadPass headPass(double temperature) {
    return new HeadPass(model, activations, 1 / temperature);
  }

  RolloutWorker rollouts() {
    return rollouts;
  }

  @Override
  public void close() {
    owned.close();
  }
}
