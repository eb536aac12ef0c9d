package org.score4j.tests.training;

import java.util.ArrayList;
import java.util.List;
import org.score4j.core.generation.Generator;
import org.score4j.core.generation.KvCache;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.Initializer;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.core.model.Transformer;
import org.score4j.core.optim.AdamW;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Tensor;
import org.score4j.training.algorithms.GradientShards;
import org.score4j.training.algorithms.Learner;
import org.score4j.training.algorithms.OptimizerConfig;
import org.score4j.training.algorithms.Score;
import org.score4j.training.algorithms.ScoreConfig;
import org.score4j.training.rollouts.RolloutWorker;
import org.score4j.training.tasks.Task;

/**
 * A model of about 160 parameters on the reference backend, with everything a stage needs. Owns it
 * all.
 */
final class TinyLearner implements AutoCloseable {
  static final ModelConfig MODEL =
      new ModelConfig(3, 4, 1, 2, 1, 2, 6, 8, 1e-5, 10000, null, false, false, false);

  private final Backend backend;
  final Ops ops;
  final Task task;
  private final Transformer model;
  private final DeviceArena arena;
  private final KvCache cache;
  final Parameters weights;
  final Parameters reference;
  final Parameters gradients;
  final HeadPass headPass;

  /** A policy and a reference that differ when {@code apart}. */
  TinyLearner(Task task, boolean apart) {
    this(task, apart, Backends.open("reference", 1));
  }

  /** On a backend of its own, closed with it. */
  TinyLearner(Task task, boolean apart, Backend backend) {
    this.task = task;
    this.backend = backend;
    ops = new Ops(backend);
    model = new Transformer(ops, MODEL);
    arena =
        ops.newArena(
            "activations", HeadPass.activationBytes(MODEL, 256, 512, Recompute.NONE, ops) + 65536);
    cache = new KvCache(ops, MODEL, 64);
    weights = new Parameters(ops, "weights", MODEL);
    reference = new Parameters(ops, "reference", MODEL);
    gradients = Parameters.forGradients(ops, MODEL);
    headPass = new HeadPass(model, arena, 1);
    new Initializer(0.7, 0.9).initialize(ops, weights, 11);
    new Initializer(0.7, 0.9).initialize(ops, reference, apart ? 12 : 11);
  }

  RolloutWorker rollouts() {
    return new RolloutWorker(new Generator(model, cache, arena, 64, 16), task);
  }

  AdamW optimizer(ScoreConfig stage) {
    return new AdamW(ops, weights, null, stage.optimizer().settings());
  }

  Score score(ScoreConfig stage, AdamW optimizer) {
    Learner learner =
        new Learner(
            ops,
            weights,
            gradients,
            GradientShards.single(ops, gradients),
            optimizer,
            reference,
            headPass);
    return new Score("test", stage, learner, task, rollouts(), 20261122, 1e-9);
  }

  /**
   * A stage whose learning rate is far below the last bit of any weight: the policy stays what it
   * is.
   */
  static ScoreConfig frozen(
      int steps,
      String shaping,
      int turns,
      double alpha,
      double beta1,
      double beta2,
      String estimator,
      String placement) {
    OptimizerConfig still = new OptimizerConfig(1e-300, "constant", 0, 1, 0.9, 0.95, 1e-8, 0, 1e9);
    ScoreConfig.SignalConfig signal = new ScoreConfig.SignalConfig(1, 1, 1, 1);
    return new ScoreConfig(
        steps, 2, 3, turns, shaping, alpha, 2, 1, beta1, beta2, estimator, placement, 1, 256, still,
        signal);
  }

  /** All values of a set, one after the other. */
  double[] flat(Parameters parameters) {
    List<double[]> parts = new ArrayList<>();
    int size = 0;
    for (Tensor tensor : parameters.named().values()) {
      double[] part = ops.downloadDoubles(tensor);
      parts.add(part);
      size += part.length;
    }
    double[] all = new double[size];
    int at = 0;
    for (double[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  @Override
  public void close() {
    gradients.close();
    reference.close();
    weights.close();
    cache.close();
    arena.close();
    model.close();
    backend.close();
  }
}
