package org.score4j.core.model;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Model and head together: log-probabilities of a batch's predictions, and the gradients of a
 * weighted sum of them. This is the one place where a policy meets its reference.
 */
public final class HeadPass {
  /**
   * Numbers per prediction, all (N) on the host.
   *
   * @param logProb log π(target)
   * @param entropy of π, in nats
   * @param kl exact KL(π ‖ π_ref) in nats; empty without a reference
   * @param refLogProb log π_ref(target); empty without a reference
   */
  public record Result(float[] logProb, float[] entropy, float[] kl, float[] refLogProb) {}

  /**
   * Coefficients of the loss Σ_n −logProb_n · log π(target_n) + kl_n · KL_n − entropy_n · H_n, each
   * (N).
   *
   * @param logProb of the log-probabilities: an advantage, a weight of a target
   * @param kl of the exact KL to the reference; null for no gradient of it
   * @param entropy of the entropy; null for no gradient of it
   */
  public record Coefficients(float[] logProb, float @Nullable [] kl, float @Nullable [] entropy) {
    /** Without a gradient of the entropy. */
    public Coefficients(float[] logProb, float @Nullable [] kl) {
      this(logProb, kl, null);
    }
  }

  private final Transformer model;
  private final Ops ops;
  private final DeviceArena arena;
  private final double inverseTemperature;

  /**
   * A pass over {@code model}.
   *
   * @param arena for activations, used from its current mark and released after each call
   * @param inverseTemperature of the distribution that is learnt, 1 unless sampling uses another
   */
  public HeadPass(Transformer model, DeviceArena arena, double inverseTemperature) {
    this.model = model;
    this.ops = model.ops();
    this.arena = arena;
    this.inverseTemperature = inverseTemperature;
  }

  /** Log-probabilities under {@code weights}, and KL to {@code reference} if there is one. */
  public Result score(Parameters weights, @Nullable Parameters reference, PackedBatch batch) {
    try (Opened pass = new Opened(weights, reference, batch, false)) {
      pass.head(null, null);
      return pass.result();
    }
  }

  /**
   * Adds the gradients of one micro-batch's share of the loss, whose coefficients are known before
   * the log-probs are; the head is computed once.
   *
   * @param gradients accumulated; the gradient of a tied head included
   * @param weights of the policy
   * @param reference of the KL, null for none
   * @param batch one micro-batch
   * @param coefficients already divided by the global normaliser
   */
  public Result accumulate(
      Parameters gradients,
      Parameters weights,
      @Nullable Parameters reference,
      PackedBatch batch,
      Coefficients coefficients) {
    try (Opened pass = new Opened(weights, reference, batch, true)) {
      pass.head(gradients, coefficients);
      return pass.result();
    }
  }

  /**
   * A pass to be read first and learnt from then, for losses whose coefficients depend on the
   * log-probs (pairwise preferences, clipped ratios). The body of the model runs once; the head is
   * computed again for the gradients.
   *
   * @param reference of the KL and of log π_ref, null for none
   */
  public Opened open(Parameters weights, @Nullable Parameters reference, PackedBatch batch) {
    Opened pass = new Opened(weights, reference, batch, true);
    try {
      pass.head(null, null);
      return pass;
    } catch (RuntimeException | Error e) {
      pass.close();
      throw e;
    }
  }

  /** One micro-batch whose activations are held until it is closed. Only the newest may be used. */
  public final class Opened implements AutoCloseable {
    private final long mark = arena.mark();
    private final Parameters weights;
    private final PackedBatch batch;
    private final Transformer.Forward forward;
    private final Tensor hidden;
    private final LossKernels.@Nullable HeadReference reference;
    private final LossKernels.HeadOutputs outputs;

    private Opened(
        Parameters weights, @Nullable Parameters reference, PackedBatch batch, boolean learning) {
      this.weights = weights;
      this.batch = batch;
      try {
        int n = batch.numPredictions();
        Tensor refHidden = reference == null ? null : referenceHidden(reference, batch);
        forward = model.forward(weights, batch, arena, learning);
        Tensor headRows = forward.batch().headRows();
        Tensor read = forward.hidden();
        if (headRows != null) {
          read = matrix(n);
          ops.gatherRows(read, forward.hidden(), headRows);
        }
        hidden = read;
        this.reference =
            reference == null || refHidden == null
                ? null
                : new LossKernels.HeadReference(refHidden, reference.lmHead());
        outputs =
            new LossKernels.HeadOutputs(
                vector(n),
                vector(n),
                refHidden == null ? null : vector(n),
                refHidden == null ? null : vector(n));
      } catch (RuntimeException | Error e) {
        arena.release(mark);
        throw e;
      }
    }

    /** Everything per prediction. */
    public Result result() {
      return new Result(
          ops.downloadFloats(outputs.logProb()),
          ops.downloadFloats(outputs.entropy()),
          outputs.kl() == null ? new float[0] : ops.downloadFloats(outputs.kl()),
          outputs.refLogProb() == null ? new float[0] : ops.downloadFloats(outputs.refLogProb()));
    }

    /**
     * Adds the gradients of the loss; once, as the activations are used up by it.
     *
     * @param gradients accumulated; the gradient of a tied head included
     * @param coefficients already divided by the global normaliser
     */
    public void backward(Parameters gradients, Coefficients coefficients) {
      head(gradients, coefficients);
    }

    private void head(@Nullable Parameters gradients, @Nullable Coefficients coefficients) {
      Tensor targets = forward.batch().targets();
      if (targets == null) {
        throw new IllegalStateException("head pass: the batch has no targets");
      }
      LossKernels.HeadGradients out = null;
      if (gradients != null && coefficients != null) {
        out =
            new LossKernels.HeadGradients(
                matrix(batch.numPredictions()),
                gradients.lora().isPresent() ? null : gradients.lmHead(),
                uploaded(coefficients.logProb()),
                reference == null || coefficients.kl() == null ? null : uploaded(coefficients.kl()),
                coefficients.entropy() == null ? null : uploaded(coefficients.entropy()));
      }
      ops.lmHead(
          outputs,
          out,
          hidden,
          weights.lmHead(),
          targets,
          reference,
          inverseTemperature,
          model.config().finalSoftCap());
      if (gradients == null || out == null) {
        return;
      }
      Tensor headRows = forward.batch().headRows();
      Tensor dRead = out.dHidden();
      if (headRows != null) {
        dRead = matrix(batch.numReadRows());
        ops.fill(dRead, 0);
        ops.scatterAddRows(dRead, out.dHidden(), headRows);
      }
      model.backward(gradients, weights, forward, dRead, arena);
    }

    /** Gives the activations back. */
    @Override
    public void close() {
      arena.release(mark);
    }
  }

  /**
   * The reference's hidden states at the predictions (N, D), everything else of its pass released.
   */
  private Tensor referenceHidden(Parameters reference, PackedBatch batch) {
    Tensor kept = matrix(batch.numPredictions());
    long mark = arena.mark();
    Transformer.Forward forward = model.forward(reference, batch, arena, false);
    if (forward.batch().headRows() == null) {
      ops.cast(kept, forward.hidden());
    } else {
      ops.gatherRows(kept, forward.hidden(), forward.batch().headRows());
    }
    arena.release(mark);
    return kept;
  }

  private Tensor matrix(int rows) {
    return arena.allocate(ops.floatType(), Shape.of(rows, model.config().hiddenSize()));
  }

  private Tensor vector(int n) {
    return arena.allocate(ops.stateType(), Shape.of(n));
  }

  private Tensor uploaded(float[] values) {
    Tensor tensor = vector(values.length);
    ops.upload(tensor, values);
    return tensor;
  }

  /**
   * Upper bound of the arena memory one call needs, whatever the segments: every allocation of
   * {@link #accumulate} with a reference, as if the last block computed all rows. A pass of the
   * reference needs less, and one that only scores {@link #scoringBytes}.
   *
   * @param config of the model
   * @param tokens most tokens in a micro-batch
   * @param predictions most predictions in a micro-batch
   * @param recompute of the transformer
   * @param ops whose types decide the bytes of a number
   */
  public static long activationBytes(
      ModelConfig config, int tokens, int predictions, Recompute recompute, Ops ops) {
    BlockSizes block = BlockSizes.of(config);
    long d = config.hiddenSize();
    long layers = config.numLayers();
    long blocks =
        switch (recompute) {
          case NONE -> layers * block.floats;
          case NORMS -> layers * (block.floats - block.normed) + block.normed;
          // Inputs; the last block and the one computed again; the two fixed places.
          case BLOCKS -> layers * d + 2 * block.floats + 2 * d;
        };
    // dX and dStream; then those of a block.
    long backward = 2 * d + block.backward;
    long kept = recompute == Recompute.BLOCKS ? 2 : layers;
    return bytes(block, tokens, predictions, blocks + backward, kept, layers, ops);
  }

  /**
   * The same for {@link #score}, and for any pass of {@link Transformer#forward} that keeps
   * nothing: it needs memory for one block, however many there are.
   */
  public static long scoringBytes(ModelConfig config, int tokens, int predictions, Ops ops) {
    BlockSizes block = BlockSizes.of(config);
    return bytes(block, tokens, predictions, block.floats, 1, 1, ops);
  }

  /**
   * Numbers of a block per token.
   *
   * @param width of the residual stream
   * @param query width
   * @param floats of TransformerBlock.State, the output projection and the block's output
   * @param normed those that norms and SwiGLU give
   * @param backward of its backward pass: the feed-forward's and the attention's
   * @param states in the state type
   * @param tensors of all of these
   */
  private record BlockSizes(
      long width, long query, long floats, long normed, long backward, long states, long tensors) {
    static BlockSizes of(ModelConfig config) {
      long d = config.hiddenSize();
      long q = config.heads().queryWidth();
      long qkv = (config.qkNorm() ? 2L : 1L) * config.heads().qkvWidth();
      long heads =
          config.numHeads()
              + (config.qkNorm() ? (long) config.numHeads() + config.numKvHeads() : 0);
      long f = config.intermediateSize();
      // Post-norms read attention's and feed-forward output from memory of their own.
      long postNorms = config.postNorms() ? 2 : 0;
      return new BlockSizes(
          d,
          q,
          (6 + postNorms) * d + qkv + q + 3 * f,
          2 * d + f,
          (3 * f + d) + (2 * q + qkv + d) + postNorms * d,
          heads + 2 + postNorms,
          16 + 2 * postNorms);
    }
  }

  private static long bytes(
      BlockSizes block,
      int tokens,
      int predictions,
      long floatsOfBlocks,
      long blocksOfStates,
      long blocksOfTensors,
      Ops ops) {
    long d = block.width;
    // Embedding; gathered rows of the last block; final norm; dRead.
    long outside = d + (d + block.query) + 2 * d + d;
    // Reference's and policy's hidden states, dHidden.
    long perPrediction = 3 * d;
    long floats = tokens * (floatsOfBlocks + outside) + predictions * perPrediction;
    // The final norm's rstd; four results and three coefficients of a prediction.
    long state = tokens * (blocksOfStates * block.states + 1) + predictions * 7L;
    // Ids, positions, segments (4) and read rows; head rows and targets.
    long indices = 7L * tokens + 2L * predictions;
    long tensors = blocksOfTensors * block.tensors + 60;
    return floats * ops.floatType().byteSize()
        + state * ops.stateType().byteSize()
        + indices * DType.I32.byteSize()
        + tensors * (DeviceArena.ALIGNMENT_BYTES - 1);
  }
}
