package org.score4j.tests.conformance;

import static org.score4j.tests.conformance.Conformance.outputNamed;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.Backend;
import org.score4j.kernels.DType;
import org.score4j.kernels.ElementwiseKernels;
import org.score4j.kernels.Tensor;

/** {@link ElementwiseKernels}. */
interface ElementwiseKernelsTest extends Conformance {
  /** One operation, one rounding, on the scale of the largest element. */
  double ROUNDINGS = 1;

  /** The last for loops that no GPU runs in one go. */
  List<Integer> LENGTHS = Stream.concat(SIZES.stream(), Stream.of(1_000_003)).toList();

  @Test
  default void fill_add_andScale_agreeWithReference_alsoInPlace() {
    for (int n : LENGTHS) {
      assertAgrees(
          "elementwise of " + n,
          ROUNDINGS,
          bench -> {
            Tensor a = bench.input("a", n);
            Tensor b = bench.input("b", n);
            bench.ops().fill(bench.output("filled", n), -1.5);
            bench.ops().add(bench.output("sum", n), a, b);
            bench.ops().scale(bench.output("scaled", n), a, 0.75);
            Tensor left = bench.updated("left", n);
            bench.ops().add(left, left, b);
            Tensor right = bench.updated("right", n);
            bench.ops().add(right, a, right);
            Tensor scaled = bench.updated("scaledInPlace", n);
            bench.ops().scale(scaled, scaled, -3);
          });
    }
  }

  @Test
  default void fill_add_andScale_ofState_agreeWithReference() {
    for (int n : LENGTHS) {
      assertAgrees(
          "elementwise state of " + n,
          ROUNDINGS,
          bench -> {
            Tensor a = bench.stateInput("a", n);
            bench.ops().fill(bench.stateOutput("filled", n), 0.1f);
            bench.ops().add(bench.stateOutput("sum", n), a, bench.stateInput("b", n));
            Tensor scaled = bench.stateUpdated("scaledInPlace", n);
            bench.ops().scale(scaled, scaled, -3);
          });
    }
  }

  /** A hyperbolic tangent good to two units of rounding, a division and a product. */
  @Test
  default void softCap_agreesWithReference_alsoInPlaceAndFarOut() {
    for (int n : SIZES) {
      for (double cap : new double[] {0.5, 3, 50}) {
        assertAgrees(
            "soft cap %s of %d".formatted(cap, n),
            5,
            bench -> {
              bench.ops().softCap(bench.output("out", n), bench.input("x", n), cap);
              double[] wide = bench.normals("wide", n);
              for (int i = 0; i < n; i++) {
                wide[i] *= Math.pow(10, i % 31);
              }
              Tensor inPlace = bench.updated("inPlace", wide, n);
              bench.ops().softCap(inPlace, inPlace, cap);
            });
      }
    }
  }

  @Test
  default void cast_toTheSameType_copiesExactly() {
    for (int n : SIZES) {
      assertAgrees(
          "cast of " + n,
          0,
          bench -> {
            bench.ops().cast(bench.output("out", n), bench.input("x", n));
            bench.ops().cast(bench.stateOutput("stateOut", n), bench.stateInput("state", n));
          });
    }
  }

  /** bfloat16 keeps 8 bits: 1 + k/128 are neighbours, halves between them go to even k. */
  @Test
  default void cast_throughBf16_roundsToNearestEven() {
    double[] x = {
      1,
      1 + 1 / 128.0,
      1 + 1 / 256.0,
      1 + 3 / 256.0,
      1 + 1 / 256.0 + 0x1p-20,
      -1 - 3 / 256.0,
      0x1p-130,
      -0.0,
      Double.POSITIVE_INFINITY,
      Float.MAX_VALUE,
      Double.NaN,
      3.140625,
      1 + 1 / 256.0 - 0x1p-20
    };
    double[] wanted = {
      1,
      1 + 1 / 128.0,
      1,
      1 + 2 / 128.0,
      1 + 1 / 128.0,
      -1 - 2 / 128.0,
      0x1p-130,
      -0.0,
      Double.POSITIVE_INFINITY,
      Double.POSITIVE_INFINITY,
      Double.NaN,
      3.140625,
      1
    };
    try (Backend backend = open(2)) {
      Map<String, double[]> results =
          Conformance.run(
              backend,
              "cast through BF16",
              bench -> {
                Tensor narrow = bench.scratch(DType.BF16, x.length);
                bench.ops().cast(narrow, bench.stateInput("x", x, x.length));
                bench.ops().cast(bench.stateOutput("out", x.length), narrow);
              });
      Conformance.assertClose("cast through BF16", outputNamed(results, "out"), wanted, 0);
    }
  }

  @Test
  default void cast_throughTheOtherPrecision_keepsSinglePrecisionNumbers() {
    try (Backend backend = open(2)) {
      for (DType other : new DType[] {DType.F32, DType.F64}) {
        for (int n : SIZES) {
          String what = "cast of %d through %s".formatted(n, other);
          Map<String, double[]> results =
              Conformance.run(
                  backend,
                  what,
                  bench -> {
                    Tensor between = bench.scratch(other, n);
                    bench.ops().cast(between, bench.input("x", n));
                    bench.ops().cast(bench.output("out", n), between);
                    bench.updated("wanted", bench.normals("x", n), n);
                  });
          Conformance.assertClose(
              what, outputNamed(results, "out"), outputNamed(results, "wanted"), 0);
        }
      }
    }
  }
}
