package org.score4j.tests.gradients;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;
import org.score4j.kernels.reference.ReferenceBackend;

/**
 * Tensors of the reference backend and the comparison of a gradient with {@code (f(x+h) − f(x−h)) /
 * 2h}.
 *
 * <p>With h = 1e-5 the difference misses the derivative by h²/6 · f''' ≈ 1e-11 · f''' and by a
 * rounding of about 1e-16 · |f| / h ≈ 1e-11 · |f|. Values are of order one to a hundred, so {@link
 * #TOLERANCE} leaves one to two orders of room; a wrong term is off by orders more.
 */
final class GradientCheck implements AutoCloseable {
  /** Relative to the largest element of the gradient, or to 1. */
  static final double TOLERANCE = 1e-7;

  private static final double STEP = 1e-5;
  private static final long ARENA_BYTES = 4 << 20;

  private final Ops ops = new Ops(new ReferenceBackend());
  private final DeviceArena arena = ops.newArena("gradient check", ARENA_BYTES);
  private final long seed;
  private final SplittableRandom random;

  GradientCheck(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
  }

  Ops ops() {
    return ops;
  }

  /** Unit normals. */
  Tensor normals(int... dims) {
    Tensor tensor = tensor(dims);
    double[] values = new double[Math.toIntExact(tensor.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextGaussian();
    }
    ops.upload(tensor, values);
    return tensor;
  }

  /** These values. */
  Tensor of(double[] values, int... dims) {
    Tensor tensor = tensor(dims);
    ops.upload(tensor, values);
    return tensor;
  }

  /** All zero. */
  Tensor zeros(int... dims) {
    Tensor tensor = tensor(dims);
    ops.fill(tensor, 0);
    return tensor;
  }

  /** Indices. */
  Tensor ints(int[] values, int... dims) {
    Tensor tensor = arena.allocate(DType.I32, shape(dims));
    ops.upload(tensor, values);
    return tensor;
  }

  /** Content undefined; NaN, so that nothing relies on it. */
  Tensor tensor(int... dims) {
    Tensor tensor = arena.allocate(ops.floatType(), shape(dims));
    ops.fill(tensor, Double.NaN);
    return tensor;
  }

  /** A copy. */
  Tensor copy(Tensor x) {
    Tensor copy = arena.allocate(x.dtype(), x.shape());
    ops.scale(copy, x, 1);
    return copy;
  }

  /** {@code Σ a_i b_i}: a scalar loss whose gradient with respect to {@code a} is {@code b}. */
  double dot(Tensor a, Tensor b) {
    double[] left = ops.downloadDoubles(a);
    double[] right = ops.downloadDoubles(b);
    double sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += left[i] * right[i];
    }
    return sum;
  }

  /**
   * Every element of {@code dX} is the derivative of {@code loss} with respect to that of {@code
   * x}.
   */
  void check(String what, Tensor x, Tensor dX, DoubleSupplier loss) {
    double[] analytic = ops.downloadDoubles(dX);
    double[] values = ops.downloadDoubles(x);
    double scale = 1;
    for (double d : analytic) {
      scale = Math.max(scale, Math.abs(d));
    }
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      double original = values[i];
      values[i] = original + STEP;
      ops.upload(x, values);
      double above = loss.getAsDouble();
      values[i] = original - STEP;
      ops.upload(x, values);
      double below = loss.getAsDouble();
      values[i] = original;
      double numeric = (above - below) / (2 * STEP);
      if (!(Math.abs(numeric - analytic[i]) <= TOLERANCE * scale)) {
        wrong.add("[%d] is %s, differences give %s".formatted(i, analytic[i], numeric));
      }
    }
    ops.upload(x, values);
    if (!wrong.isEmpty()) {
      throw new AssertionError(
          "%s: %d of %d elements are wrong, first %s; scale %s, seed %d"
              .formatted(what, wrong.size(), values.length, wrong.getFirst(), scale, seed));
    }
  }

  @Override
  public void close() {
    arena.close();
    ops.backend().close();
  }

  private static Shape shape(int... dims) {
    return switch (dims.length) {
      case 1 -> Shape.of(dims[0]);
      case 2 -> Shape.of(dims[0], dims[1]);
      default -> Shape.of(dims[0], dims[1], dims[2]);
    };
  }
}
