package org.score4j.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
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
    long seed = seed() + what.hashCode();
    try (Bench bench = new Bench(backend, seed)) {
      op.accept(bench);
      return bench.results();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "%s on %s, score4j.seed=%d".formatted(what, backend.name(), seed()), e);
    }
  }

  /**
   * Every output equals the reference's within {@code roundings} units of rounding of the output's
   * largest element (or of 1).
   */
  default void assertAgrees(String what, double roundings, Consumer<Bench> op) {
    try (Backend reference = new ReferenceBackend();
        Backend tested = open(2)) {
      Map<String, double[]> expected = run(reference, what, op);
      Map<String, double[]> actual = run(tested, what, op);
      assertThat(actual.keySet()).isEqualTo(expected.keySet());
      for (Map.Entry<String, double[]> output : expected.entrySet()) {
        String name = what + ": " + output.getKey();
        double[] wanted = output.getValue();
        double scale = Math.max(1, Arrays.stream(wanted).map(Math::abs).max().orElse(0));
        double[] got = outputNamed(actual, output.getKey());
        assertClose(name, got, wanted, roundings * unitRoundoff(tested) * scale);
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
    return switch (backend.floatType()) {
      case F32 -> 0x1p-24;
      case F64 -> 0x1p-53;
      case BF16 -> 0x1p-9;
      case I32 -> throw new IllegalStateException(backend.name() + " computes in " + DType.I32);
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
