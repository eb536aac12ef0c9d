package org.score4j.training.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.score4j.core.model.ModelConfig;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.LossKernels.HeadGradients;
import org.score4j.kernels.LossKernels.HeadOutputs;
import org.score4j.kernels.Ops;
import org.score4j.kernels.OptimizerKernels.AdamWStep;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Every op alone, at the shapes of one training pass. Ops that only move data are given in GB/s of
 * the bytes they must read and write once, beside a plain copy; those that multiply in GFLOP/s.
 */
public final class OpBenchmark implements AutoCloseable {
  private static final long SEED = 1;

  private final Ops ops;
  private final ModelConfig config;
  private final int tokens;
  private final int length;
  private final double warmUpSeconds;
  private final int reps;
  private final List<DeviceArena> arenas = new ArrayList<>();
  private final List<BenchRow> rows = new ArrayList<>();

  /**
   * Prepares nothing yet.
   *
   * @param sequences of a pass
   * @param warmUpSeconds of each op
   * @param reps measurements of each op
   */
  public OpBenchmark(Ops ops, BenchShape shape, int sequences, double warmUpSeconds, int reps) {
    this.ops = ops;
    this.config = shape.model();
    this.length = shape.trainLength();
    this.tokens = Math.min(sequences, shape.trainSequences()) * length;
    this.warmUpSeconds = warmUpSeconds;
    this.reps = reps;
  }

  /** Times them all. */
  public List<BenchRow> run() {
    copy();
    release();
    elementwise();
    release();
    linear();
    release();
    attention();
    release();
    pagedAttention();
    release();
    head();
    release();
    optimizer();
    return List.copyOf(rows);
  }

  private void copy() {
    int d = config.hiddenSize();
    Tensor x = floats(tokens, d);
    Tensor out = floats(tokens, d);
    moves("copy", size(tokens, d), 2L * tokens * d, () -> ops.cast(out, x));
  }

  private void elementwise() {
    int d = config.hiddenSize();
    int f = config.intermediateSize();
    AttentionShape heads = config.heads();
    long td = (long) tokens * d;
    Tensor x = floats(tokens, d);
    Tensor delta = floats(tokens, d);
    Tensor sum = floats(tokens, d);
    Tensor out = floats(tokens, d);
    Tensor rstd = state(tokens);
    Tensor weight = floats(d);
    Tensor dWeight = state(d);
    moves(
        "addRmsNorm",
        size(tokens, d),
        4 * td,
        () -> ops.addRmsNorm(out, sum, rstd, x, delta, weight, 0, 1e-5));
    moves(
        "rmsNormBackwardAdd",
        size(tokens, d),
        4 * td,
        () -> ops.rmsNormBackwardAdd(out, dWeight, delta, x, weight, rstd, 0));
    Tensor gateUp = floats(tokens, 2 * f);
    Tensor gated = floats(tokens, f);
    Tensor dGateUp = floats(tokens, 2 * f);
    moves("swiglu", size(tokens, f), 3L * tokens * f, () -> ops.swiglu(gated, gateUp));
    moves(
        "swigluBackward",
        size(tokens, f),
        5L * tokens * f,
        () -> ops.swigluBackward(dGateUp, gated, gateUp));
    Tensor qkv = floats(tokens, heads.qkvWidth());
    Tensor cos = stateTable(config.maxPositions(), heads.headDim() / 2);
    Tensor sin = stateTable(config.maxPositions(), heads.headDim() / 2);
    Tensor positions = ints(tokens, length);
    long rotated = (long) tokens * (heads.queryWidth() + heads.kvWidth());
    moves(
        "rope",
        size(tokens, heads.qkvWidth()),
        2 * rotated,
        () -> ops.rope(qkv, positions, cos, sin, heads));
    Tensor table = floats(config.vocabSize(), d);
    Tensor ids = ints(tokens, config.vocabSize());
    moves("embedding", size(tokens, d), 2 * td, () -> ops.embedding(out, ids, table));
  }

  private void linear() {
    int d = config.hiddenSize();
    int n = 2 * config.intermediateSize();
    Tensor x = floats(tokens, d);
    Tensor w = floats(d, n);
    Tensor out = floats(tokens, n);
    Tensor dW = stateTable(d, n);
    double flops = 2.0 * tokens * d * n;
    String sizes = "(%d, %d) x (%d, %d)".formatted(tokens, d, d, n);
    multiplies("linear", sizes, flops, () -> ops.linear(out, x, w, null));
    multiplies("linearBackwardInput", sizes, flops, () -> ops.linearBackwardInput(x, out, w));
    multiplies(
        "linearBackwardWeight", sizes, flops, () -> ops.linearBackwardWeight(dW, null, x, out));
  }

  private void attention() {
    AttentionShape heads = config.heads();
    Tensor qkv = floats(tokens, heads.qkvWidth());
    Tensor dQkv = floats(tokens, heads.qkvWidth());
    Tensor out = floats(tokens, heads.queryWidth());
    Tensor dOut = floats(tokens, heads.queryWidth());
    Tensor lse = stateTable(tokens, heads.numHeads());
    int count = tokens / length;
    int[] table = new int[4 * count];
    for (int s = 0; s < count; s++) {
      table[4 * s] = s * length;
      table[4 * s + 1] = length;
    }
    Tensor segments = arena(DType.I32, Shape.of(count, 4));
    ops.upload(segments, table);
    // Scores and outputs of the half of the pairs that is seen; backward has five such products.
    double flops = 2.0 * tokens * (length + 1) * heads.queryWidth();
    String sizes =
        "%d x %d tokens, %d heads of %d"
            .formatted(count, length, heads.numHeads(), heads.headDim());
    multiplies("attention", sizes, flops, () -> ops.attention(out, lse, qkv, segments, heads));
    multiplies(
        "attentionBackward",
        sizes,
        2.5 * flops,
        () -> ops.attentionBackward(dQkv, dOut, out, qkv, lse, segments, heads));
  }

  private void pagedAttention() {
    AttentionShape heads = config.heads();
    int page = AttentionKernels.PAGE_TOKENS;
    int sequences = 64;
    int pagesEach = Math.ceilDiv(length, page);
    Tensor k = floats(sequences * pagesEach, page * heads.kvWidth());
    Tensor v = floats(sequences * pagesEach, page * heads.kvWidth());
    Tensor qkv = floats(sequences, heads.qkvWidth());
    Tensor out = floats(sequences, heads.queryWidth());
    int[] tables = new int[sequences * pagesEach];
    int[] rowSequence = new int[sequences];
    int[] rowLength = new int[sequences];
    for (int i = 0; i < tables.length; i++) {
      tables[i] = i;
    }
    for (int s = 0; s < sequences; s++) {
      rowSequence[s] = s;
      rowLength[s] = length;
    }
    Tensor pageTables = arena(DType.I32, Shape.of(sequences, pagesEach));
    ops.upload(pageTables, tables);
    Tensor owner = arena(DType.I32, Shape.of(sequences));
    ops.upload(owner, rowSequence);
    Tensor keys = arena(DType.I32, Shape.of(sequences));
    ops.upload(keys, rowLength);
    moves(
        "pagedAttention",
        "%d sequences of %d keys".formatted(sequences, length),
        2L * sequences * length * heads.kvWidth(),
        () -> ops.pagedAttention(out, qkv, k, v, pageTables, owner, keys, heads));
  }

  private void head() {
    int d = config.hiddenSize();
    int v = config.vocabSize();
    Tensor hidden = floats(tokens, d);
    Tensor table = floats(v, d);
    Tensor targets = ints(tokens, v);
    HeadOutputs outputs = new HeadOutputs(state(tokens), state(tokens), null, null);
    HeadGradients gradients =
        new HeadGradients(floats(tokens, d), stateTable(v, d), state(tokens), null);
    double flops = 2.0 * tokens * d * v;
    String sizes = "(%d, %d) x (%d, %d)".formatted(tokens, d, d, v);
    multiplies(
        "lmHead",
        sizes,
        flops,
        () -> ops.lmHead(outputs, null, hidden, table, targets, null, 1, 0));
    multiplies(
        "lmHead with gradients",
        sizes,
        3 * flops,
        () -> ops.lmHead(outputs, gradients, hidden, table, targets, null, 1, 0));
    int n = Math.min(tokens, 64);
    Tensor drawn = arena(DType.I32, Shape.of(n));
    Tensor keys = arena(DType.I32, Shape.of(n, 3));
    ops.upload(keys, new int[3 * n]);
    Tensor few = hidden.rows(0, n);
    Tensor logProbs = state(n);
    multiplies(
        "sample",
        "(%d, %d) x (%d, %d)".formatted(n, d, d, v),
        2.0 * n * d * v,
        () -> ops.sample(drawn, logProbs, few, table, keys, 1, 0));
  }

  private void optimizer() {
    int d = config.hiddenSize();
    int f = config.intermediateSize();
    long n = 3L * d * f;
    Tensor param = floats(3 * d, f);
    boolean apart = ops.floatType() != ops.stateType();
    Tensor master = apart ? stateTable(3 * d, f) : null;
    Tensor m = stateTable(3 * d, f);
    Tensor v = stateTable(3 * d, f);
    Tensor grad = stateTable(3 * d, f);
    AdamWStep step = new AdamWStep(1e-4, 0.9, 0.95, 1e-8, 0.1, 10, 1);
    int stateBytes = ops.stateType().byteSize();
    // Moments and weights are read and written, gradients read.
    long bytes =
        n * 5 * stateBytes
            + n * (apart ? 2L * stateBytes + ops.floatType().byteSize() : 2L * stateBytes);
    Timing timing =
        Timing.of(
            ops.backend(), warmUpSeconds, reps, () -> ops.adamW(param, master, m, v, grad, step));
    rows.add(BenchRow.of("adamW", size(3 * d, f), timing, bytes / 1e9, "GB/s"));
    Timing norm =
        Timing.of(ops.backend(), warmUpSeconds, reps, () -> sink = ops.sumOfSquares(grad));
    rows.add(BenchRow.of("sumOfSquares", size(3 * d, f), norm, n * stateBytes / 1e9, "GB/s"));
  }

  /** Keeps a result alive. */
  private double sink;

  /** The last sum of squares, so that nothing is computed for nobody. */
  public double lastSum() {
    return sink;
  }

  private void moves(String what, String sizes, long elements, Runnable body) {
    double bytes = (double) elements * ops.floatType().byteSize();
    Timing timing = Timing.of(ops.backend(), warmUpSeconds, reps, body);
    rows.add(BenchRow.of(what, sizes, timing, bytes / 1e9, "GB/s"));
  }

  private void multiplies(String what, String sizes, double flops, Runnable body) {
    Timing timing = Timing.of(ops.backend(), warmUpSeconds, reps, body);
    rows.add(BenchRow.of(what, sizes, timing, flops / 1e9, "GFLOP/s"));
  }

  private static String size(int rows, int columns) {
    return "(%d, %d)".formatted(rows, columns);
  }

  private Tensor floats(int... dims) {
    return filled(ops.floatType(), dims);
  }

  private Tensor state(int n) {
    return filled(ops.stateType(), n);
  }

  private Tensor stateTable(int rows, int columns) {
    return filled(ops.stateType(), rows, columns);
  }

  private Tensor filled(DType type, int... dims) {
    Tensor tensor = arena(type, dims.length == 1 ? Shape.of(dims[0]) : Shape.of(dims[0], dims[1]));
    ops.fill(tensor, 0.01);
    return tensor;
  }

  /** Indices below {@code limit}. */
  private Tensor ints(int n, int limit) {
    Tensor tensor = arena(DType.I32, Shape.of(n));
    ops.upload(tensor, new SplittableRandom(SEED).ints(n, 0, limit).toArray());
    return tensor;
  }

  private Tensor arena(DType type, Shape shape) {
    DeviceArena arena = ops.newArena("benchmark", DeviceArena.footprint(type, shape));
    arenas.add(arena);
    return arena.allocate(type, shape);
  }

  private void release() {
    arenas.forEach(DeviceArena::close);
    arenas.clear();
  }

  @Override
  public void close() {
    release();
  }
}
