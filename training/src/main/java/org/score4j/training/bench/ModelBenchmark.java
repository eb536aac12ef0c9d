package org.score4j.training.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.score4j.core.generation.GenerationRequest;
import org.score4j.core.generation.Generator;
import org.score4j.core.generation.KvCache;
import org.score4j.core.generation.StopRule;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.Initializer;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.core.model.Transformer;
import org.score4j.core.optim.AdamW;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.FrozenWeights;
import org.score4j.kernels.Ops;

/**
 * A model with random weights: whole training steps (forward, backward, gradient norm, AdamW, all
 * tokens predicted) and sampling at temperature 1 through the KV cache.
 */
public final class ModelBenchmark implements AutoCloseable {
  private static final AdamW.Settings ADAM = new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, 1);
  private static final double LEARNING_RATE = 1e-4;
  private static final long SEED = 1;

  private final Ops ops;
  private final BenchShape shape;
  private final int microBatch;
  private final Transformer model;
  private final Parameters weights;

  /**
   * Makes the weights.
   *
   * @param microBatch sequences of a pass, which bounds the memory of activations
   * @param recompute what training computes again instead of keeping it
   * @param matrices type of the matrices of the model sampled from, see {@link
   *     org.score4j.kernels.Backend#weightTypes}; only the float type can be trained
   */
  public ModelBenchmark(
      Ops ops, BenchShape shape, int microBatch, Recompute recompute, DType matrices) {
    this.ops = ops;
    this.shape = shape;
    this.microBatch = Math.min(microBatch, shape.trainSequences());
    model = new Transformer(ops, shape.model(), recompute);
    Parameters made = new Parameters(ops, "weights", shape.model());
    new Initializer(0.02, 0.02).initialize(ops, made, SEED);
    if (matrices == ops.floatType()) {
      weights = made;
    } else {
      try (made) {
        weights = Parameters.frozen(ops, "frozen weights", shape.model(), matrices);
        weights.copyFrom(ops, made);
      }
    }
  }

  /** Training steps; the rate is tokens per second. */
  public BenchRow train(double warmUpSeconds, int reps) {
    ModelConfig config = shape.model();
    int passTokens = microBatch * shape.trainLength();
    List<PackedBatch> passes = new ArrayList<>();
    for (int first = 0; first < shape.trainSequences(); first += microBatch) {
      passes.add(batch(Math.min(microBatch, shape.trainSequences() - first)));
    }
    long bytes = HeadPass.activationBytes(config, passTokens, passTokens, model.recompute(), ops);
    try (Parameters master = Parameters.masterOf(ops, weights).orElse(null);
        Parameters gradients = Parameters.forGradients(ops, config);
        AdamW optimizer = new AdamW(ops, weights, master, ADAM);
        DeviceArena arena = ops.newArena("activations", bytes)) {
      HeadPass pass = new HeadPass(model, arena, 1);
      Timing timing =
          Timing.of(
              ops.backend(),
              warmUpSeconds,
              reps,
              () -> {
                gradients.clear(ops);
                for (PackedBatch batch : passes) {
                  float[] each = new float[batch.numPredictions()];
                  Arrays.fill(each, 1f / shape.trainTokens());
                  pass.accumulate(
                      gradients, weights, null, batch, new HeadPass.Coefficients(each, null));
                }
                double norm = optimizer.gradientNorm(gradients);
                optimizer.step(weights, gradients, norm, LEARNING_RATE);
              });
      String sizes = "%d x %d tokens".formatted(shape.trainSequences(), shape.trainLength());
      return BenchRow.of("train", sizes, timing, shape.trainTokens(), "tokens/s")
          .withFlops(shape.trainTokens() * flopsPerTrainedToken());
    }
  }

  /**
   * Sampling for {@code sequences} prompts at once, from weights that stay as they are between the
   * runs, as in a chat; the rate is tokens drawn per second.
   */
  public BenchRow decode(int sequences, double warmUpSeconds, int reps) {
    int longest = shape.promptLength() + shape.newTokens();
    int maxRows = Math.max(sequences, Math.min(2_048, sequences * shape.promptLength()));
    long bytes = Generator.activationBytes(shape.model(), maxRows, sequences, ops);
    SplittableRandom random = new SplittableRandom(SEED);
    List<GenerationRequest> requests = new ArrayList<>();
    StopRule stop = StopRule.fixedLength(shape.newTokens());
    for (int s = 0; s < sequences; s++) {
      long key = random.nextLong();
      requests.add(
          new GenerationRequest(
              ids(random, shape.promptLength()),
              1,
              longest,
              (sample, soFar) ->
                  soFar.isEmpty() ? new GenerationRequest.Turn(new int[0], stop, key) : null));
    }
    // A prompt has pages of its own until its last reader takes them over.
    int pages = sequences * (KvCache.pagesFor(longest) + KvCache.pagesFor(shape.promptLength()));
    try (KvCache cache = new KvCache(ops, shape.model(), pages);
        DeviceArena arena = ops.newArena("activations", bytes);
        FrozenWeights _ = ops.backend().freeze(weights.tensors())) {
      Generator generator = new Generator(model, cache, arena, maxRows, sequences);
      Timing timing =
          Timing.of(ops.backend(), warmUpSeconds, reps, () -> generator.run(weights, requests, 1));
      String sizes =
          "batch %d, %d + %d tokens".formatted(sequences, shape.promptLength(), shape.newTokens());
      return BenchRow.of(
              "decode", sizes, timing, (double) sequences * shape.newTokens(), "tokens/s")
          .withBytes(
              shape.newTokens()
                  * (matrixElements() * weights.lmHead().dtype().byteSize()
                      + cachedElements(sequences) * ops.floatType().byteSize()));
    }
  }

  /**
   * Two operations for each weight of a product and three passes, and attention's scores and values
   * over half the positions on average: Chowdhery et al., arXiv 2204.02311, appendix B.
   */
  private double flopsPerTrainedToken() {
    ModelConfig config = shape.model();
    double attention =
        12.0 * config.numLayers() * config.heads().queryWidth() * shape.trainLength() / 2;
    return 6.0 * matrixElements() + attention;
  }

  /** Weights of products, the head included, the embedding not. */
  private double matrixElements() {
    ModelConfig config = shape.model();
    double d = config.hiddenSize();
    double layer =
        d * config.heads().qkvWidth()
            + d * config.heads().queryWidth()
            + 3 * d * config.intermediateSize();
    return config.numLayers() * layer + d * config.vocabSize();
  }

  /** Keys and values that a decoding pass reads, halfway through the response. */
  private double cachedElements(int sequences) {
    ModelConfig config = shape.model();
    double positions = shape.promptLength() + shape.newTokens() / 2.0;
    return 2.0 * config.numLayers() * config.heads().kvWidth() * positions * sequences;
  }

  private PackedBatch batch(int sequences) {
    SplittableRandom random = new SplittableRandom(SEED);
    PackedBatch.Builder builder = new PackedBatch.Builder();
    for (int s = 0; s < sequences; s++) {
      int[] ids = ids(random, shape.trainLength() + 1);
      int start = builder.addSequence(ids, shape.trainLength());
      for (int t = 0; t < shape.trainLength(); t++) {
        builder.predict(start + t, ids[t + 1]);
      }
    }
    return builder.build();
  }

  private int[] ids(SplittableRandom random, int n) {
    return random.ints(n, 0, shape.model().vocabSize()).toArray();
  }

  @Override
  public void close() {
    weights.close();
    model.close();
  }
}
