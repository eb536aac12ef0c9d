package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.SPECIES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.score4j.kernels.ElementwiseKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/** Element by element, in blocks that fit the L1 cache. */
final class CpuElementwiseKernels implements ElementwiseKernels {
  /** Elements per block, a multiple of every vector length. */
  static final int BLOCK = 4096;

  private final CpuThreadPool pool;

  CpuElementwiseKernels(CpuThreadPool pool) {
    this.pool = pool;
  }

  /** Number of {@link #BLOCK}s of n elements. */
  static int blocks(long n) {
    return Math.toIntExact((n + BLOCK - 1) / BLOCK);
  }

  /** Elements in block i of n. */
  static int blockLength(int i, long n) {
    return (int) Math.min(BLOCK, n - (long) i * BLOCK);
  }

  /** Address of a block's first float. */
  static long at(long base, int block) {
    return base + (long) block * BLOCK * Float.BYTES;
  }

  @Override
  public void fill(Tensor x, double value) {
    long n = x.elements();
    long to = HostBuffer.address(x);
    RowBlocks.run(
        pool,
        blocks(n),
        4,
        (first, last, worker) -> {
          for (int b = first; b < last; b++) {
            fill(at(to, b), (float) value, blockLength(b, n));
          }
        });
  }

  static void fill(long to, float value, int n) {
    FloatVector v = FloatVector.broadcast(SPECIES, value);
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      store(to + 4L * i, v);
    }
    if (i < n) {
      Lanes.store(to + 4L * i, v, Lanes.tail(i, n));
    }
  }

  @Override
  public void add(Tensor out, Tensor a, Tensor b) {
    long n = out.elements();
    long to = HostBuffer.address(out);
    long left = HostBuffer.address(a);
    long right = HostBuffer.address(b);
    RowBlocks.run(
        pool,
        blocks(n),
        4,
        (first, last, worker) -> {
          for (int i = first; i < last; i++) {
            add(at(to, i), at(left, i), at(right, i), blockLength(i, n));
          }
        });
  }

  static void add(long to, long a, long b, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      store(to + 4L * i, load(a + 4L * i).add(load(b + 4L * i)));
    }
    if (i < n) {
      VectorMask<Float> tail = Lanes.tail(i, n);
      Lanes.store(
          to + 4L * i, Lanes.load(a + 4L * i, tail).add(Lanes.load(b + 4L * i, tail)), tail);
    }
  }

  @Override
  public void scale(Tensor out, Tensor x, double factor) {
    long n = out.elements();
    long to = HostBuffer.address(out);
    long from = HostBuffer.address(x);
    RowBlocks.run(
        pool,
        blocks(n),
        4,
        (first, last, worker) -> {
          for (int b = first; b < last; b++) {
            scale(at(to, b), at(from, b), (float) factor, blockLength(b, n));
          }
        });
  }

  static void scale(long to, long from, float factor, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      store(to + 4L * i, load(from + 4L * i).mul(factor));
    }
    if (i < n) {
      VectorMask<Float> tail = Lanes.tail(i, n);
      Lanes.store(to + 4L * i, Lanes.load(from + 4L * i, tail).mul(factor), tail);
    }
  }

  @Override
  public void softCap(Tensor out, Tensor x, double cap) {
    long n = out.elements();
    long to = HostBuffer.address(out);
    long from = HostBuffer.address(x);
    RowBlocks.run(
        pool,
        blocks(n),
        4,
        (first, last, worker) -> {
          for (int b = first; b < last; b++) {
            softCap(at(to, b), at(from, b), (float) cap, blockLength(b, n));
          }
        });
  }

  private static void softCap(long to, long from, float cap, int n) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      store(to + 4L * i, CpuMath.tanh(load(from + 4L * i).div(cap)).mul(cap));
    }
    if (i < n) {
      VectorMask<Float> tail = Lanes.tail(i, n);
      FloatVector x = Lanes.load(from + 4L * i, tail);
      Lanes.store(to + 4L * i, CpuMath.tanh(x.div(cap)).mul(cap), tail);
    }
  }

  @Override
  public void cast(Tensor out, Tensor x) {
    HostBuffer.segment(out);
    if (out.dtype() == x.dtype()) {
      HostBuffer.segment(out).copyFrom(HostBuffer.segment(x));
      return;
    }
    long n = out.elements();
    long to = HostBuffer.address(out);
    long from = HostBuffer.address(x);
    RowBlocks.run(
        pool,
        blocks(n),
        4,
        (first, last, worker) -> {
          long end = Math.min(n, (long) last * BLOCK);
          for (long i = (long) first * BLOCK; i < end; i++) {
            FloatBits.write(to, out.dtype(), i, FloatBits.read(from, x.dtype(), i));
          }
        });
  }
}
