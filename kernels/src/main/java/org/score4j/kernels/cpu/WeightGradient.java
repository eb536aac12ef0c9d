package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Gradient of a norm's weight: per column a chain over the rows in order, kept in registers. */
final class WeightGradient {
  /** Columns per call: four registers of sums hide the latency of an addition. */
  static final int COLUMNS = 4 * LANES;

  private WeightGradient() {}

  /**
   * dWeight[i] += Σ_row dOut[row, i] · (x[row, i] · rstd[row]).
   *
   * @param columns at most {@link #COLUMNS}
   * @param stride bytes between rows of dOut and of x
   * @param rstdStride bytes between the factors of two rows
   */
  static void add(
      long dWeight,
      int columns,
      long dOut,
      long x,
      int stride,
      long rstd,
      int rstdStride,
      int rows) {
    if (columns == COLUMNS) {
      addFour(dWeight, dOut, x, stride, rstd, rstdStride, rows);
      return;
    }
    int i = 0;
    for (; i <= columns - LANES; i += LANES) {
      addOne(dWeight + 4L * i, dOut + 4L * i, x + 4L * i, stride, rstd, rstdStride, rows);
    }
    if (i < columns) {
      addTail(
          dWeight + 4L * i,
          Lanes.tail(i, columns),
          dOut + 4L * i,
          x + 4L * i,
          stride,
          rstd,
          rstdStride,
          rows);
    }
  }

  private static void addFour(
      long dWeight, long dOut, long x, int stride, long rstd, int rstdStride, int rows) {
    long step = 4L * LANES;
    FloatVector w0 = load(dWeight);
    FloatVector w1 = load(dWeight + step);
    FloatVector w2 = load(dWeight + 2 * step);
    FloatVector w3 = load(dWeight + 3 * step);
    for (int t = 0; t < rows; t++) {
      long d = dOut + (long) t * stride;
      long row = x + (long) t * stride;
      float r = getFloat(rstd + (long) t * rstdStride);
      w0 = load(row).mul(r).fma(load(d), w0);
      w1 = load(row + step).mul(r).fma(load(d + step), w1);
      w2 = load(row + 2 * step).mul(r).fma(load(d + 2 * step), w2);
      w3 = load(row + 3 * step).mul(r).fma(load(d + 3 * step), w3);
    }
    store(dWeight, w0);
    store(dWeight + step, w1);
    store(dWeight + 2 * step, w2);
    store(dWeight + 3 * step, w3);
  }

  private static void addOne(
      long dWeight, long dOut, long x, int stride, long rstd, int rstdStride, int rows) {
    FloatVector w = load(dWeight);
    for (int t = 0; t < rows; t++) {
      float r = getFloat(rstd + (long) t * rstdStride);
      w = load(x + (long) t * stride).mul(r).fma(load(dOut + (long) t * stride), w);
    }
    store(dWeight, w);
  }

  private static void addTail(
      long dWeight,
      VectorMask<Float> tail,
      long dOut,
      long x,
      int stride,
      long rstd,
      int rstdStride,
      int rows) {
    FloatVector w = Lanes.load(dWeight, tail);
    for (int t = 0; t < rows; t++) {
      float r = getFloat(rstd + (long) t * rstdStride);
      w =
          Lanes.load(x + (long) t * stride, tail)
              .mul(r)
              .fma(Lanes.load(dOut + (long) t * stride, tail), w);
    }
    Lanes.store(dWeight, w, tail);
  }
}
