package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.setFloat;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.NormKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * RMSNorm row by row. The gradient of the weight is a second loop, over columns, that walks the
 * tokens in order with the sums in registers.
 */
final class CpuNormKernels implements NormKernels {
  private static final int ROW_GRAIN = 16;

  /**
   * Rows taken together step by step, so that the long chains of one row (the sum across lanes, the
   * root, the division) run beside those of the others. They stay in L1.
   */
  private static final int BLOCK = 16;

  private final CpuThreadPool pool;
  private final OffsetWeights weights = new OffsetWeights();
  private final OffsetWeights keyWeights = new OffsetWeights();

  CpuNormKernels(CpuThreadPool pool) {
    this.pool = pool;
  }

  @Override
  public void rmsNorm(Tensor out, Tensor rstd, Tensor x, Tensor weight, double offset, double eps) {
    int d = Math.toIntExact(weight.elements());
    long outAt = HostBuffer.address(out);
    long rstdAt = HostBuffer.address(rstd);
    long xAt = HostBuffer.address(x);
    long weightAt = weights.address(weight, offset);
    RowBlocks.run(
        pool,
        x.dim0(),
        ROW_GRAIN,
        (from, to, worker) -> {
          float[] lanes = pool.floats(worker, Lanes.COUNT);
          for (int block = from; block < to; block += BLOCK) {
            int end = Math.min(block + BLOCK, to);
            for (int t = block; t < end; t++) {
              long row = 4L * t * d;
              setFloat(rstdAt + 4L * t, Lanes.dot(xAt + row, xAt + row, d, lanes));
            }
            normaliseRows(outAt, xAt, weightAt, rstdAt, block, end, d, eps);
          }
        });
  }

  @Override
  public void addRmsNorm(
      Tensor out,
      Tensor sum,
      Tensor rstd,
      Tensor x,
      Tensor delta,
      Tensor weight,
      double offset,
      double eps) {
    int d = Math.toIntExact(weight.elements());
    long outAt = HostBuffer.address(out);
    long sumAt = HostBuffer.address(sum);
    long rstdAt = HostBuffer.address(rstd);
    long xAt = HostBuffer.address(x);
    long deltaAt = HostBuffer.address(delta);
    long weightAt = weights.address(weight, offset);
    RowBlocks.run(
        pool,
        x.dim0(),
        ROW_GRAIN,
        (from, to, worker) -> {
          float[] lanes = pool.floats(worker, Lanes.COUNT);
          for (int block = from; block < to; block += BLOCK) {
            int end = Math.min(block + BLOCK, to);
            for (int t = block; t < end; t++) {
              long row = 4L * t * d;
              long sumRow = sumAt + row;
              float squares = Lanes.sumOfSquares(sumRow, xAt + row, deltaAt + row, d, lanes);
              setFloat(rstdAt + 4L * t, squares);
            }
            normaliseRows(outAt, sumAt, weightAt, rstdAt, block, end, d, eps);
          }
        });
  }

  /** The rows of a block, whose sums of squares stand where rstd is to be written. */
  private static void normaliseRows(
      long out, long x, long weight, long rstd, int from, int to, int d, double eps) {
    for (int t = from; t < to; t++) {
      setFloat(rstd + 4L * t, rstd(getFloat(rstd + 4L * t), d, eps));
    }
    for (int t = from; t < to; t++) {
      long row = 4L * t * d;
      normalise(out + row, x + row, weight, getFloat(rstd + 4L * t), d);
    }
  }

  private static float rstd(float sumOfSquares, int d, double eps) {
    return (float) (1 / Math.sqrt(sumOfSquares / (double) d + eps));
  }

  private static void normalise(long out, long x, long weight, float rstd, int n) {
    int i = 0;
    for (; i <= n - 4 * LANES; i += 4 * LANES) {
      normaliseLanes(out + 4L * i, x + 4L * i, weight + 4L * i, rstd);
      normaliseLanes(out + 4L * (i + LANES), x + 4L * (i + LANES), weight + 4L * (i + LANES), rstd);
      normaliseLanes(
          out + 4L * (i + 2 * LANES),
          x + 4L * (i + 2 * LANES),
          weight + 4L * (i + 2 * LANES),
          rstd);
      normaliseLanes(
          out + 4L * (i + 3 * LANES),
          x + 4L * (i + 3 * LANES),
          weight + 4L * (i + 3 * LANES),
          rstd);
    }
    for (; i <= n - LANES; i += LANES) {
      normaliseLanes(out + 4L * i, x + 4L * i, weight + 4L * i, rstd);
    }
    if (i < n) {
      VectorMask<Float> tail = Lanes.tail(i, n);
      Lanes.store(
          out + 4L * i,
          Lanes.load(x + 4L * i, tail).mul(rstd).mul(Lanes.load(weight + 4L * i, tail)),
          tail);
    }
  }

  private static void normaliseLanes(long out, long x, long weight, float rstd) {
    store(out, load(x).mul(rstd).mul(load(weight)));
  }

  @Override
  public void rmsNormBackward(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset) {
    backward(dX, dWeight, dOut, x, weight, rstd, offset, false);
  }

  @Override
  public void rmsNormBackwardAdd(
      Tensor dX, Tensor dWeight, Tensor dOut, Tensor x, Tensor weight, Tensor rstd, double offset) {
    backward(dX, dWeight, dOut, x, weight, rstd, offset, true);
  }

  private void backward(
      Tensor dX,
      Tensor dWeight,
      Tensor dOut,
      Tensor x,
      Tensor weight,
      Tensor rstd,
      double offset,
      boolean add) {
    int d = Math.toIntExact(weight.elements());
    long dXAt = HostBuffer.address(dX);
    long dOutAt = HostBuffer.address(dOut);
    long xAt = HostBuffer.address(x);
    long weightAt = weights.address(weight, offset);
    long rstdAt = HostBuffer.address(rstd);
    int tokens = x.dim0();
    // First, because dX may be dOut's memory.
    weightGradient(HostBuffer.address(dWeight), dOutAt, xAt, rstdAt, tokens, d);
    RowBlocks.run(
        pool,
        tokens,
        ROW_GRAIN,
        (from, to, worker) -> {
          float[] lanes = pool.floats(worker, Lanes.COUNT + BLOCK);
          for (int block = from; block < to; block += BLOCK) {
            int rows = Math.min(BLOCK, to - block);
            for (int i = 0; i < rows; i++) {
              long row = 4L * (block + i) * d;
              float dot = Lanes.dot(dOutAt + row, weightAt, xAt + row, d, lanes);
              float r = getFloat(rstdAt + 4L * (block + i));
              lanes[Lanes.COUNT + i] = minusProjection(dot, r, d);
            }
            for (int i = 0; i < rows; i++) {
              long row = 4L * (block + i) * d;
              float r = getFloat(rstdAt + 4L * (block + i));
              float c = lanes[Lanes.COUNT + i];
              backwardRow(dXAt + row, dOutAt + row, xAt + row, weightAt, r, c, d, add);
            }
          }
        });
  }

  /** Factor of x in dX = rstd·w·dOut − x · rstd³/D · Σ w·dOut·x. */
  private static float minusProjection(float dot, float rstd, int d) {
    return -(rstd * rstd * rstd / d) * dot;
  }

  private static void backwardRow(
      long dX, long dOut, long x, long w, float rstd, float c, int n, boolean add) {
    int i = 0;
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      long at = 4L * i;
      backwardLanes(dX + at, dOut + at, x + at, w + at, rstd, c, add);
      at += 4L * LANES;
      backwardLanes(dX + at, dOut + at, x + at, w + at, rstd, c, add);
    }
    for (; i <= n - LANES; i += LANES) {
      backwardLanes(dX + 4L * i, dOut + 4L * i, x + 4L * i, w + 4L * i, rstd, c, add);
    }
    if (i < n) {
      VectorMask<Float> tail = Lanes.tail(i, n);
      FloatVector g = Lanes.load(dOut + 4L * i, tail).mul(Lanes.load(w + 4L * i, tail)).mul(rstd);
      FloatVector d = Lanes.load(x + 4L * i, tail).mul(c).add(g);
      Lanes.store(dX + 4L * i, add ? Lanes.load(dX + 4L * i, tail).add(d) : d, tail);
    }
  }

  private static void backwardLanes(
      long dX, long dOut, long x, long w, float rstd, float c, boolean add) {
    FloatVector g = load(dOut).mul(load(w)).mul(rstd);
    FloatVector d = load(x).mul(c).add(g);
    store(dX, add ? load(dX).add(d) : d);
  }

  /** dWeight += Σ_t dOut[t] · (x[t]·rstd[t]), every column a chain over the tokens in order. */
  private void weightGradient(long dWeight, long dOut, long x, long rstd, int tokens, int d) {
    int stride = 4 * d;
    RowBlocks.run(
        pool,
        (d + WeightGradient.COLUMNS - 1) / WeightGradient.COLUMNS,
        Math.max(1, 2048 / Math.max(tokens, 1)),
        (from, to, worker) -> {
          for (int b = from; b < to; b++) {
            int i = b * WeightGradient.COLUMNS;
            int columns = Math.min(WeightGradient.COLUMNS, d - i);
            WeightGradient.add(
                dWeight + 4L * i,
                columns,
                dOut + 4L * i,
                x + 4L * i,
                stride,
                rstd,
                Float.BYTES,
                tokens);
          }
        });
  }

  @Override
  public void qkNorm(
      Tensor out,
      Tensor rstd,
      Tensor qkv,
      Tensor qWeight,
      Tensor kWeight,
      double offset,
      double eps,
      AttentionShape heads) {
    int e = heads.headDim();
    int normed = heads.numHeads() + heads.numKvHeads();
    int width = heads.qkvWidth();
    long outAt = HostBuffer.address(out);
    long rstdAt = HostBuffer.address(rstd);
    long qkvAt = HostBuffer.address(qkv);
    long qWeightAt = weights.address(qWeight, offset);
    long kWeightAt = keyWeights.address(kWeight, offset);
    RowBlocks.run(
        pool,
        qkv.dim0(),
        ROW_GRAIN,
        (from, to, worker) -> {
          float[] lanes = pool.floats(worker, Lanes.COUNT);
          for (int t = from; t < to; t++) {
            long r = rstdAt + 4L * t * normed;
            for (int h = 0; h < normed; h++) {
              long at = qkvAt + 4 * ((long) t * width + (long) h * e);
              setFloat(r + 4L * h, Lanes.dot(at, at, e, lanes));
            }
            long row = 4L * t * width;
            int queries = heads.numHeads();
            normaliseRows(outAt + row, qkvAt + row, qWeightAt, r, 0, queries, e, eps);
            long keys = row + 4L * queries * e;
            long rKeys = r + 4L * queries;
            normaliseRows(
                outAt + keys, qkvAt + keys, kWeightAt, rKeys, 0, normed - queries, e, eps);
            long values = 4 * ((long) t * width + (long) normed * e);
            Lanes.copy(outAt + values, qkvAt + values, heads.kvWidth());
          }
        });
  }

  @Override
  public void qkNormBackward(
      Tensor dQkv,
      Tensor dQWeight,
      Tensor dKWeight,
      Tensor dOut,
      Tensor qkv,
      Tensor qWeight,
      Tensor kWeight,
      Tensor rstd,
      double offset,
      AttentionShape heads) {
    int e = heads.headDim();
    int normed = heads.numHeads() + heads.numKvHeads();
    int width = heads.qkvWidth();
    int tokens = qkv.dim0();
    long dQkvAt = HostBuffer.address(dQkv);
    long dOutAt = HostBuffer.address(dOut);
    long qkvAt = HostBuffer.address(qkv);
    long qWeightAt = weights.address(qWeight, offset);
    long kWeightAt = keyWeights.address(kWeight, offset);
    long rstdAt = HostBuffer.address(rstd);
    headWeightGradient(
        HostBuffer.address(dQWeight), dOutAt, qkvAt, rstdAt, tokens, 0, heads.numHeads(), heads);
    headWeightGradient(
        HostBuffer.address(dKWeight),
        dOutAt,
        qkvAt,
        rstdAt,
        tokens,
        heads.numHeads(),
        heads.numKvHeads(),
        heads);
    RowBlocks.run(
        pool,
        tokens,
        ROW_GRAIN,
        (from, to, worker) -> {
          float[] lanes = pool.floats(worker, Lanes.COUNT);
          for (int t = from; t < to; t++) {
            for (int h = 0; h < normed; h++) {
              long at = 4 * ((long) t * width + (long) h * e);
              long weight = h < heads.numHeads() ? qWeightAt : kWeightAt;
              float r = getFloat(rstdAt + 4 * ((long) t * normed + h));
              float dot = Lanes.dot(dOutAt + at, weight, qkvAt + at, e, lanes);
              backwardRow(
                  dQkvAt + at,
                  dOutAt + at,
                  qkvAt + at,
                  weight,
                  r,
                  minusProjection(dot, r, e),
                  e,
                  false);
            }
            long values = 4 * ((long) t * width + (long) normed * e);
            Lanes.copy(dQkvAt + values, dOutAt + values, heads.kvWidth());
          }
        });
  }

  /**
   * As {@link #weightGradient} for a weight that {@code count} heads share, in the order of tokens,
   * then heads.
   */
  private void headWeightGradient(
      long dWeight,
      long dOut,
      long qkv,
      long rstd,
      int tokens,
      int firstHead,
      int count,
      AttentionShape heads) {
    int e = heads.headDim();
    int normed = heads.numHeads() + heads.numKvHeads();
    RowBlocks.run(
        pool,
        (e + WeightGradient.COLUMNS - 1) / WeightGradient.COLUMNS,
        Math.max(1, 2048 / Math.max(tokens, 1)),
        (from, to, worker) -> {
          for (int b = from; b < to; b++) {
            int i = b * WeightGradient.COLUMNS;
            int columns = Math.min(WeightGradient.COLUMNS, e - i);
            for (int t = 0; t < tokens; t++) {
              long at = 4 * ((long) t * heads.qkvWidth() + (long) firstHead * e + i);
              long rstdAt = rstd + 4 * ((long) t * normed + firstHead);
              WeightGradient.add(
                  dWeight + 4L * i,
                  columns,
                  dOut + at,
                  qkv + at,
                  4 * e,
                  rstdAt,
                  Float.BYTES,
                  count);
            }
          }
        });
  }
}
