package org.score4j.core.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.score4j.core.model.TransformerBlock.Shared;
import org.score4j.core.model.TransformerBlock.State;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Decoder, Llama-style and with what other families add by flags: forward and backward over packed
 * sequences.
 *
 * <pre>
 *   ids ─ embedding ─ block 0 ─ down ─ block 1 ─ … ─ down ─ + ─ rmsNorm ─ hidden (R, D), read by the head
 * </pre>
 *
 * The last block's attention output is gathered to the rows that something reads, so its
 * projections and everything after run on R rows instead of T. Weights are passed in: the same
 * object serves the policy and its frozen reference.
 */
public final class Transformer implements AutoCloseable {
  private final Ops ops;
  private final ModelConfig config;
  private final Recompute recompute;
  private final @Nullable DeviceArena tables;
  private final Adapters adapters;
  private final TransformerBlock full;
  private final TransformerBlock local;

  /** As {@link #Transformer(Ops, ModelConfig, Recompute)}, keeping all activations. */
  public Transformer(Ops ops, ModelConfig config) {
    this(ops, config, Recompute.NONE);
  }

  /**
   * Tables and shapes of a model; holds no weights.
   *
   * @param recompute what training passes compute again instead of keeping it
   */
  public Transformer(Ops ops, ModelConfig config, Recompute recompute) {
    this.ops = ops;
    this.config = config;
    this.recompute = recompute;
    Shape shape = Shape.of(config.maxPositions(), config.headDim() / 2);
    ModelConfig.LocalAttention local = config.local();
    int count = local == null ? 2 : 4;
    DeviceArena arena =
        ops.newArena("rotary tables", count * DeviceArena.footprint(ops.stateType(), shape));
    this.tables = arena;
    this.adapters = new Adapters(ops, config);
    this.full = block(arena, 0, RotaryTables.inverseFrequencies(config), shape);
    this.local =
        local == null
            ? full
            : block(
                arena,
                local.window(),
                RotaryTables.inverseFrequencies(local.ropeTheta(), config.headDim()),
                shape);
  }

  private TransformerBlock block(DeviceArena arena, int window, double[] frequencies, Shape shape) {
    Tensor cos = arena.allocate(ops.stateType(), shape);
    Tensor sin = arena.allocate(ops.stateType(), shape);
    ops.upload(cos, RotaryTables.table(ops.backend(), frequencies, config.maxPositions(), true));
    ops.upload(sin, RotaryTables.table(ops.backend(), frequencies, config.maxPositions(), false));
    return new TransformerBlock(ops, config, config.heads(window), cos, sin, adapters);
  }

  private TransformerBlock block(int layer) {
    return config.isLocal(layer) ? local : full;
  }

  private Transformer(Transformer owner, Ops ops) {
    this.ops = ops;
    this.config = owner.config;
    this.recompute = owner.recompute;
    this.tables = null;
    this.adapters = new Adapters(ops, config);
    this.full = owner.full.on(ops, adapters);
    this.local = owner.local == owner.full ? full : owner.local.on(ops, adapters);
  }

  /**
   * The same model, computing with other operations on the same memory: a view, which is not closed
   * and lasts as long as this.
   */
  public Transformer on(Ops other) {
    return new Transformer(this, other);
  }

  /** The model's config. */
  public ModelConfig config() {
    return config;
  }

  /** Makes room for passes of up to {@code tokens} tokens where {@code weights} have adapters. */
  public void reserveFor(Parameters weights, int tokens) {
    weights.lora().ifPresent(lora -> adapters.reserve(lora, tokens));
  }

  /**
   * Adds the product of every adapter to its weight: {@code W += (alpha/r)·A·B}. The base is
   * changed; the adapters stay as they are.
   *
   * @param adapted weights with adapters, whose base may be changed
   */
  public void mergeAdapters(Parameters adapted) {
    adapters.merge(adapted);
  }

  /** What the model computes on. */
  public Ops ops() {
    return ops;
  }

  /** What training passes compute again instead of keeping it. */
  public Recompute recompute() {
    return recompute;
  }

  /**
   * A finished forward pass; its tensors live in the arena it was computed in.
   *
   * @param batch indices on the device
   * @param inputs (T, D) residual stream at the input of each block; empty for a pass without
   *     backward
   * @param states of each block, null where it is computed again; empty for a pass without backward
   * @param last (R, D) residual stream after the last block
   * @param finalRstd (R)
   * @param hidden (R, D) normalised final hidden states
   */
  public record Forward(
      DeviceBatch batch,
      List<Tensor> inputs,
      List<@Nullable State> states,
      Tensor last,
      Tensor finalRstd,
      Tensor hidden) {}

  /** How the tokens of a pass see earlier ones: within packed segments, or through the KV cache. */
  @FunctionalInterface
  public interface AttentionPath {
    /**
     * Attention of one block.
     *
     * @param layer index of the block
     * @param out (T, H·E)
     * @param logSumExp (T, H), for backward; a path without backward may leave it
     * @param qkv (T, (H+2KV)·E) rotated
     */
    void attend(int layer, Tensor out, Tensor logSumExp, Tensor qkv);
  }

  /**
   * Runs the model over packed segments; see {@link #forward(Parameters, DeviceBatch,
   * AttentionPath, DeviceArena, boolean)}.
   */
  public Forward forward(Parameters weights, PackedBatch packed, DeviceArena arena, boolean keep) {
    DeviceBatch batch = DeviceBatch.upload(ops, arena, config, packed);
    return forward(weights, batch, packedPath(batch), arena, keep);
  }

  private AttentionPath packedPath(DeviceBatch batch) {
    return (layer, out, lse, qkv) ->
        ops.attention(out, lse, qkv, batch.requireSegments(), config.headsOf(layer));
  }

  /**
   * Runs the model.
   *
   * @param weights of this config
   * @param batch indices on the device
   * @param path of attention
   * @param arena receives activations; release it to its mark when the result is no longer needed
   * @param keep whether to keep what backward needs
   */
  public Forward forward(
      Parameters weights, DeviceBatch batch, AttentionPath path, DeviceArena arena, boolean keep) {
    int t = batch.ids().dim0();
    int d = config.hiddenSize();
    boolean states = keep && recompute != Recompute.BLOCKS;
    List<Tensor> inputs = new ArrayList<>();
    List<@Nullable State> kept = new ArrayList<>();
    Tensor x = floats(arena, t, d);
    ops.embedding(x, batch.ids(), weights.embedTokens());
    if (config.embedScale() != 1) {
      ops.scale(x, x, config.embedScale());
    }
    // Where no states are kept, the residual stream and the block's output live in fixed places and
    // everything else is released per block.
    Tensor fixedDelta = states ? null : floats(arena, t, d);
    Tensor fixedMid = keep && !states ? floats(arena, t, d) : null;
    Shared shared = keep && recompute == Recompute.NORMS ? full.shared(arena, t) : null;
    Tensor delta = null;
    for (int l = 0; l < config.numLayers(); l++) {
      Parameters.Layer w = weights.layer(l);
      Tensor input = keep && delta != null ? floats(arena, t, d) : x;
      long mark = arena.mark();
      Tensor readRows = l == config.numLayers() - 1 ? batch.readRows() : null;
      int rows = readRows == null ? t : readRows.dim0();
      Tensor mid = states ? null : fixedMid != null ? fixedMid : input;
      State state =
          block(l).forward(l, w, batch, readRows, path, x, delta, input, mid, shared, arena);
      Tensor out = fixedDelta != null && readRows == null ? fixedDelta : floats(arena, rows, d);
      full.output(out, w, state, arena);
      // What the final norm reads of a block with gathered rows lies among its states.
      boolean released = !states && readRows == null;
      if (keep) {
        inputs.add(state.input());
        kept.add(released ? null : state);
      }
      if (released) {
        arena.release(mark);
      }
      x = state.mid();
      delta = out;
    }
    Tensor last = keep ? floats(arena, x.dim0(), d) : x;
    Tensor finalRstd = arena.allocate(ops.stateType(), Shape.of(x.dim0()));
    Tensor hidden = floats(arena, x.dim0(), d);
    ops.addRmsNorm(
        hidden,
        last,
        finalRstd,
        x,
        present(delta),
        weights.norm(),
        config.normOffset(),
        config.rmsNormEps());
    return new Forward(batch, inputs, kept, last, finalRstd, hidden);
  }

  /**
   * Adds the gradients of everything before the head.
   *
   * @param gradients accumulated
   * @param weights the forward pass's
   * @param forward of a pass over packed segments that kept what backward needs
   * @param dHidden (R, D), gradient of {@code forward.hidden()}
   * @param arena for temporaries, released on return
   */
  public void backward(
      Parameters gradients,
      Parameters weights,
      Forward forward,
      Tensor dHidden,
      DeviceArena arena) {
    if (forward.inputs().size() != config.numLayers()) {
      throw new IllegalStateException(
          "transformer: backward needs a forward pass with keep = true");
    }
    long start = arena.mark();
    DeviceBatch batch = forward.batch();
    int t = batch.ids().dim0();
    int d = config.hiddenSize();
    Tensor dX = floats(arena, dHidden.dim0(), d);
    ops.rmsNormBackward(
        dX,
        gradients.norm(),
        dHidden,
        forward.last(),
        weights.norm(),
        forward.finalRstd(),
        config.normOffset());
    for (int l = config.numLayers() - 1; l >= 0; l--) {
      Tensor dStream = dX.dim0() == t ? dX : floats(arena, t, d);
      long mark = arena.mark();
      State state = stateForBackward(l, weights.layer(l), forward, arena);
      block(l).backward(gradients.layer(l), weights.layer(l), state, batch, dX, dStream, arena);
      arena.release(mark);
      dX = dStream;
    }
    if (gradients.lora().isEmpty()) {
      if (config.embedScale() != 1) {
        ops.scale(dX, dX, config.embedScale());
      }
      ops.embeddingBackward(gradients.embedTokens(), dX, batch.ids());
    }
    arena.release(start);
  }

  /** The block's state, computed again as far as it was not kept. */
  private State stateForBackward(
      int layer, Parameters.Layer w, Forward forward, DeviceArena arena) {
    State state = forward.states().get(layer);
    if (state == null) {
      DeviceBatch batch = forward.batch();
      Tensor readRows = layer == config.numLayers() - 1 ? batch.readRows() : null;
      Tensor input = forward.inputs().get(layer);
      state =
          block(layer)
              .forward(
                  layer,
                  w,
                  batch,
                  readRows,
                  packedPath(batch),
                  input,
                  null,
                  input,
                  null,
                  null,
                  arena);
      if (config.postNorms()) {
        // Its backward reads what the norm of the block's output has read.
        full.output(floats(arena, state.mid().dim0(), config.hiddenSize()), w, state, arena);
      }
      return state;
    }
    if (recompute == Recompute.NORMS) {
      full.restoreShared(w, state);
    }
    return state;
  }

  @Override
  public void close() {
    adapters.close();
    if (tables != null) {
      tables.close();
    }
  }

  private static Tensor present(@Nullable Tensor tensor) {
    if (tensor == null) {
      throw new IllegalStateException("transformer: a model has at least one block");
    }
    return tensor;
  }

  private Tensor floats(DeviceArena arena, int rows, int columns) {
    return arena.allocate(ops.floatType(), Shape.of(rows, columns));
  }
}
