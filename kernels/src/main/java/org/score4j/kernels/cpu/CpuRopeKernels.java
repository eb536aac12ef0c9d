package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.Lanes.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.RopeKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/**
 * Rotary embedding from tables; element i of a head turns with element i + headDim/2, so half a
 * head is one run of lanes.
 */
final class CpuRopeKernels implements RopeKernels {
  private static final int ROW_GRAIN = 16;

  /** Exchanges the halves of a vector. */
  private static final VectorShuffle<Float> SWAP =
      VectorShuffle.fromOp(Lanes.SPECIES, i -> (i + LANES / 2) % LANES);

  /** The low half of a vector, twice. */
  private static final VectorShuffle<Float> TWICE =
      VectorShuffle.fromOp(Lanes.SPECIES, i -> i % (LANES / 2));

  private final CpuThreadPool pool;

  CpuRopeKernels(CpuThreadPool pool) {
    this.pool = pool;
  }

  @Override
  public void rope(Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    rotateRows(qkv, positions, cos, sin, heads, 1f);
  }

  @Override
  public void ropeBackward(
      Tensor dQkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads) {
    rotateRows(dQkv, positions, cos, sin, heads, -1f);
  }

  private void rotateRows(
      Tensor qkv, Tensor positions, Tensor cos, Tensor sin, AttentionShape heads, float sign) {
    long qkvAt = HostBuffer.address(qkv);
    long positionsAt = HostBuffer.address(positions);
    long cosAt = HostBuffer.address(cos);
    long sinAt = HostBuffer.address(sin);
    int half = heads.headDim() / 2;
    int rotated = heads.numHeads() + heads.numKvHeads();
    int width = heads.qkvWidth();
    RowBlocks.run(
        pool,
        qkv.dim0(),
        ROW_GRAIN,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            long table = 4L * HostMemory.getInt(positionsAt + 4L * t) * half;
            rotate(qkvAt + 4L * t * width, rotated, half, cosAt + table, sinAt + table, sign);
          }
        });
  }

  private static void rotate(long row, int heads, int half, long cos, long sin, float sign) {
    if (2 * half == LANES) {
      VectorMask<Float> low = Lanes.tail(0, half);
      FloatVector c = Lanes.load(cos, low).rearrange(TWICE);
      FloatVector s = Lanes.load(sin, low).rearrange(TWICE).mul(sign);
      rotateHeads(row, heads, c, s.neg().blend(s, low.not()));
      return;
    }
    int i = 0;
    for (; i <= half - LANES; i += LANES) {
      FloatVector c = Lanes.load(cos + 4L * i);
      FloatVector s = Lanes.load(sin + 4L * i).mul(sign);
      rotateLanes(row + 4L * i, heads, half, c, s);
    }
    if (i < half) {
      VectorMask<Float> tail = Lanes.tail(i, half);
      FloatVector c = Lanes.load(cos + 4L * i, tail);
      FloatVector s = Lanes.load(sin + 4L * i, tail).mul(sign);
      rotateTail(row + 4L * i, heads, half, c, s, tail);
    }
  }

  /** Heads of one vector each; {@code s} is the negative sine in the low lanes. */
  private static void rotateHeads(long row, int heads, FloatVector c, FloatVector s) {
    for (int h = 0; h < heads; h++) {
      long at = row + 4L * LANES * h;
      FloatVector x = Lanes.load(at);
      Lanes.store(at, x.rearrange(SWAP).fma(s, x.mul(c)));
    }
  }

  /**
   * The same lanes of every head: low' = low·cos − high·sin, high' = high·cos + low·sin, the
   * product with the cosine rounded by itself.
   */
  private static void rotateLanes(long row, int heads, int half, FloatVector c, FloatVector s) {
    FloatVector minus = s.neg();
    for (int h = 0; h < heads; h++) {
      long low = row + 8L * h * half;
      long high = low + 4L * half;
      FloatVector x = Lanes.load(low);
      FloatVector y = Lanes.load(high);
      Lanes.store(low, y.fma(minus, x.mul(c)));
      Lanes.store(high, x.fma(s, y.mul(c)));
    }
  }

  private static void rotateTail(
      long row, int heads, int half, FloatVector c, FloatVector s, VectorMask<Float> tail) {
    FloatVector minus = s.neg();
    for (int h = 0; h < heads; h++) {
      long low = row + 8L * h * half;
      long high = low + 4L * half;
      FloatVector x = Lanes.load(low, tail);
      FloatVector y = Lanes.load(high, tail);
      Lanes.store(low, y.fma(minus, x.mul(c)), tail);
      Lanes.store(high, x.fma(s, y.mul(c)), tail);
    }
  }
}
