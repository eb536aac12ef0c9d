package org.score4j.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.score4j.tests.conformance.Conformance.outputNamed;

import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.BFloat16;
import org.score4j.kernels.Backend;
import org.score4j.kernels.OptimizerKernels;
import org.score4j.kernels.OptimizerKernels.AdamWStep;
import org.score4j.kernels.Tensor;

/** {@link OptimizerKernels}. */
interface OptimizerKernelsTest extends Conformance {
  /**
   * Three steps of about ten roundings each; β2 = 0.999 leaves 1−β2 exact to 2⁻²⁴/0.001 in single
   * precision, √ halves that.
   */
  double ROUNDINGS = 16;

  @Test
  default void adamW_threeStepsWithDecayAndClipping_agreeWithReference() {
    for (int n : new int[] {1, 2, 3, 5, 7, 15, 16, 17, 31, 33, 64, 100, 129, 5000}) {
      assertAgrees("adamW of " + n, ROUNDINGS, bench -> threeSteps(bench, n));
    }
  }

  @Test
  default void adamW_hasTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    assertSameBitsAtAllThreadCounts("adamW", bench -> threeSteps(bench, 50_001));
  }

  private static void threeSteps(Bench bench, int n) {
    boolean masterless = bench.ops().floatType() == bench.ops().stateType();
    update(bench, masterless ? null : bench.scratch(n), n);
  }

  /** The output "master" is the parameter itself where that is of the state type. */
  private static void update(Bench bench, @Nullable Tensor param, int n) {
    Tensor master = bench.stateUpdated("master", n);
    Tensor m = bench.stateUpdated("m", new double[n], n);
    Tensor v = bench.stateUpdated("v", new double[n], n);
    for (int step = 1; step <= 3; step++) {
      Tensor grad = bench.stateInput("grad" + step, n);
      AdamWStep scalars = new AdamWStep(0.01, 0.9, 0.999, 1e-8, 0.1, step, 0.37);
      bench
          .ops()
          .adamW(
              param == null ? master : param, param == null ? null : master, m, v, grad, scalars);
    }
  }

  @Test
  default void adamW_onNarrowParameters_storesTheRoundedMaster() {
    try (Backend backend = open(2)) {
      assumeTrue(
          backend.floatType() != backend.stateType(),
          backend.name() + " has no parameters that are narrower than their master");
      for (int n : new int[] {1, 7, 8, 9, 33, 5000}) {
        Map<String, double[]> results =
            Conformance.run(
                backend,
                "adamW with masters, of " + n,
                bench -> update(bench, bench.output("param", n), n));
        double[] rounded =
            Arrays.stream(outputNamed(results, "master"))
                .map(x -> BFloat16.toFloat(BFloat16.round((float) x)))
                .toArray();
        Conformance.assertSameBits("param of " + n, outputNamed(results, "param"), rounded);
      }
    }
  }

  @Test
  default void sumOfSquares_agreesWithReference() {
    for (int n : new int[] {1, 2, 3, 5, 7, 15, 16, 17, 31, 33, 64, 100, 129, 4097, 300_001}) {
      try (Backend backend = open(2);
          Bench bench = new Bench(backend, Conformance.seed() + n)) {
        double expected = Arrays.stream(bench.normals("x", n)).map(x -> x * x).sum();
        double actual = bench.ops().sumOfSquares(bench.stateInput("x", n));
        // n additions lose at most n/2 units. Measured is n/300: the low bits of squared floats are
        // not uniform (odd squares are 1 modulo 8), so the roundings do not quite cancel.
        double tolerance = (64 + n / 100.0) * Conformance.stateRoundoff(backend) * expected;
        assertThat(actual).as("sumOfSquares of " + n).isCloseTo(expected, within(tolerance));
      }
    }
  }

  @Test
  default void sumOfSquares_withOneNonFiniteElement_isNotFinite() {
    for (double bad :
        new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      for (int at : new int[] {0, 15, 16, 99, 100}) {
        try (Backend backend = open(2);
            Bench bench = new Bench(backend, Conformance.seed())) {
          double[] x = bench.normals("x", 101);
          x[at] = bad;
          double sum = bench.ops().sumOfSquares(bench.stateInput("x", x, 101));
          assertThat(Double.isFinite(sum)).as("%s at %d gives %s", bad, at, sum).isFalse();
        }
      }
    }
  }

  @Test
  default void sumOfSquares_dependsOnNeitherThreadsNorPlace() {
    assumeBitExact();
    for (int n : new int[] {33, 4097, 300_001}) {
      double[] sums = new double[THREADS.size() + 1];
      for (int i = 0; i < sums.length; i++) {
        // The last run has another seed's alignment, with the first seed's numbers.
        try (Backend backend = open(THREADS.get(i % THREADS.size()));
            Bench bench = new Bench(backend, i < THREADS.size() ? 4 : 5);
            Bench data = new Bench(backend, 4)) {
          sums[i] = bench.ops().sumOfSquares(bench.stateInput("x", data.normals("x", n), n));
        }
      }
      double[] first = new double[sums.length];
      Arrays.fill(first, sums[0]);
      Conformance.assertSameBits("sumOfSquares of " + n, sums, first);
    }
  }
}
