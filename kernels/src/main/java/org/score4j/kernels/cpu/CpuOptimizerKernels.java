package org.score4j.kernels.cpu;

import static org.score4j.kernels.cpu.CpuElementwiseKernels.at;
import static org.score4j.kernels.cpu.CpuElementwiseKernels.blockLength;
import static org.score4j.kernels.cpu.CpuElementwiseKernels.blocks;
import static org.score4j.kernels.cpu.HostMemory.getFloat;
import static org.score4j.kernels.cpu.Lanes.LANES;
import static org.score4j.kernels.cpu.Lanes.load;
import static org.score4j.kernels.cpu.Lanes.store;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.OptimizerKernels;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.host.HostBuffer;

/** AdamW in one pass, and the sum of squares in double by fixed blocks. */
final class CpuOptimizerKernels implements OptimizerKernels {
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(Lanes.SPECIES.vectorBitSize() / 2));

  private final CpuThreadPool pool;
  private double[] blockSums = new double[0];

  CpuOptimizerKernels(CpuThreadPool pool) {
    this.pool = pool;
  }

  /** The scalars of a step in single precision, as the lanes use them. */
  private record Factors(
      float gradScale,
      float beta1,
      float oneMinusBeta1,
      float beta2,
      float oneMinusBeta2,
      float firstCorrection,
      float secondCorrection,
      float eps,
      float minusDecay,
      float minusRate) {
    static Factors of(AdamWStep step) {
      return new Factors(
          (float) step.gradScale(),
          (float) step.beta1(),
          (float) (1 - step.beta1()),
          (float) step.beta2(),
          (float) (1 - step.beta2()),
          (float) (1 / (1 - StrictMath.pow(step.beta1(), (double) step.step()))),
          (float) (1 / (1 - StrictMath.pow(step.beta2(), (double) step.step()))),
          (float) step.eps(),
          (float) (-step.learningRate() * step.weightDecay()),
          (float) -step.learningRate());
    }
  }

  @Override
  public void adamW(
      Tensor param,
      @Nullable Tensor master,
      Tensor firstMoment,
      Tensor secondMoment,
      Tensor grad,
      AdamWStep step) {
    Factors f = Factors.of(step);
    long n = param.elements();
    long p = HostBuffer.address(param);
    long m = HostBuffer.address(firstMoment);
    long v = HostBuffer.address(secondMoment);
    long g = HostBuffer.address(grad);
    RowBlocks.run(
        pool,
        blocks(n),
        1,
        (from, to, worker) -> {
          for (int b = from; b < to; b++) {
            update(at(p, b), at(m, b), at(v, b), at(g, b), blockLength(b, n), f);
          }
        });
  }

  private static void update(long p, long m, long v, long g, int n, Factors f) {
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector grad = load(g + 4L * i).mul(f.gradScale);
      FloatVector first = moment(load(m + 4L * i), f.beta1, grad, f.oneMinusBeta1);
      FloatVector second = moment(load(v + 4L * i), f.beta2, grad.mul(grad), f.oneMinusBeta2);
      store(m + 4L * i, first);
      store(v + 4L * i, second);
      store(p + 4L * i, stepped(load(p + 4L * i), first, second, f));
    }
    if (i < n) {
      VectorMask<Float> tail = Lanes.tail(i, n);
      FloatVector grad = Lanes.load(g + 4L * i, tail).mul(f.gradScale);
      FloatVector first = moment(Lanes.load(m + 4L * i, tail), f.beta1, grad, f.oneMinusBeta1);
      FloatVector second =
          moment(Lanes.load(v + 4L * i, tail), f.beta2, grad.mul(grad), f.oneMinusBeta2);
      Lanes.store(m + 4L * i, first, tail);
      Lanes.store(v + 4L * i, second, tail);
      Lanes.store(p + 4L * i, stepped(Lanes.load(p + 4L * i, tail), first, second, f), tail);
    }
  }

  private static FloatVector moment(
      FloatVector old, float beta, FloatVector sample, float oneMinusBeta) {
    return old.mul(beta).add(sample.mul(oneMinusBeta));
  }

  private static FloatVector stepped(
      FloatVector p, FloatVector first, FloatVector second, Factors f) {
    FloatVector decayed = p.mul(f.minusDecay).add(p);
    FloatVector root = second.mul(f.secondCorrection).lanewise(VectorOperators.SQRT).add(f.eps);
    return first.mul(f.firstCorrection).mul(f.minusRate).div(root).add(decayed);
  }

  @Override
  public double sumOfSquares(Tensor x) {
    long n = x.elements();
    long from = HostBuffer.address(x);
    int blocks = blocks(n);
    if (blockSums.length < blocks) {
      blockSums = new double[blocks];
    }
    double[] sums = blockSums;
    RowBlocks.run(
        pool,
        blocks,
        4,
        (first, last, worker) -> {
          long lanes = pool.scratch(worker, (long) Lanes.COUNT * Double.BYTES);
          for (int b = first; b < last; b++) {
            sums[b] = sumOfSquares(at(from, b), blockLength(b, n), lanes);
          }
        });
    double sum = 0;
    for (int b = 0; b < blocks; b++) {
      sum += sums[b];
    }
    return sum;
  }

  /**
   * Sixteen chains in double, then what does not fill sixteen, then the chains one after the other.
   */
  private static double sumOfSquares(long x, int n, long lanes) {
    int whole = n & -Lanes.COUNT;
    for (int p = 0; p < Lanes.COUNT; p += DOUBLES.length()) {
      DoubleVector sum = DoubleVector.zero(DOUBLES);
      for (int i = p; i < whole; i += Lanes.COUNT) {
        FloatVector f =
            FloatVector.fromMemorySegment(HALF, HostMemory.ALL, x + 4L * i, HostMemory.ORDER);
        DoubleVector wide = (DoubleVector) f.convertShape(VectorOperators.F2D, DOUBLES, 0);
        sum = wide.fma(wide, sum);
      }
      sum.intoMemorySegment(HostMemory.ALL, lanes + 8L * p, HostMemory.ORDER);
    }
    double sum = 0;
    for (int i = whole; i < n; i++) {
      double v = getFloat(x + 4L * i);
      sum += v * v;
    }
    for (int i = 0; i < Lanes.COUNT; i++) {
      sum += HostMemory.ALL.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, lanes + 8L * i);
    }
    return sum;
  }
}
