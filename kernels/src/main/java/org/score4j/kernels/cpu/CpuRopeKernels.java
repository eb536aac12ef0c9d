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

  private static final VectorMask<Float> LOW_HALF = Lanes.tail(0, LANES / 2);

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

  // Each method loads its own vectors: one handed to a method that is not inlined would be boxed.

  private static void rotate(long row, int heads, int half, long cos, long sin, float sign) {
    if (2 * half == LANES) {
      rotateHeads(row, heads, cos, sin, sign);
      return;
    }
    int i = 0;
    for (; i <= half - LANES; i += LANES) {
      rotateLanes(row + 4L * i, heads, half, cos + 4L * i, sin + 4L * i, sign);
    }
    if (i < half) {
      rotateTail(row + 4L * i, heads, half, cos + 4L * i, sin + 4L * i, sign, half - i);
    }
  }

  /** Heads of one vector each; the low lanes take the negative sine. */
  private static void rotateHeads(long row, int heads, long cos, long sin, float sign) {
    FloatVector c = Lanes.load(cos, LOW_HALF).rearrange(TWICE);
    FloatVector s = Lanes.load(sin, LOW_HALF).rearrange(TWICE).mul(sign);
    FloatVector signed = s.blend(s.neg(), LOW_HALF);
    for (int h = 0; h < heads; h++) {
      long at = row + 4L * LANES * h;
      FloatVector x = Lanes.load(at);
      Lanes.store(at, x.rearrange(SWAP).fma(signed, x.mul(c)));
    }
  }

  /**
   * The same lanes of every head: low' = low·cos − high·sin, high' = high·cos + low·sin, the
   * product with the cosine rounded by itself.
   */
  private static void rotateLanes(long row, int heads, int half, long cos, long sin, float sign) {
    FloatVector c = Lanes.load(cos);
    FloatVector s = Lanes.load(sin).mul(sign);
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

  /** As {@link #rotateLanes} for the first n lanes. */
  private static void rotateTail(
      long row, int heads, int half, long cos, long sin, float sign, int n) {
    VectorMask<Float> tail = Lanes.tail(0, n);
    FloatVector c = Lanes.load(cos, tail);
    FloatVector s = Lanes.load(sin, tail).mul(sign);
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
