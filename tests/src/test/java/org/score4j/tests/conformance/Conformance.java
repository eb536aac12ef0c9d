package org.score4j.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.score4j.kernels.Backend;
import org.score4j.kernels.DType;
import org.score4j.kernels.reference.ReferenceBackend;

/**
 * What the suites of the op families share: opening the backend, comparing with the reference,
 * comparing bits.
 */
interface Conformance {
  /** Sizes around every vector width and block size in use, and some that fit none. */
  List<Integer> SIZES = List.of(1, 2, 3, 5, 7, 15, 16, 17, 31, 33, 64, 100, 129);

  /** Thread counts that must give equal bits. */
  List<Integer> THREADS = List.of(1, 2, 3);

  /** The backend under test; a backend without threads of its own ignores the argument. */
  Backend open(int threads);

  /** Seed of the whole suite; another one by {@code -Dscore4j.seed=N}. */
  static long seed() {
    return Long.getLong("score4j.seed", 20260101L);
  }

  /** Randomness for shapes, the same for a given name. */
  static SplittableRandom random(String name) {
    return new SplittableRandom(seed() ^ name.hashCode());
  }

  /** One of {@link #SIZES}. */
  static int size(SplittableRandom random) {
    return SIZES.get(random.nextInt(SIZES.size()));
  }

  /** Runs one op with fresh tensors and returns its outputs. */
  static Map<String, double[]> run(Backend backend, String what, Consumer<Bench> op) {
    return run(backend, backend, what, op).values();
  }

  /** As {@link #run(Backend, String, Consumer)}, from the numbers that {@code tested} is given. */
  static Outputs run(Backend backend, Backend tested, String what, Consumer<Bench> op) {
    long seed = seed() + what.hashCode();
    try (Bench bench = new Bench(backend, tested.floatType(), seed)) {
      op.accept(bench);
      return new Outputs(bench.results(), bench.stateOutputs());
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "%s on %s, score4j.seed=%d".formatted(what, backend.name(), seed()), e);
    }
  }

  /**
   * What an op wrote.
   *
   * @param values by name
   * @param state the names of those in the state type
   */
  record Outputs(Map<String, double[]> values, Set<String> state) {}

  /** As the method below, for ops that store nothing between. */
  default void assertAgrees(String what, double roundings, Consumer<Bench> op) {
    assertAgrees(what, roundings, output -> 0, op);
  }

  /**
   * Every output equals the reference's within {@code roundings} units of rounding of the output's
   * largest element (or of 1). These are roundings of the state type, in which all backends
   * compute; where weights and activations are kept in a narrower one, an output in it may be off
   * by a unit of that more, and each by its {@code storedRoundings} such units.
   *
   * @param what names the case
   * @param roundings of the computing itself; 0 where the op only copies, and nothing is rounded
   * @param storedRoundings by output, of what the op keeps in the narrow type on its way
   * @param op the calls
   */
  default void assertAgrees(
      String what, double roundings, ToDoubleFunction<String> storedRoundings, Consumer<Bench> op) {
    try (Backend reference = new ReferenceBackend();
        Backend tested = open(2)) {
      Map<String, double[]> expected = run(reference, tested, what, op).values();
      Outputs actual = run(tested, tested, what, op);
      assertThat(actual.values().keySet()).isEqualTo(expected.keySet());
      for (Map.Entry<String, double[]> output : expected.entrySet()) {
        String name = what + ": " + output.getKey();
        double[] wanted = output.getValue();
        double scale = Math.max(1, Arrays.stream(wanted).map(Math::abs).max().orElse(0));
        double[] got = outputNamed(actual.values(), output.getKey());
        double units = roundings * roundoff(tested.stateType());
        if (roundings > 0 && tested.floatType() != tested.stateType()) {
          double stored =
              storedRoundings.applyAsDouble(output.getKey())
                  + (actual.state().contains(output.getKey()) ? 0 : 1);
          units += stored * roundoff(tested.floatType());
        }
        assertClose(name, got, wanted, units * scale);
      }
    }
  }

  /** Outputs have the same bits at every thread count. */
  default void assertSameBitsAtAllThreadCounts(String what, Consumer<Bench> op) {
    try (Backend single = open(1)) {
      Map<String, double[]> expected = run(single, what, op);
      for (int threads : THREADS) {
        try (Backend tested = open(threads)) {
          Map<String, double[]> actual = run(tested, what, op);
          for (Map.Entry<String, double[]> output : expected.entrySet()) {
            String name = "%s at %d threads: %s".formatted(what, threads, output.getKey());
            assertSameBits(name, outputNamed(actual, output.getKey()), output.getValue());
          }
        }
      }
    }
  }

  /** Skips the test on backends that do not promise equal bits. */
  default void assumeBitExact() {
    try (Backend tested = open(1)) {
      assumeTrue(
          tested.bitExactAcrossBatches(),
          tested.name() + " does not promise equal bits across batches");
    }
  }

  /** The named output. */
  static double[] outputNamed(Map<String, double[]> outputs, String name) {
    double[] values = outputs.get(name);
    if (values == null) {
      throw new AssertionError("no output " + name + " among " + outputs.keySet());
    }
    return values;
  }

  /** Half the distance between 1 and the next number of the backend's type. */
  static double unitRoundoff(Backend backend) {
    return roundoff(backend.floatType());
  }

  /** Half the distance between 1 and the next number of the backend's state type. */
  static double stateRoundoff(Backend backend) {
    return roundoff(backend.stateType());
  }

  private static double roundoff(DType type) {
    return switch (type) {
      case F32 -> 0x1p-24;
      case F64 -> 0x1p-53;
      case BF16 -> 0x1p-8;
      case I32 -> throw new IllegalArgumentException("integers are not rounded");
    };
  }

  /** All elements within an absolute tolerance; NaN and infinity never are, unless wanted. */
  static void assertClose(String what, double[] actual, double[] wanted, double tolerance) {
    assertThat(actual).as(what).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      boolean same = Double.compare(actual[i], wanted[i]) == 0;
      if (!same && !(Math.abs(actual[i] - wanted[i]) <= tolerance)) {
        throw new AssertionError(
            "%s[%d] is %s, wanted %s within %s; score4j.seed=%d"
                .formatted(what, i, actual[i], wanted[i], tolerance, seed()));
      }
    }
  }

  /** All elements equal in every bit. */
  static void assertSameBits(String what, double[] actual, double[] wanted) {
    assertThat(actual).as(what).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      if (Double.doubleToRawLongBits(actual[i]) != Double.doubleToRawLongBits(wanted[i])) {
        throw new AssertionError(
            "%s[%d] is %s, wanted exactly %s; score4j.seed=%d"
                .formatted(what, i, actual[i], wanted[i], seed()));
      }
    }
  }

  /** The elements of a range of rows of a (rows, width) output. */
  static double[] rows(double[] values, int from, int to, int width) {
    return Arrays.copyOfRange(values, from * width, to * width);
  }
}
