package org.score4j.core.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * One value per parameter of a model: its weights, their gradients, or a moment of the optimiser.
 * All sets of one config have the same layout, so that an optimiser step runs over flat memory:
 * matrices first (they decay), then vectors (they do not). Owns its arena.
 */
public final class Parameters implements AutoCloseable {
  /**
   * Tensors of one block. Projections are (in, out); query, key and value columns lie side by side,
   * as do gate and up.
   *
   * @param inputNorm (D)
   * @param qkvProj (D, (H+2KV)·E)
   * @param qkvBias ((H+2KV)·E), null without bias
   * @param qNorm (E), null without QK norm
   * @param kNorm (E), null without QK norm
   * @param oProj (H·E, D)
   * @param attentionOutNorm (D), of the attention's output; null without post-norms
   * @param postAttentionNorm (D), of the stream before the feed-forward layer
   * @param gateUpProj (D, 2F)
   * @param downProj (F, D)
   * @param feedForwardOutNorm (D), of the feed-forward layer's output; null without post-norms
   */
  public record Layer(
      Tensor inputNorm,
      Tensor qkvProj,
      @Nullable Tensor qkvBias,
      @Nullable Tensor qNorm,
      @Nullable Tensor kNorm,
      Tensor oProj,
      @Nullable Tensor attentionOutNorm,
      Tensor postAttentionNorm,
      Tensor gateUpProj,
      Tensor downProj,
      @Nullable Tensor feedForwardOutNorm) {}

  /** Elements that tensors are padded to a multiple of: aligned even in the narrowest type. */
  private static final int ROW = DeviceArena.ALIGNMENT_BYTES / DType.BF16.byteSize();

  private final ModelConfig config;
  private final DeviceArena arena;
  private final Map<String, Tensor> named = new LinkedHashMap<>();
  private final List<Layer> layers = new ArrayList<>();
  private final Tensor embedTokens;
  private final Tensor lmHead;
  private final Tensor norm;
  private final Tensor decayed;
  private final Tensor undecayed;

  /** Allocates weights to compute with, all zero. */
  public Parameters(Ops ops, String name, ModelConfig config) {
    this(ops, name, config, ops.floatType(), false);
  }

  /** Allocates zeros in the state type: moments or master weights. */
  public static Parameters forState(Ops ops, String name, ModelConfig config) {
    return new Parameters(ops, name, config, ops.stateType(), false);
  }

  /**
   * Master weights: a copy of {@code weights} in the state type, which an optimiser updates and
   * rounds into them. Empty where the weights are of that type themselves.
   */
  public static Optional<Parameters> masterOf(Ops ops, Parameters weights) {
    if (ops.floatType() == ops.stateType()) {
      return Optional.empty();
    }
    Parameters master = forState(ops, "master weights", weights.config());
    master.copyFrom(ops, weights);
    return Optional.of(master);
  }

  /**
   * Allocates zeros for gradients. The gradient of a tied head is collected apart and joins the
   * embedding's in {@link #foldTiedHead}: so each of the two sums runs over the batch in order, and
   * splitting a batch into micro-batches gives the same bits.
   */
  public static Parameters forGradients(Ops ops, ModelConfig config) {
    return new Parameters(ops, "gradients", config, ops.stateType(), true);
  }

  private Parameters(Ops ops, String name, ModelConfig config, DType type, boolean headApart) {
    this.config = config;
    Shape table = Shape.of(config.vocabSize(), config.hiddenSize());
    boolean extraHead = headApart && config.tieWordEmbeddings();
    this.arena =
        ops.newArena(name, byteSize(config, type) + (extraHead ? footprint(type, table) : 0));
    int d = config.hiddenSize();
    embedTokens = add("embed_tokens", type, table);
    List<Tensor[]> matrices = new ArrayList<>();
    for (int l = 0; l < config.numLayers(); l++) {
      matrices.add(
          new Tensor[] {
            add("layers." + l + ".qkv_proj", type, Shape.of(d, config.heads().qkvWidth())),
            add("layers." + l + ".o_proj", type, Shape.of(config.heads().queryWidth(), d)),
            add("layers." + l + ".gate_up_proj", type, Shape.of(d, 2 * config.intermediateSize())),
            add("layers." + l + ".down_proj", type, Shape.of(config.intermediateSize(), d))
          });
    }
    Tensor head = config.tieWordEmbeddings() ? embedTokens : add("lm_head", type, table);
    long firstVector = arena.mark();
    for (int l = 0; l < config.numLayers(); l++) {
      Tensor[] m = matrices.get(l);
      String prefix = "layers." + l + ".";
      Tensor inputNorm = add(prefix + "input_norm", type, Shape.of(d));
      Tensor bias =
          config.qkvBias()
              ? add(prefix + "qkv_bias", type, Shape.of(config.heads().qkvWidth()))
              : null;
      Tensor qNorm =
          config.qkNorm() ? add(prefix + "q_norm", type, Shape.of(config.headDim())) : null;
      Tensor kNorm =
          config.qkNorm() ? add(prefix + "k_norm", type, Shape.of(config.headDim())) : null;
      Tensor attentionOut =
          config.postNorms() ? add(prefix + "attention_out_norm", type, Shape.of(d)) : null;
      Tensor postNorm = add(prefix + "post_attention_norm", type, Shape.of(d));
      Tensor feedForwardOut =
          config.postNorms() ? add(prefix + "feed_forward_out_norm", type, Shape.of(d)) : null;
      layers.add(
          new Layer(
              inputNorm,
              m[0],
              bias,
              qNorm,
              kNorm,
              m[1],
              attentionOut,
              postNorm,
              m[2],
              m[3],
              feedForwardOut));
    }
    norm = add("norm", type, Shape.of(d));
    decayed = flat(type, 0, firstVector);
    undecayed = flat(type, firstVector, arena.mark());
    lmHead = extraHead ? padded(type, table) : head;
    clear(ops);
  }

  private Tensor add(String name, DType type, Shape shape) {
    Tensor tensor = padded(type, shape);
    named.put(name, tensor);
    return tensor;
  }

  /**
   * The next tensor, followed by padding up to a count of elements that is aligned in every type:
   * sets of different types have the same layout, element for element.
   */
  private Tensor padded(DType type, Shape shape) {
    Tensor whole = arena.allocate(type, Shape.of(Math.toIntExact(paddedElements(shape))));
    return new Tensor(whole.buffer(), whole.byteOffset(), type, shape);
  }

  private static long paddedElements(Shape shape) {
    return (shape.elements() + ROW - 1) / ROW * ROW;
  }

  private static long footprint(DType type, Shape shape) {
    return paddedElements(shape) * type.byteSize();
  }

  private Tensor flat(DType type, long from, long to) {
    // Two dimensions, for there can be more elements than an int counts.
    Shape shape = Shape.of(Math.toIntExact((to - from) / ((long) ROW * type.byteSize())), ROW);
    return new Tensor(embedTokens.buffer(), from, type, shape);
  }

  /** Memory a set takes up, alignment included. */
  public static long byteSize(ModelConfig config, DType type) {
    int d = config.hiddenSize();
    long matrices =
        (config.tieWordEmbeddings() ? 1 : 2) * footprint(type, Shape.of(config.vocabSize(), d));
    long layer =
        footprint(type, Shape.of(d, config.heads().qkvWidth()))
            + footprint(type, Shape.of(config.heads().queryWidth(), d))
            + footprint(type, Shape.of(d, 2 * config.intermediateSize()))
            + footprint(type, Shape.of(config.intermediateSize(), d))
            + (config.postNorms() ? 4 : 2) * footprint(type, Shape.of(d))
            + footprint(type, Shape.of(config.heads().qkvWidth()))
            + 2 * footprint(type, Shape.of(config.headDim()));
    return matrices + config.numLayers() * layer + footprint(type, Shape.of(d));
  }

  /** The config this set belongs to. */
  public ModelConfig config() {
    return config;
  }

  /**
   * Tensors by name in memory order: {@code embed_tokens}, {@code layers.0.qkv_proj}, …, {@code
   * norm}.
   */
  public Map<String, Tensor> named() {
    return Collections.unmodifiableMap(named);
  }

  /** Embedding (V, D). */
  public Tensor embedTokens() {
    return embedTokens;
  }

  /** Head (V, D); the embedding itself where they are tied. */
  public Tensor lmHead() {
    return lmHead;
  }

  /** Weight of the final norm (D). */
  public Tensor norm() {
    return norm;
  }

  /** Tensors of block {@code index}. */
  public Layer layer(int index) {
    return layers.get(index);
  }

  /** Every matrix, flat, padding included (always zero). */
  public Tensor decayed() {
    return decayed;
  }

  /** Every norm weight and bias, flat, padding included (always zero). */
  public Tensor undecayed() {
    return undecayed;
  }

  /** Overwrites this set with another of the same config on the same backend. */
  public void copyFrom(Ops ops, Parameters other) {
    ops.cast(decayed, other.decayed);
    ops.cast(undecayed, other.undecayed);
  }

  /** Sets everything to zero. */
  public void clear(Ops ops) {
    ops.fill(decayed, 0);
    ops.fill(undecayed, 0);
    ops.fill(lmHead, 0);
  }

  /** Adds the gradient of a tied head, collected apart, to the embedding's. */
  public void foldTiedHead(Ops ops) {
    if (config.tieWordEmbeddings() && !lmHead.equals(embedTokens)) {
      ops.add(embedTokens, embedTokens, lmHead);
      ops.fill(lmHead, 0);
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
