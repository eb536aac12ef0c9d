package org.score4j.core.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
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
   * @param adapters low-rank adapters of the projections; empty where there are none
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
      @Nullable Tensor feedForwardOutNorm,
      Map<LoraTarget, LowRank> adapters) {
    private Layer with(Map<LoraTarget, LowRank> others) {
      return new Layer(
          inputNorm,
          qkvProj,
          qkvBias,
          qNorm,
          kNorm,
          oProj,
          attentionOutNorm,
          postAttentionNorm,
          gateUpProj,
          downProj,
          feedForwardOutNorm,
          others);
    }
  }

  private final ModelConfig config;
  private final DeviceArena arena;
  private final Map<String, Tensor> named = new LinkedHashMap<>();
  private final List<Layer> layers = new ArrayList<>();
  private final Tensor embedTokens;
  private final Tensor lmHead;
  private final Tensor norm;
  private final Tensor decayed;
  private final Tensor undecayed;
  private final @Nullable LoraConfig lora;
  private final @Nullable Parameters base;
  private final boolean ownsBase;

  /** Allocates weights to compute with, all zero. */
  public Parameters(Ops ops, String name, ModelConfig config) {
    this(ops, name, config, ops.floatType(), ops.floatType(), false);
  }

  /**
   * Allocates weights that are never trained, a base of adapters for one; all zero.
   *
   * @param matrices type of embedding, projections and head, one of {@link
   *     org.score4j.kernels.Backend#weightTypes}; norms and biases are in the float type
   */
  public static Parameters frozen(Ops ops, String name, ModelConfig config, DType matrices) {
    return new Parameters(ops, name, config, matrices, ops.floatType(), false);
  }

  /** Allocates zeros in the state type: moments or master weights. */
  public static Parameters forState(Ops ops, String name, ModelConfig config) {
    return new Parameters(ops, name, config, ops.stateType(), ops.stateType(), false);
  }

  /**
   * Master weights: a copy of {@code weights} in the state type, which an optimiser updates and
   * rounds into them. Empty where the weights are of that type themselves.
   */
  public static Optional<Parameters> masterOf(Ops ops, Parameters weights) {
    if (ops.floatType() == ops.stateType()) {
      return Optional.empty();
    }
    Parameters master = forStateOf(ops, "master weights", weights);
    master.copyFrom(ops, weights);
    return Optional.of(master);
  }

  /**
   * Allocates zeros for gradients. The gradient of a tied head is collected apart and joins the
   * embedding's in {@link #foldTiedHead}: so each of the two sums runs over the batch in order, and
   * splitting a batch into micro-batches gives the same bits.
   */
  public static Parameters forGradients(Ops ops, ModelConfig config) {
    return new Parameters(ops, "gradients", config, ops.stateType(), ops.stateType(), true);
  }

  /**
   * Frozen weights with adapters, all zero. What is named, updated, copied and saved is the
   * adapters alone; the base is shared, and lives as long as its owner keeps it.
   *
   * @param name of the adapters' memory
   */
  public static Parameters adapted(Ops ops, String name, Parameters base, LoraConfig lora) {
    return new Parameters(ops, name, base.config(), ops.floatType(), lora, base, false);
  }

  /** As {@link #adapted}; closing it closes the base as well. */
  public static Parameters adaptedOwning(Ops ops, String name, Parameters base, LoraConfig lora) {
    return new Parameters(ops, name, base.config(), ops.floatType(), lora, base, true);
  }

  /** Zeros in the state type for what {@code weights} learn: moments or master weights. */
  public static Parameters forStateOf(Ops ops, String name, Parameters weights) {
    return weights.lora == null
        ? forState(ops, name, weights.config)
        : new Parameters(ops, name, weights.config, ops.stateType(), weights.lora, null, false);
  }

  /** As {@link #forGradients}, of what {@code weights} learn. */
  public static Parameters forGradientsOf(Ops ops, Parameters weights) {
    return weights.lora == null
        ? forGradients(ops, weights.config)
        : new Parameters(
            ops, "gradients", weights.config, ops.stateType(), weights.lora, null, false);
  }

  /** base: null for gradients and moments, whose frozen tensors are a place nobody reads. */
  private Parameters(
      Ops ops,
      String name,
      ModelConfig config,
      DType type,
      LoraConfig lora,
      @Nullable Parameters base,
      boolean ownsBase) {
    this.ownsBase = ownsBase;
    this.config = config;
    this.lora = lora;
    this.base = base;
    Shape vector = Shape.of(Math.max(config.hiddenSize(), config.headDim()));
    this.arena =
        ops.newZeroedArena(
            name,
            ParameterBytes.footprint(type, vector) + ParameterBytes.ofAdapters(config, lora, type));
    List<Map<LoraTarget, LowRank>> adapters = new ArrayList<>();
    for (int l = 0; l < config.numLayers(); l++) {
      Map<LoraTarget, LowRank> layer = new EnumMap<>(LoraTarget.class);
      for (LoraTarget target : lora.targets()) {
        String prefix = "layers." + l + "." + target.moduleName();
        Tensor a = add(prefix + ".lora_a", type, Shape.of(target.inputs(config), lora.rank()));
        Tensor b = add(prefix + ".lora_b", type, Shape.of(lora.rank(), target.outputs(config)));
        layer.put(target, new LowRank(a, b));
      }
      adapters.add(Collections.unmodifiableMap(layer));
    }
    long end = arena.mark();
    padded(type, vector);
    Tensor width = arena.view(end, type, Shape.of(config.hiddenSize()));
    Tensor head = arena.view(end, type, Shape.of(config.headDim()));
    Tensor qkNorm = config.qkNorm() ? head : null;
    Tensor postNorm = config.postNorms() ? width : null;
    for (int l = 0; l < config.numLayers(); l++) {
      Layer of =
          base == null
              ? new Layer(
                  width, width, null, qkNorm, qkNorm, width, postNorm, width, width, width,
                  postNorm, Map.of())
              : base.layer(l);
      layers.add(of.with(adapters.get(l)));
    }
    embedTokens = base == null ? width : base.embedTokens;
    lmHead = base == null ? width : base.lmHead;
    norm = base == null ? width : base.norm;
    decayed = ParameterBytes.flat(arena, type, 0, end);
    undecayed = ParameterBytes.flat(arena, type, end, end);
  }

  private Parameters(
      Ops ops, String name, ModelConfig config, DType type, DType vectors, boolean headApart) {
    this.lora = null;
    this.base = null;
    this.ownsBase = false;
    this.config = config;
    Shape table = Shape.of(config.vocabSize(), config.hiddenSize());
    boolean extraHead = headApart && config.tieWordEmbeddings();
    this.arena =
        ops.newZeroedArena(
            name,
            ParameterBytes.of(config, type, vectors)
                + (extraHead ? ParameterBytes.footprint(type, table) : 0));
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
    Shape width = Shape.of(d);
    Shape headWidth = Shape.of(config.headDim());
    Shape qkvWidth = Shape.of(config.heads().qkvWidth());
    boolean posts = config.postNorms();
    for (int l = 0; l < config.numLayers(); l++) {
      Tensor[] m = matrices.get(l);
      String prefix = "layers." + l + ".";
      Tensor inputNorm = add(prefix + "input_norm", vectors, width);
      Tensor bias = addIf(config.qkvBias(), prefix + "qkv_bias", vectors, qkvWidth);
      Tensor qNorm = addIf(config.qkNorm(), prefix + "q_norm", vectors, headWidth);
      Tensor kNorm = addIf(config.qkNorm(), prefix + "k_norm", vectors, headWidth);
      Tensor attentionOut = addIf(posts, prefix + "attention_out_norm", vectors, width);
      Tensor postNorm = add(prefix + "post_attention_norm", vectors, width);
      Tensor feedForwardOut = addIf(posts, prefix + "feed_forward_out_norm", vectors, width);
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
              feedForwardOut,
              Map.of()));
    }
    norm = add("norm", vectors, width);
    decayed = ParameterBytes.flat(arena, type, 0, firstVector);
    undecayed = ParameterBytes.flat(arena, vectors, firstVector, arena.mark());
    lmHead = extraHead ? padded(type, table) : head;
  }

  private @Nullable Tensor addIf(boolean present, String name, DType type, Shape shape) {
    return present ? add(name, type, shape) : null;
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
    Tensor whole =
        arena.allocate(type, Shape.of(Math.toIntExact(ParameterBytes.paddedElements(shape))));
    return new Tensor(whole.buffer(), whole.byteOffset(), type, shape);
  }

  /** Memory a set takes up, alignment included. */
  public static long byteSize(ModelConfig config, DType type) {
    return ParameterBytes.of(config, type, type);
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

  /** Every tensor computed with: under adapters those of the base as well. */
  public Collection<Tensor> tensors() {
    List<Tensor> all = new ArrayList<>(named.values());
    if (base != null) {
      all.addAll(base.tensors());
    }
    return all;
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

  /** Every norm weight and bias, flat, padding included (always zero); nothing of adapters. */
  public Tensor undecayed() {
    return undecayed;
  }

  /** Overwrites this set with another of the same config on the same backend. */
  public void copyFrom(Ops ops, Parameters other) {
    ops.cast(decayed, other.decayed);
    if (lora == null) {
      ops.cast(undecayed, other.undecayed);
    }
  }

  /** Adds another set of gradients of the same weights, that of a tied head apart. */
  public void add(Ops ops, Parameters other) {
    ops.add(decayed, decayed, other.decayed);
    if (lora == null) {
      ops.add(undecayed, undecayed, other.undecayed);
      if (config.tieWordEmbeddings() && !lmHead.equals(embedTokens)) {
        ops.add(lmHead, lmHead, other.lmHead);
      }
    }
  }

  /** The adapters this set has, if the rest of the model is frozen. */
  public Optional<LoraConfig> lora() {
    return Optional.ofNullable(lora);
  }

  /** The frozen weights that these adapt: the model with its adapters off. */
  public Parameters base() {
    if (base == null) {
      throw new IllegalStateException("parameters: weights without adapters have no base");
    }
    return base;
  }

  /** Sets everything to zero. */
  public void clear(Ops ops) {
    ops.fill(decayed, 0);
    if (lora == null) {
      ops.fill(undecayed, 0);
      ops.fill(lmHead, 0);
    }
  }

  /** Adds the gradient of a tied head, collected apart, to the embedding's. */
  public void foldTiedHead(Ops ops) {
    if (lora == null && config.tieWordEmbeddings() && !lmHead.equals(embedTokens)) {
      ops.add(embedTokens, embedTokens, lmHead);
      ops.fill(lmHead, 0);
    }
  }

  /** Closes the adapters and leaves the base open, whoever owns it. */
  public void closeAdapters() {
    arena.close();
  }

  @Override
  public void close() {
    arena.close();
    if (ownsBase && base != null) {
      base.close();
    }
  }
}
