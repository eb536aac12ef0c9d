package org.score4j.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.score4j.kernels.BFloat16;
import org.score4j.kernels.Backend;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * Named tensors for one call of an op, filled alike on every backend, each between two guard
 * regions.
 *
 * <p>What is to be overwritten starts as NaN, so adding to it shows. Guards of inputs are NaN, so a
 * result that depends on what lies beside an input shows. Guards of outputs hold a canary, so a
 * write beside an output shows. Inputs must come out unchanged.
 */
final class Bench implements AutoCloseable {
  private static final int GUARD = 64;

  /** Exact in every type. */
  private static final double CANARY = 1232;

  private static final int INT_CANARY = 0x5EED5EED;
  private static final long ARENA_BYTES = 1 << 20;

  private enum Role {
    INPUT,
    OUTPUT,
    SCRATCH
  }

  private static final class Placed {
    final String name;
    final Role role;
    final Tensor block;
    final Tensor tensor;
    final double[] initial;
    final boolean state;

    Placed(String name, Role role, Tensor block, Tensor tensor, double[] initial, boolean state) {
      this.state = state;
      this.name = name;
      this.role = role;
      this.block = block;
      this.tensor = tensor;
      this.initial = initial;
    }
  }

  private final Ops ops;
  private final DType storedType;
  private final DType weightType;
  private final long seed;
  private final int lead;
  private final List<DeviceArena> arenas = new ArrayList<>();
  private final List<Placed> placed = new ArrayList<>();

  Bench(Backend backend, long seed) {
    this(backend, backend.floatType(), seed);
  }

  /**
   * As for {@code backend}, with the numbers that {@code storedType} can hold: the reference then
   * computes from what a backend of that type is given.
   */
  Bench(Backend backend, DType storedType, long seed) {
    this(backend, storedType, backend.floatType(), seed);
  }

  /** As above, with {@link #weight}s in a type of their own. */
  Bench(Backend backend, DType storedType, DType weightType, long seed) {
    this.ops = new Ops(backend);
    this.storedType = storedType;
    this.weightType = weightType;
    this.seed = seed;
    // Rows of a larger tensor start at any element; so do the tensors of three seeds in four.
    this.lead = GUARD + (int) (seed & 3);
  }

  Ops ops() {
    return ops;
  }

  /**
   * An input of unit normals that single precision, and the stored type, hold exactly; equal seed,
   * name and size give equal values.
   */
  Tensor input(String name, int... dims) {
    return input(name, normals(name, size(dims)), dims);
  }

  /** An input with these values, rounded to the stored type. */
  Tensor input(String name, double[] values, int... dims) {
    return place(name, Role.INPUT, ops.floatType(), stored(values), dims);
  }

  /** As {@link #input(String, int...)}: a matrix of weights that is only read. */
  Tensor weight(String name, int... dims) {
    return place(name, Role.INPUT, weightType, stored(normals(name, size(dims))), dims);
  }

  /** As {@link #input(String, int...)} in the state type. */
  Tensor stateInput(String name, int... dims) {
    return stateInput(name, normals(name, size(dims)), dims);
  }

  /** An input in the state type with these values. */
  Tensor stateInput(String name, double[] values, int... dims) {
    return placeState(name, Role.INPUT, values, dims);
  }

  /** Indices. */
  Tensor ints(int[] values, int... dims) {
    return place(
        "indices", Role.INPUT, DType.I32, Arrays.stream(values).asDoubleStream().toArray(), dims);
  }

  /** An output that must be overwritten. */
  Tensor output(String name, int... dims) {
    return place(name, Role.OUTPUT, ops.floatType(), nans(size(dims)), dims);
  }

  /** An output in the state type that must be overwritten. */
  Tensor stateOutput(String name, int... dims) {
    return placeState(name, Role.OUTPUT, nans(size(dims)), dims);
  }

  /** An output that is accumulated into, or changed in place. */
  Tensor updated(String name, int... dims) {
    return updated(name, normals(name, size(dims)), dims);
  }

  /** As {@link #updated(String, int...)} with these values at first. */
  Tensor updated(String name, double[] values, int... dims) {
    return place(name, Role.OUTPUT, ops.floatType(), stored(values), dims);
  }

  /** As {@link #updated(String, int...)} in the state type. */
  Tensor stateUpdated(String name, int... dims) {
    return stateUpdated(name, normals(name, size(dims)), dims);
  }

  /** As {@link #updated(String, double[], int...)} in the state type. */
  Tensor stateUpdated(String name, double[] values, int... dims) {
    return placeState(name, Role.OUTPUT, values, dims);
  }

  /** An output of indices. */
  Tensor outputInts(String name, int count) {
    double[] initial = new double[count];
    Arrays.fill(initial, -1);
    return place(name, Role.OUTPUT, DType.I32, initial, count);
  }

  /** Memory full of NaN whose content the test does not look at. */
  Tensor scratch(int... dims) {
    return place("scratch", Role.SCRATCH, ops.floatType(), nans(size(dims)), dims);
  }

  /** As {@link #scratch(int...)} in the state type. */
  Tensor stateScratch(int... dims) {
    return placeState("scratch", Role.SCRATCH, nans(size(dims)), dims);
  }

  /** As {@link #scratch(int...)} in another floating point type. */
  Tensor scratch(DType dtype, int... dims) {
    return arena(dtype, Shape.of(size(dims))).reshape(shape(dims));
  }

  /** Unit normals, rounded to single precision. */
  double[] normals(String name, int count) {
    SplittableRandom random = new SplittableRandom(seed * 31 + name.hashCode());
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** The outputs in the state type. */
  Set<String> stateOutputs() {
    return placed.stream()
        .filter(p -> p.role == Role.OUTPUT && p.state)
        .map(p -> p.name)
        .collect(Collectors.toSet());
  }

  /** All outputs by name, after checking that nothing else was written. */
  Map<String, double[]> results() {
    Map<String, double[]> results = new LinkedHashMap<>();
    for (Placed p : placed) {
      double[] all = download(p.block);
      int count = Math.toIntExact(p.tensor.elements());
      double[] content = Arrays.copyOfRange(all, lead, lead + count);
      double guard = guard(p.role, p.tensor.dtype());
      for (int i = 0; i < all.length; i++) {
        if ((i < lead || i >= lead + count) && Double.compare(all[i], guard) != 0) {
          throw new AssertionError(
              "%s with shape %s: element %d, outside the tensor, was written: %s"
                  .formatted(p.name, p.tensor.shape(), i - lead, all[i]));
        }
      }
      switch (p.role) {
        case INPUT ->
            assertThat(content).as("input %s must not change", p.name).isEqualTo(p.initial);
        case OUTPUT -> results.put(p.name, content);
        case SCRATCH -> {}
      }
    }
    return results;
  }

  @Override
  public void close() {
    for (DeviceArena arena : arenas) {
      arena.close();
    }
  }

  private double[] stored(double[] values) {
    return storedType == DType.BF16
        ? Arrays.stream(values).map(v -> BFloat16.toFloat(BFloat16.round((float) v))).toArray()
        : values;
  }

  private Tensor placeState(String name, Role role, double[] values, int... dims) {
    return place(name, role, ops.stateType(), true, values, dims);
  }

  private Tensor place(String name, Role role, DType dtype, double[] values, int... dims) {
    return place(name, role, dtype, false, values, dims);
  }

  private Tensor place(
      String name, Role role, DType dtype, boolean state, double[] values, int... dims) {
    int count = size(dims);
    assertThat(values).as(name).hasSize(count);
    double[] all = new double[lead + count + GUARD];
    Arrays.fill(all, guard(role, dtype));
    System.arraycopy(values, 0, all, lead, count);
    Tensor block = arena(dtype, Shape.of(all.length));
    if (dtype == DType.I32) {
      ops.upload(block, Arrays.stream(all).mapToInt(value -> (int) value).toArray());
    } else {
      ops.upload(block, all);
    }
    Tensor tensor = block.rows(lead, lead + count).reshape(shape(dims));
    placed.add(new Placed(name, role, block, tensor, values.clone(), state));
    return tensor;
  }

  private Tensor arena(DType dtype, Shape shape) {
    long bytes = DeviceArena.footprint(dtype, shape);
    DeviceArena last = arenas.isEmpty() ? null : arenas.getLast();
    if (last == null || last.byteSize() - last.mark() < bytes) {
      last = ops.newArena("bench", Math.max(bytes, ARENA_BYTES));
      arenas.add(last);
    }
    return last.allocate(dtype, shape);
  }

  private double[] download(Tensor tensor) {
    return tensor.dtype() == DType.I32
        ? Arrays.stream(ops.downloadInts(tensor)).asDoubleStream().toArray()
        : ops.downloadDoubles(tensor);
  }

  private static double guard(Role role, DType dtype) {
    if (dtype == DType.I32) {
      return INT_CANARY;
    }
    return role == Role.INPUT ? Double.NaN : CANARY;
  }

  private static double[] nans(int count) {
    double[] values = new double[count];
    Arrays.fill(values, Double.NaN);
    return values;
  }

  private static int size(int... dims) {
    return Math.toIntExact(shape(dims).elements());
  }

  private static Shape shape(int... dims) {
    return switch (dims.length) {
      case 1 -> Shape.of(dims[0]);
      case 2 -> Shape.of(dims[0], dims[1]);
      default -> Shape.of(dims[0], dims[1], dims[2]);
    };
  }
}
