package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.HostMemory.setFloat;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
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

  /**
   * For halves of eight, the common headDim of 16 on 512-bit machines, and everything that 16 lanes
   * do not divide.
   */
  private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;

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
    if (half % Lanes.LANES == 0) {
      for (int i = 0; i < half; i += Lanes.LANES) {
        rotate(Lanes.SPECIES, row + 4L * i, heads, half, cos + 4L * i, sin + 4L * i, sign);
      }
    } else if (half % EIGHT.length() == 0 && Lanes.LANES > EIGHT.length()) {
      for (int i = 0; i < half; i += EIGHT.length()) {
        rotate(EIGHT, row + 4L * i, heads, half, cos + 4L * i, sin + 4L * i, sign);
      }
    } else {
      for (int i = 0; i < half; i++) {
        rotateOne(row + 4L * i, heads, half, getFloat(cos + 4L * i), sign * getFloat(sin + 4L * i));
      }
    }
  }

  /**
   * The same run of lanes in every head: low' = low·cos − high·sin, high' = high·cos + low·sin, the
   * first product rounded by itself.
   */
  private static void rotate(
      VectorSpecies<Float> species, long row, int heads, int half, long cos, long sin, float sign) {
    FloatVector c = FloatVector.fromMemorySegment(species, HostMemory.ALL, cos, HostMemory.ORDER);
    FloatVector s =
        FloatVector.fromMemorySegment(species, HostMemory.ALL, sin, HostMemory.ORDER).mul(sign);
    FloatVector minus = s.neg();
    long low = row;
    for (int h = 0; h < heads; h++) {
      long high = low + 4L * half;
      FloatVector x = FloatVector.fromMemorySegment(species, HostMemory.ALL, low, HostMemory.ORDER);
      FloatVector y =
          FloatVector.fromMemorySegment(species, HostMemory.ALL, high, HostMemory.ORDER);
      y.fma(minus, x.mul(c)).intoMemorySegment(HostMemory.ALL, low, HostMemory.ORDER);
      x.fma(s, y.mul(c)).intoMemorySegment(HostMemory.ALL, high, HostMemory.ORDER);
      low += 8L * half;
    }
  }

  private static void rotateOne(long row, int heads, int half, float c, float s) {
    for (int h = 0; h < heads; h++) {
      long low = row + 8L * half * h;
      long high = low + 4L * half;
      float x = getFloat(low);
      float y = getFloat(high);
      setFloat(low, Math.fma(y, -s, x * c));
      setFloat(high, Math.fma(x, s, y * c));
    }
  }
}
