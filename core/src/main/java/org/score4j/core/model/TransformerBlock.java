package org.score4j.core.model;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * One block of the decoder, forward and backward. Weights, inputs and memory are passed in.
 *
 * <pre>
 *   x + delta = input ─┬─ rmsNorm ─ qkv ─ (qkNorm) ─ rope ─ attention ─ o ─┬─ + = mid ─ rmsNorm ─ gateUp ─ swiglu = gated
 *                      └────────────────────────────────────────────────────┘
 * </pre>
 *
 * The down projection of {@code gated} is the delta of the next block. With post-norms (Gemma 2 and
 * 3) the outputs of o and of the down projection are normalised before they are added; the gate is
 * SiLU's or GELU's.
 */
final class TransformerBlock {
  private final Ops ops;
  private final ModelConfig config;
  private final AttentionShape heads;
  private final double offset;
  private final double eps;
  private final Tensor cos;
  private final Tensor sin;
  private final Adapters adapters;

  /**
   * A block of this config.
   *
   * @param heads layout and window of its attention
   * @param cos (maxPositions, E/2)
   * @param sin (maxPositions, E/2)
   * @param adapters of the projections, where the weights have some
   */
  TransformerBlock(
      Ops ops,
      ModelConfig config,
      AttentionShape heads,
      Tensor cos,
      Tensor sin,
      Adapters adapters) {
    this.adapters = adapters;
    this.ops = ops;
    this.config = config;
    this.heads = heads;
    this.offset = config.normOffset();
    this.eps = config.rmsNormEps();
    this.cos = cos;
    this.sin = sin;
  }

  /** The same block, computing with other operations. */
  TransformerBlock on(Ops other, Adapters adapters) {
    return new TransformerBlock(other, config, heads, cos, sin, adapters);
  }

  /**
   * What a block leaves for its backward pass.
   *
   * @param input (T, D) residual stream at the block's input
   * @param inputRstd (T)
   * @param normed (T, D)
   * @param rawQkv (T, (H+2KV)·E) before QK norm; null without QK norm
   * @param qkRstd (T, H+KV); null without QK norm
   * @param qkv (T, (H+2KV)·E) rotated
   * @param attended (T, H·E)
   * @param logSumExp (T, H)
   * @param attendedRead {@code attended} at the rows computed from here on: (R, H·E) in the last
   *     block
   * @param attentionOut (T or R, D) output projection before its norm; null without post-norms
   * @param attentionOutRstd (T or R); null without post-norms
   * @param mid (T or R, D) residual stream after attention
   * @param postRstd (T or R)
   * @param postNormed (T or R, D)
   * @param gateUp (T or R, 2F)
   * @param gated (T or R, F)
   * @param feedForwardOut (T or R, D) down projection before its norm, written by {@link #output};
   *     null without post-norms
   * @param feedForwardOutRstd (T or R); null without post-norms
   */
  record State(
      Tensor input,
      Tensor inputRstd,
      Tensor normed,
      @Nullable Tensor rawQkv,
      @Nullable Tensor qkRstd,
      Tensor qkv,
      Tensor attended,
      Tensor logSumExp,
      Tensor attendedRead,
      @Nullable Tensor attentionOut,
      @Nullable Tensor attentionOutRstd,
      Tensor mid,
      Tensor postRstd,
      Tensor postNormed,
      Tensor gateUp,
      Tensor gated,
      @Nullable Tensor feedForwardOut,
      @Nullable Tensor feedForwardOutRstd) {}

  /**
   * Memory that all blocks of a pass share for what they do not keep: normed and postNormed (T, D),
   * gated (T, F).
   */
  record Shared(Tensor normed, Tensor postNormed, Tensor gated) {}

  /** Room for {@link Shared} tensors of a pass over {@code tokens} tokens. */
  Shared shared(DeviceArena arena, int tokens) {
    return new Shared(
        floats(arena, tokens, config.hiddenSize()),
        floats(arena, tokens, config.hiddenSize()),
        floats(arena, tokens, config.intermediateSize()));
  }

  /**
   * Everything of the block but its down projection.
   *
   * @param readRows rows computed from the attention's output on; null for all
   * @param path of attention
   * @param x (T, D)
   * @param delta (T, D) the block before's output; null where {@code x} is the input itself
   * @param input (T, D) receives x + delta; may be {@code x}, not looked at without delta
   * @param mid (T, D) receives the residual stream after attention; may be {@code input}; null for
   *     memory of its own
   * @param shared for what is not kept; null to keep it
   */
  State forward(
      int layer,
      Parameters.Layer w,
      DeviceBatch batch,
      @Nullable Tensor readRows,
      Transformer.AttentionPath path,
      Tensor x,
      @Nullable Tensor delta,
      Tensor input,
      @Nullable Tensor mid,
      @Nullable Shared shared,
      DeviceArena arena) {
    int t = x.dim0();
    int rows = readRows == null ? t : readRows.dim0();
    int d = config.hiddenSize();
    Tensor inputRstd = vector(arena, t);
    Tensor normed = shared == null ? floats(arena, t, d) : shared.normed;
    Tensor stream = delta == null ? x : input;
    if (delta == null) {
      ops.rmsNorm(normed, inputRstd, x, w.inputNorm(), offset, eps);
    } else {
      ops.addRmsNorm(normed, input, inputRstd, x, delta, w.inputNorm(), offset, eps);
    }
    Tensor projected = floats(arena, t, heads.qkvWidth());
    ops.linear(projected, normed, w.qkvProj(), w.qkvBias());
    adapters.forward(projected, normed, w, Adapters.QKV, arena);
    Tensor qkv = projected;
    Tensor qkRstd = null;
    if (w.qNorm() != null && w.kNorm() != null) {
      qkv = floats(arena, t, heads.qkvWidth());
      qkRstd = state(arena, t, heads.numHeads() + heads.numKvHeads());
      ops.qkNorm(qkv, qkRstd, projected, w.qNorm(), w.kNorm(), offset, eps, heads);
    }
    ops.rope(qkv, batch.positions(), cos, sin, heads);
    Tensor attended = floats(arena, t, heads.queryWidth());
    Tensor logSumExp = state(arena, t, heads.numHeads());
    path.attend(layer, attended, logSumExp, qkv);
    Tensor attendedRead = attended;
    Tensor residual = stream;
    if (readRows != null) {
      attendedRead = floats(arena, rows, heads.queryWidth());
      residual = floats(arena, rows, d);
      ops.gatherRows(attendedRead, attended, readRows);
      ops.gatherRows(residual, stream, readRows);
    }
    Tensor projectedOut = floats(arena, rows, d);
    ops.linear(projectedOut, attendedRead, w.oProj(), null);
    adapters.forward(projectedOut, attendedRead, w, Adapters.O, arena);
    Tensor attentionOut = null;
    Tensor attentionOutRstd = null;
    if (w.attentionOutNorm() != null) {
      attentionOut = projectedOut;
      attentionOutRstd = vector(arena, rows);
      projectedOut = floats(arena, rows, d);
      ops.rmsNorm(projectedOut, attentionOutRstd, attentionOut, w.attentionOutNorm(), offset, eps);
    }
    // The gathered residual is a copy already.
    Tensor after = readRows != null ? residual : mid != null ? mid : floats(arena, rows, d);
    Tensor postRstd = vector(arena, rows);
    Tensor postNormed = shared == null ? floats(arena, rows, d) : shared.postNormed.rows(0, rows);
    ops.addRmsNorm(
        postNormed, after, postRstd, residual, projectedOut, w.postAttentionNorm(), offset, eps);
    Tensor gateUp = floats(arena, rows, 2 * config.intermediateSize());
    ops.linear(gateUp, postNormed, w.gateUpProj(), null);
    adapters.forward(gateUp, postNormed, w, Adapters.GATE_UP, arena);
    Tensor gated =
        shared == null
            ? floats(arena, rows, config.intermediateSize())
            : shared.gated.rows(0, rows);
    gate(gated, gateUp);
    return new State(
        stream,
        inputRstd,
        normed,
        qkRstd == null ? null : projected,
        qkRstd,
        qkv,
        attended,
        logSumExp,
        attendedRead,
        attentionOut,
        attentionOutRstd,
        after,
        postRstd,
        postNormed,
        gateUp,
        gated,
        config.postNorms() ? floats(arena, rows, d) : null,
        config.postNorms() ? vector(arena, rows) : null);
  }

  private void gate(Tensor gated, Tensor gateUp) {
    if (config.geluGate()) {
      ops.geglu(gated, gateUp);
    } else {
      ops.swiglu(gated, gateUp);
    }
  }

  /** The block's output (T or R, D): its down projection, normalised where there are post-norms. */
  void output(Tensor out, Parameters.Layer w, State s, DeviceArena arena) {
    if (w.feedForwardOutNorm() == null) {
      ops.linear(out, s.gated, w.downProj(), null);
      adapters.forward(out, s.gated, w, Adapters.DOWN, arena);
      return;
    }
    Tensor raw = present(s.feedForwardOut);
    ops.linear(raw, s.gated, w.downProj(), null);
    adapters.forward(raw, s.gated, w, Adapters.DOWN, arena);
    ops.rmsNorm(out, present(s.feedForwardOutRstd), raw, w.feedForwardOutNorm(), offset, eps);
  }

  /** Computes again what the block did not keep because it lay in {@link Shared} memory. */
  void restoreShared(Parameters.Layer w, State s) {
    ops.rmsNorm(s.normed, s.inputRstd, s.input, w.inputNorm(), offset, eps);
    ops.rmsNorm(s.postNormed, s.postRstd, s.mid, w.postAttentionNorm(), offset, eps);
    gate(s.gated, s.gateUp);
  }

  /**
   * Gradients of the block, its down projection included.
   *
   * @param g accumulated
   * @param dOut (T or R, D) gradient of the residual stream behind the block, changed
   * @param dStream (T, D) that of the stream before it; {@code dOut} itself if all rows are read
   * @param arena for temporaries, not released
   */
  void backward(
      Parameters.Layer g,
      Parameters.Layer w,
      State s,
      DeviceBatch batch,
      Tensor dOut,
      Tensor dStream,
      DeviceArena arena) {
    feedForwardBackward(g, w, s, dOut, arena);
    Tensor dProjected = dOut;
    if (w.attentionOutNorm() != null) {
      dProjected =
          normBackward(
              g.attentionOutNorm(),
              dOut,
              s.attentionOut,
              w.attentionOutNorm(),
              s.attentionOutRstd,
              arena);
    }
    Tensor dAttended = floats(arena, dOut.dim0(), heads.queryWidth());
    ops.linearBackwardInput(dAttended, dProjected, w.oProj());
    weightGradient(g, g.oProj(), null, s.attendedRead, dProjected);
    adapters.backward(g, dAttended, s.attendedRead, dProjected, w, Adapters.O, arena);
    if (batch.readRows() != null && !dStream.equals(dOut)) {
      Tensor dAll = floats(arena, dStream.dim0(), heads.queryWidth());
      ops.fill(dAll, 0);
      ops.scatterAddRows(dAll, dAttended, batch.readRows());
      dAttended = dAll;
      ops.fill(dStream, 0);
      ops.scatterAddRows(dStream, dOut, batch.readRows());
    }
    attentionBackward(g, w, s, batch, dAttended, dStream, arena);
  }

  private void feedForwardBackward(
      Parameters.Layer g, Parameters.Layer w, State s, Tensor dX, DeviceArena arena) {
    int rows = dX.dim0();
    Tensor dDown = dX;
    if (w.feedForwardOutNorm() != null) {
      dDown =
          normBackward(
              g.feedForwardOutNorm(),
              dX,
              s.feedForwardOut,
              w.feedForwardOutNorm(),
              s.feedForwardOutRstd,
              arena);
    }
    Tensor dGated = floats(arena, rows, config.intermediateSize());
    ops.linearBackwardInput(dGated, dDown, w.downProj());
    weightGradient(g, g.downProj(), null, s.gated, dDown);
    adapters.backward(g, dGated, s.gated, dDown, w, Adapters.DOWN, arena);
    Tensor dGateUp = floats(arena, rows, 2 * config.intermediateSize());
    if (config.geluGate()) {
      ops.gegluBackward(dGateUp, dGated, s.gateUp);
    } else {
      ops.swigluBackward(dGateUp, dGated, s.gateUp);
    }
    Tensor dNormed = floats(arena, rows, config.hiddenSize());
    ops.linearBackwardInput(dNormed, dGateUp, w.gateUpProj());
    weightGradient(g, g.gateUpProj(), null, s.postNormed, dGateUp);
    adapters.backward(g, dNormed, s.postNormed, dGateUp, w, Adapters.GATE_UP, arena);
    ops.rmsNormBackwardAdd(
        dX, g.postAttentionNorm(), dNormed, s.mid, w.postAttentionNorm(), s.postRstd, offset);
  }

  private void attentionBackward(
      Parameters.Layer g,
      Parameters.Layer w,
      State s,
      DeviceBatch batch,
      Tensor dAttended,
      Tensor dX,
      DeviceArena arena) {
    int t = dAttended.dim0();
    Tensor dQkv = floats(arena, t, heads.qkvWidth());
    ops.attentionBackward(
        dQkv, dAttended, s.attended, s.qkv, s.logSumExp, batch.requireSegments(), heads);
    ops.ropeBackward(dQkv, batch.positions(), cos, sin, heads);
    if (w.qNorm() != null && w.kNorm() != null) {
      Tensor dRaw = floats(arena, t, heads.qkvWidth());
      ops.qkNormBackward(
          dRaw,
          present(g.qNorm()),
          present(g.kNorm()),
          dQkv,
          present(s.rawQkv),
          w.qNorm(),
          w.kNorm(),
          present(s.qkRstd),
          offset,
          heads);
      dQkv = dRaw;
    }
    Tensor dNormed = floats(arena, t, config.hiddenSize());
    ops.linearBackwardInput(dNormed, dQkv, w.qkvProj());
    weightGradient(g, g.qkvProj(), g.qkvBias(), s.normed, dQkv);
    adapters.backward(g, dNormed, s.normed, dQkv, w, Adapters.QKV, arena);
    ops.rmsNormBackwardAdd(dX, g.inputNorm(), dNormed, s.input, w.inputNorm(), s.inputRstd, offset);
  }

  /** Gradient of what a post-norm has read. */
  private Tensor normBackward(
      @Nullable Tensor dWeight,
      Tensor dOut,
      @Nullable Tensor x,
      Tensor weight,
      @Nullable Tensor rstd,
      DeviceArena arena) {
    Tensor dX = floats(arena, dOut.dim0(), config.hiddenSize());
    ops.rmsNormBackward(dX, present(dWeight), dOut, present(x), weight, present(rstd), offset);
    return dX;
  }

  /** Adds the gradient of a weight, unless it is frozen under an adapter. */
  private void weightGradient(
      Parameters.Layer g, Tensor dWeight, @Nullable Tensor dBias, Tensor x, Tensor dOut) {
    if (g.adapters().isEmpty()) {
      ops.linearBackwardWeight(dWeight, dBias, x, dOut);
    }
  }

  private static Tensor present(@Nullable Tensor tensor) {
    if (tensor == null) {
      throw new IllegalStateException("transformer: no tensor of a norm that the model has");
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
