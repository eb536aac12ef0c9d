package org.score4j.core.model;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Forward and backward of low-rank adapters, beside the weights they adapt. Nothing is kept for the
 * backward pass: x·A is small and computed again.
 *
 * <p>An output that shares its weight with others is added piece by piece: the rows of {@code
 * scatterAddRows} are pieces of the shared output, their numbers a table that is made once for the
 * longest pass. Owns the tables.
 */
final class Adapters implements AutoCloseable {
  static final List<LoraTarget> QKV =
      List.of(LoraTarget.Q_PROJ, LoraTarget.K_PROJ, LoraTarget.V_PROJ);
  static final List<LoraTarget> O = List.of(LoraTarget.O_PROJ);
  static final List<LoraTarget> GATE_UP = List.of(LoraTarget.GATE_PROJ, LoraTarget.UP_PROJ);
  static final List<LoraTarget> DOWN = List.of(LoraTarget.DOWN_PROJ);

  private final Ops ops;
  private final ModelConfig config;
  private @Nullable DeviceArena arena;
  private @Nullable LoraConfig lora;
  private int tokens;
  private final Map<LoraTarget, Tensor> rows = new EnumMap<>(LoraTarget.class);

  Adapters(Ops ops, ModelConfig config) {
    this.ops = ops;
    this.config = config;
  }

  /** Makes room for passes of up to {@code most} tokens with adapters like these. */
  void reserve(LoraConfig like, int most) {
    if (like.equals(lora) && most <= tokens) {
      return;
    }
    close();
    long bytes = 0;
    for (LoraTarget target : like.targets()) {
      bytes += DeviceArena.footprint(DType.I32, Shape.of(Math.multiplyExact(most, pieces(target))));
    }
    DeviceArena tables = ops.newArena("adapter tables", bytes);
    arena = tables;
    lora = like;
    tokens = most;
    for (LoraTarget target : like.targets()) {
      if (!target.isAlone()) {
        rows.put(target, DeviceBatch.upload(ops, tables, table(target, most), 1));
      }
    }
  }

  private int pieces(LoraTarget target) {
    return target.outputs(config) / target.pieceWidth(config);
  }

  private int piecesPerRow(LoraTarget target) {
    return QKV.contains(target) ? config.numHeads() + 2 * config.numKvHeads() : 2;
  }

  private int[] table(LoraTarget target, int most) {
    int pieces = pieces(target);
    int[] table = new int[most * pieces];
    for (int i = 0; i < table.length; i++) {
      table[i] = i / pieces * piecesPerRow(target) + target.firstPiece(config) + i % pieces;
    }
    return table;
  }

  /**
   * {@code out += (alpha/r)·(x·A)·B} for the targets that share a weight.
   *
   * @param out (T, all outputs of the weight)
   * @param x (T, K)
   */
  void forward(
      Tensor out, Tensor x, Parameters.Layer w, List<LoraTarget> targets, DeviceArena memory) {
    for (LoraTarget target : targets) {
      LowRank adapter = w.adapters().get(target);
      if (adapter == null) {
        continue;
      }
      long mark = memory.mark();
      Tensor u = floats(memory, x.dim0(), adapter.a().dim1());
      ops.linear(u, x, adapter.a(), null);
      addProduct(out, u, adapter.b(), target, memory);
      memory.release(mark);
    }
  }

  /** {@code out += (alpha/r)·u·B}; u (T, r) is changed. */
  void addProduct(Tensor out, Tensor u, Tensor b, LoraTarget target, DeviceArena memory) {
    ops.scale(u, u, reserved().scaling());
    Tensor y = floats(memory, u.dim0(), b.dim1());
    ops.linear(y, u, b, null);
    if (target.isAlone()) {
      ops.add(out, out, y);
    } else {
      ops.scatterAddRows(asPieces(out, target), asPieces(y, target), rows(target, u.dim0()));
    }
  }

  /**
   * {@code dX += du·Aᵀ}, {@code dA += xᵀ·du}, {@code dB += (alpha/r)·(x·A)ᵀ·dY} with {@code du =
   * (alpha/r)·dY·Bᵀ}.
   *
   * @param g accumulated
   * @param dX (T, K), accumulated, an exception among activation gradients
   * @param x (T, K)
   * @param dOut (T, all outputs of the weight)
   */
  void backward(
      Parameters.Layer g,
      Tensor dX,
      Tensor x,
      Tensor dOut,
      Parameters.Layer w,
      List<LoraTarget> targets,
      DeviceArena memory) {
    for (LoraTarget target : targets) {
      LowRank adapter = w.adapters().get(target);
      LowRank gradient = g.adapters().get(target);
      if (adapter == null || gradient == null) {
        continue;
      }
      int t = x.dim0();
      long mark = memory.mark();
      Tensor dY = dOut;
      if (!target.isAlone()) {
        dY = floats(memory, t, adapter.b().dim1());
        ops.gatherRows(asPieces(dY, target), asPieces(dOut, target), rows(target, t));
      }
      Tensor u = floats(memory, t, adapter.a().dim1());
      ops.linear(u, x, adapter.a(), null);
      ops.scale(u, u, reserved().scaling());
      ops.linearBackwardWeight(gradient.b(), null, u, dY);
      Tensor dU = floats(memory, t, adapter.a().dim1());
      ops.linearBackwardInput(dU, dY, adapter.b());
      ops.scale(dU, dU, reserved().scaling());
      ops.linearBackwardWeight(gradient.a(), null, x, dU);
      Tensor more = floats(memory, t, x.dim1());
      ops.linearBackwardInput(more, dU, adapter.a());
      ops.add(dX, dX, more);
      memory.release(mark);
    }
  }

  /** {@code W += (alpha/r)·A·B}, row by row of W as if it were an output and A what led to it. */
  void merge(Parameters adapted) {
    LoraConfig like =
        adapted
            .lora()
            .orElseThrow(() -> new IllegalArgumentException("adapters: there are none to merge"));
    int widest = 0;
    for (LoraTarget target : like.targets()) {
      widest = Math.max(widest, target.inputs(config));
    }
    reserve(like, widest);
    try (DeviceArena memory = ops.newArena("merge", like.temporaryBytes(config, widest, ops))) {
      for (int l = 0; l < config.numLayers(); l++) {
        Parameters.Layer w = adapted.layer(l);
        w.adapters()
            .forEach(
                (target, adapter) -> {
                  long mark = memory.mark();
                  Tensor u = floats(memory, adapter.a().dim0(), adapter.a().dim1());
                  ops.cast(u, adapter.a());
                  addProduct(weight(w, target), u, adapter.b(), target, memory);
                  memory.release(mark);
                });
      }
    }
  }

  private static Tensor weight(Parameters.Layer w, LoraTarget target) {
    return switch (target) {
      case Q_PROJ, K_PROJ, V_PROJ -> w.qkvProj();
      case O_PROJ -> w.oProj();
      case GATE_PROJ, UP_PROJ -> w.gateUpProj();
      case DOWN_PROJ -> w.downProj();
    };
  }

  private Tensor asPieces(Tensor tensor, LoraTarget target) {
    int width = target.pieceWidth(config);
    return tensor.reshape(Shape.of(Math.toIntExact(tensor.elements() / width), width));
  }

  private Tensor rows(LoraTarget target, int t) {
    Tensor table = rows.get(target);
    if (table == null || t > tokens) {
      throw new IllegalStateException(
          "adapters: a pass of %d tokens with %s, room is for %d; reserve it first"
              .formatted(t, target.moduleName(), tokens));
    }
    return table.rows(0, t * pieces(target));
  }

  private LoraConfig reserved() {
    if (lora == null) {
      throw new IllegalStateException("adapters: no room was reserved");
    }
    return lora;
  }

  private Tensor floats(DeviceArena memory, int t, int columns) {
    return memory.allocate(ops.floatType(), Shape.of(t, columns));
  }

  @Override
  public void close() {
    rows.clear();
    tokens = 0;
    if (arena != null) {
      arena.close();
      arena = null;
    }
  }
}
