package org.score4j.core.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Llama-style decoder: forward and backward over packed sequences.
 *
 * <pre>
 *   ids ─ embedding ─ x ─┬─ rmsNorm ─ qkv ─ (qkNorm) ─ rope ─ attention ─ o ─┬─ + ─┬─ rmsNorm ─ gateUp ─ swiglu ─ down ─┬─ + ─ …
 *                        └──────────────────────────────────────────────────┘     └──────────────────────────────────────┘
 *   … ─ rmsNorm ─ hidden (R, D), read by the head
 * </pre>
 *
 * The last block's attention output is gathered to the rows that something reads, so its
 * projections and everything after run on R rows instead of T. Weights are passed in: the same
 * object serves the policy and its frozen reference.
 */
public final class Transformer implements AutoCloseable {
  private final Ops ops;
  private final ModelConfig config;
  private final AttentionShape heads;
  private final DeviceArena tables;
  private final Tensor cos;
  private final Tensor sin;

  /** Tables and shapes of a model; holds no weights. */
  public Transformer(Ops ops, ModelConfig config) {
    this.ops = ops;
    this.config = config;
    this.heads = config.heads();
    Shape shape = Shape.of(config.maxPositions(), config.headDim() / 2);
    this.tables = ops.newArena("rotary tables", 2 * DeviceArena.footprint(ops.stateType(), shape));
    this.cos = tables.allocate(ops.stateType(), shape);
    this.sin = tables.allocate(ops.stateType(), shape);
    ops.upload(cos, RotaryTables.table(config, true));
    ops.upload(sin, RotaryTables.table(config, false));
  }

  /** The model's config. */
  public ModelConfig config() {
    return config;
  }

  /** What the model computes on. */
  public Ops ops() {
    return ops;
  }

  /**
   * What one block saves for its backward pass.
   *
   * @param x (T, D) residual stream at the block's input
   * @param inputRstd (T)
   * @param normed (T, D)
   * @param rawQkv (T, (H+2KV)·E) before QK norm; null without QK norm
   * @param qkRstd (T, H+KV); null without QK norm
   * @param qkv (T, (H+2KV)·E) rotated
   * @param attended (T, H·E)
   * @param logSumExp (T, H)
   * @param attendedRead {@code attended} at the rows computed from here on: (R, H·E) in the last
   *     block
   * @param mid (T or R, D) residual stream after attention
   * @param postRstd (T or R)
   * @param postNormed (T or R, D)
   * @param gateUp (T or R, 2F)
   * @param gated (T or R, F)
   */
  record BlockState(
      Tensor x,
      Tensor inputRstd,
      Tensor normed,
      @Nullable Tensor rawQkv,
      @Nullable Tensor qkRstd,
      Tensor qkv,
      Tensor attended,
      Tensor logSumExp,
      Tensor attendedRead,
      Tensor mid,
      Tensor postRstd,
      Tensor postNormed,
      Tensor gateUp,
      Tensor gated) {}

  /**
   * A finished forward pass; its tensors live in the arena it was computed in.
   *
   * @param batch indices on the device
   * @param blocks saved by each block; empty for a pass without backward
   * @param last (R, D) residual stream after the last block
   * @param finalRstd (R)
   * @param hidden (R, D) normalised final hidden states
   */
  public record Forward(
      DeviceBatch batch, List<BlockState> blocks, Tensor last, Tensor finalRstd, Tensor hidden) {
    /** Residual stream at the input of each block (T, D), of a pass that kept its blocks. */
    public List<Tensor> blockInputs() {
      return blocks.stream().map(BlockState::x).toList();
    }
  }

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
    AttentionPath path =
        (layer, out, lse, qkv) -> ops.attention(out, lse, qkv, present(batch.segments()), heads);
    return forward(weights, batch, path, arena, keep);
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
    List<BlockState> blocks = new ArrayList<>();
    Tensor x = floats(arena, t, d);
    ops.embedding(x, batch.ids(), weights.embedTokens());
    // Without backward, the residual stream and the block's output live in two fixed places and
    // everything else is released per block.
    Tensor fixedDelta = keep ? null : floats(arena, t, d);
    Tensor delta = null;
    for (int l = 0; l < config.numLayers(); l++) {
      long mark = arena.mark();
      Tensor readRows = l == config.numLayers() - 1 ? batch.readRows() : null;
      int rows = readRows == null ? t : readRows.dim0();
      BlockState block =
          blockUpToDown(l, weights.layer(l), batch, readRows, path, x, delta, arena, keep);
      Tensor out = fixedDelta != null && readRows == null ? fixedDelta : floats(arena, rows, d);
      ops.linear(out, block.gated(), weights.layer(l).downProj(), null);
      if (keep) {
        blocks.add(block);
      } else if (readRows == null) {
        arena.release(mark);
      }
      x = block.mid();
      delta = out;
    }
    Tensor last = keep ? floats(arena, x.dim0(), d) : x;
    Tensor finalRstd = vector(arena, x.dim0());
    Tensor hidden = floats(arena, x.dim0(), d);
    ops.addRmsNorm(hidden, last, finalRstd, x, present(delta), weights.norm(), config.rmsNormEps());
    return new Forward(batch, blocks, last, finalRstd, hidden);
  }

  /**
   * Everything of a block but the down projection. Without {@code keep}, residual sums overwrite
   * their input.
   */
  private BlockState blockUpToDown(
      int layer,
      Parameters.Layer w,
      DeviceBatch batch,
      @Nullable Tensor readRows,
      AttentionPath path,
      Tensor x,
      @Nullable Tensor delta,
      DeviceArena arena,
      boolean keep) {
    int t = x.dim0();
    int rows = readRows == null ? t : readRows.dim0();
    int d = config.hiddenSize();
    double eps = config.rmsNormEps();
    Tensor input = keep && delta != null ? floats(arena, t, d) : x;
    Tensor inputRstd = vector(arena, t);
    Tensor normed = floats(arena, t, d);
    if (delta == null) {
      ops.rmsNorm(normed, inputRstd, input, w.inputNorm(), eps);
    } else {
      ops.addRmsNorm(normed, input, inputRstd, x, delta, w.inputNorm(), eps);
    }
    Tensor projected = floats(arena, t, heads.qkvWidth());
    ops.linear(projected, normed, w.qkvProj(), w.qkvBias());
    Tensor qkv = projected;
    Tensor qkRstd = null;
    if (w.qNorm() != null && w.kNorm() != null) {
      qkv = floats(arena, t, heads.qkvWidth());
      qkRstd = state(arena, t, heads.numHeads() + heads.numKvHeads());
      ops.qkNorm(qkv, qkRstd, projected, w.qNorm(), w.kNorm(), eps, heads);
    }
    ops.rope(qkv, batch.positions(), cos, sin, heads);
    Tensor attended = floats(arena, t, heads.queryWidth());
    Tensor logSumExp = state(arena, t, heads.numHeads());
    path.attend(layer, attended, logSumExp, qkv);
    Tensor attendedRead = attended;
    Tensor residual = input;
    if (readRows != null) {
      attendedRead = floats(arena, rows, heads.queryWidth());
      residual = floats(arena, rows, d);
      ops.gatherRows(attendedRead, attended, readRows);
      ops.gatherRows(residual, input, readRows);
    }
    Tensor projectedOut = floats(arena, rows, d);
    ops.linear(projectedOut, attendedRead, w.oProj(), null);
    Tensor mid = keep && readRows == null ? floats(arena, rows, d) : residual;
    Tensor postRstd = vector(arena, rows);
    Tensor postNormed = floats(arena, rows, d);
    ops.addRmsNorm(postNormed, mid, postRstd, residual, projectedOut, w.postAttentionNorm(), eps);
    Tensor gateUp = floats(arena, rows, 2 * config.intermediateSize());
    ops.linear(gateUp, postNormed, w.gateUpProj(), null);
    Tensor gated = floats(arena, rows, config.intermediateSize());
    ops.swiglu(gated, gateUp);
    return new BlockState(
        input,
        inputRstd,
        normed,
        qkRstd == null ? null : projected,
        qkRstd,
        qkv,
        attended,
        logSumExp,
        attendedRead,
        mid,
        postRstd,
        postNormed,
        gateUp,
        gated);
  }

  /**
   * Adds the gradients of everything before the head.
   *
   * @param gradients accumulated
   * @param weights the forward pass's
   * @param forward of a pass that kept its blocks
   * @param dHidden (R, D), gradient of {@code forward.hidden()}
   * @param arena for temporaries, released on return
   */
  public void backward(
      Parameters gradients,
      Parameters weights,
      Forward forward,
      Tensor dHidden,
      DeviceArena arena) {
    if (forward.blocks().size() != config.numLayers()) {
      throw new IllegalStateException(
          "transformer: backward needs a forward pass with keep = true");
    }
    long start = arena.mark();
    DeviceBatch batch = forward.batch();
    int t = batch.ids().dim0();
    int d = config.hiddenSize();
    Tensor dX = floats(arena, dHidden.dim0(), d);
    ops.rmsNormBackward(
        dX, gradients.norm(), dHidden, forward.last(), weights.norm(), forward.finalRstd());
    for (int l = config.numLayers() - 1; l >= 0; l--) {
      Parameters.Layer w = weights.layer(l);
      Parameters.Layer g = gradients.layer(l);
      BlockState s = forward.blocks().get(l);
      boolean gathered = s.mid().dim0() != t;
      Tensor dStream = gathered ? floats(arena, t, d) : dX;
      long mark = arena.mark();
      feedForwardBackward(g, w, s, dX, arena);
      Tensor dAttended = floats(arena, dX.dim0(), heads.queryWidth());
      ops.linearBackwardInput(dAttended, dX, w.oProj());
      ops.linearBackwardWeight(g.oProj(), null, s.attendedRead(), dX);
      if (gathered && batch.readRows() != null) {
        Tensor dAll = floats(arena, t, heads.queryWidth());
        ops.fill(dAll, 0);
        ops.scatterAddRows(dAll, dAttended, batch.readRows());
        dAttended = dAll;
        ops.fill(dStream, 0);
        ops.scatterAddRows(dStream, dX, batch.readRows());
        dX = dStream;
      }
      attentionBackward(g, w, s, batch, dAttended, dX, arena);
      arena.release(mark);
    }
    ops.embeddingBackward(gradients.embedTokens(), dX, batch.ids());
    arena.release(start);
  }

  private void feedForwardBackward(
      Parameters.Layer g, Parameters.Layer w, BlockState s, Tensor dX, DeviceArena arena) {
    int rows = dX.dim0();
    Tensor dGated = floats(arena, rows, config.intermediateSize());
    ops.linearBackwardInput(dGated, dX, w.downProj());
    ops.linearBackwardWeight(g.downProj(), null, s.gated(), dX);
    Tensor dGateUp = floats(arena, rows, 2 * config.intermediateSize());
    ops.swigluBackward(dGateUp, dGated, s.gateUp());
    Tensor dNormed = floats(arena, rows, config.hiddenSize());
    ops.linearBackwardInput(dNormed, dGateUp, w.gateUpProj());
    ops.linearBackwardWeight(g.gateUpProj(), null, s.postNormed(), dGateUp);
    ops.rmsNormBackwardAdd(
        dX, g.postAttentionNorm(), dNormed, s.mid(), w.postAttentionNorm(), s.postRstd());
  }

  private void attentionBackward(
      Parameters.Layer g,
      Parameters.Layer w,
      BlockState s,
      DeviceBatch batch,
      Tensor dAttended,
      Tensor dX,
      DeviceArena arena) {
    int t = dAttended.dim0();
    Tensor dQkv = floats(arena, t, heads.qkvWidth());
    ops.attentionBackward(
        dQkv, dAttended, s.attended(), s.qkv(), s.logSumExp(), present(batch.segments()), heads);
    ops.ropeBackward(dQkv, batch.positions(), cos, sin, heads);
    if (w.qNorm() != null && w.kNorm() != null) {
      Tensor dRaw = floats(arena, t, heads.qkvWidth());
      ops.qkNormBackward(
          dRaw,
          present(g.qNorm()),
          present(g.kNorm()),
          dQkv,
          present(s.rawQkv()),
          w.qNorm(),
          w.kNorm(),
          present(s.qkRstd()),
          heads);
      dQkv = dRaw;
    }
    Tensor dNormed = floats(arena, t, config.hiddenSize());
    ops.linearBackwardInput(dNormed, dQkv, w.qkvProj());
    ops.linearBackwardWeight(g.qkvProj(), g.qkvBias(), s.normed(), dQkv);
    ops.rmsNormBackwardAdd(dX, g.inputNorm(), dNormed, s.x(), w.inputNorm(), s.inputRstd());
  }

  /** Rotary tables for generation: cosines (maxPositions, E/2). */
  public Tensor cos() {
    return cos;
  }

  /** Rotary tables for generation: sines (maxPositions, E/2). */
  public Tensor sin() {
    return sin;
  }

  @Override
  public void close() {
    tables.close();
  }

  private static Tensor present(@Nullable Tensor tensor) {
    if (tensor == null) {
      throw new IllegalStateException(
          "transformer: a tensor this pass needs is missing; was the forward pass run over packed"
              + " segments with keep = true?");
    }
    return tensor;
  }

  private Tensor floats(DeviceArena arena, int rows, int columns) {
    return arena.allocate(ops.floatType(), Shape.of(rows, columns));
  }

  private Tensor state(DeviceArena arena, int rows, int columns) {
    return arena.allocate(ops.stateType(), Shape.of(rows, columns));
  }

  private Tensor vector(DeviceArena arena, int n) {
    return arena.allocate(ops.stateType(), Shape.of(n));
  }
}
