package org.score4j.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.Backend;
import org.score4j.kernels.DType;
import org.score4j.kernels.FrozenWeights;
import org.score4j.kernels.LossKernels.HeadGradients;
import org.score4j.kernels.LossKernels.HeadOutputs;
import org.score4j.kernels.LossKernels.HeadReference;
import org.score4j.kernels.Tensor;

/** Weights in BF16 give the bits of the same numbers in the backend's float type. */
interface NarrowWeightsTest extends Conformance {
  /** Rows of passes that stream weights, of single tiles, and of several blocks. */
  List<Integer> ROWS = List.of(1, 2, 3, 4, 5, 6, 7, 16, 23, 200);

  private void assertSameBitsInBothTypes(String what, Consumer<Bench> op) {
    for (int threads : new int[] {1, 3}) {
      try (Backend tested = open(threads)) {
        assumeTrue(
            tested.floatType() != DType.BF16 && tested.weightTypes().contains(DType.BF16),
            tested.name() + " reads weights in its float type alone");
        Map<String, double[]> wide = results(tested, tested.floatType(), what, op);
        Map<String, double[]> narrow = results(tested, DType.BF16, what, op);
        for (Map.Entry<String, double[]> output : wide.entrySet()) {
          Conformance.assertSameBits(
              "%s at %d threads, score4j.seed=%d: %s"
                  .formatted(what, threads, Conformance.seed(), output.getKey()),
              Conformance.outputNamed(narrow, output.getKey()),
              output.getValue());
        }
      }
    }
  }

  private static Map<String, double[]> results(
      Backend backend, DType weights, String what, Consumer<Bench> op) {
    try (Bench bench =
        new Bench(backend, DType.BF16, weights, Conformance.seed() + what.hashCode())) {
      op.accept(bench);
      return bench.results();
    }
  }

  /** Inputs and outputs: three of several panels and blocks of depth, then awkward ones. */
  private static int[][] shapes(String name, int count) {
    SplittableRandom random = Conformance.random(name);
    int[][] shapes = new int[count + 3][];
    shapes[0] = new int[] {130, 800};
    shapes[1] = new int[] {1000, 70};
    shapes[2] = new int[] {385, 129};
    for (int i = 3; i < shapes.length; i++) {
      shapes[i] = new int[] {Conformance.size(random), Conformance.size(random)};
    }
    return shapes;
  }

  @Test
  default void linear_andItsInputGradient_haveTheBitsOfWideWeights() {
    for (int[] s : shapes("narrow linear", 20)) {
      for (int rows : ROWS) {
        if (rows == 200 && s[0] * s[1] > 100_000) {
          continue; // Blocks of rows are those of smaller weights.
        }
        assertSameBitsInBothTypes(
            "linear (%d, %d, %d)".formatted(rows, s[0], s[1]),
            bench -> {
              Tensor weight = bench.weight("weight", s[0], s[1]);
              Tensor x = bench.input("x", rows, s[0]);
              bench
                  .ops()
                  .linear(bench.output("out", rows, s[1]), x, weight, bench.input("bias", s[1]));
              bench
                  .ops()
                  .linearBackwardInput(
                      bench.output("dX", rows, s[0]), bench.input("dOut", rows, s[1]), weight);
              try (FrozenWeights _ = bench.ops().backend().freeze(List.of(weight))) {
                for (int use = 0; use < 3; use++) {
                  bench.ops().linear(bench.output("frozen " + use, rows, s[1]), x, weight, null);
                }
              }
            });
      }
    }
  }

  @Test
  default void embedding_hasTheBitsOfWideWeights() {
    for (int[] s : shapes("narrow embedding", 20)) {
      SplittableRandom random = Conformance.random("narrow ids " + Arrays.toString(s));
      int[] ids = random.ints(70, 0, s[0]).toArray();
      assertSameBitsInBothTypes(
          "embedding of (%d, %d)".formatted(s[0], s[1]),
          bench ->
              bench
                  .ops()
                  .embedding(
                      bench.output("out", ids.length, s[1]),
                      bench.ints(ids, ids.length),
                      bench.weight("weight", s[0], s[1])));
    }
  }

  @Test
  default void lmHead_withBothModelsAndGradients_hasTheBitsOfWideWeights() {
    for (int[] s : shapes("narrow head", 12)) {
      for (int rows : new int[] {1, 2, 7, 33}) {
        for (boolean wideReference : new boolean[] {false, true}) {
          assertSameBitsInBothTypes(
              "lmHead (%d, %d, %d) wideReference=%b".formatted(rows, s[0], s[1], wideReference),
              bench -> lmHead(bench, rows, s[0], s[1], wideReference));
        }
      }
    }
  }

  private static void lmHead(Bench bench, int rows, int width, int vocab, boolean wideReference) {
    int refWidth = width / 2 + 1;
    SplittableRandom random = Conformance.random("narrow targets");
    HeadOutputs outputs =
        new HeadOutputs(
            bench.stateOutput("logProb", rows),
            bench.stateOutput("entropy", rows),
            bench.stateOutput("kl", rows),
            bench.stateOutput("refLogProb", rows));
    HeadGradients gradients =
        new HeadGradients(
            bench.output("dHidden", rows, width),
            null,
            bench.stateInput("logProbCoef", rows),
            bench.stateInput("klCoef", rows));
    HeadReference reference =
        new HeadReference(
            bench.input("refHidden", rows, refWidth),
            wideReference
                ? bench.input("refHead", vocab, refWidth)
                : bench.weight("refHead", vocab, refWidth));
    bench
        .ops()
        .lmHead(
            outputs,
            gradients,
            bench.input("hidden", rows, width),
            bench.weight("head", vocab, width),
            bench.ints(random.ints(rows, 0, vocab).toArray(), rows),
            reference,
            0.7,
            wideReference ? 3 : 0);
  }

  @Test
  default void greedyAndSampledIds_areThoseOfWideWeights() {
    for (int[] s : shapes("narrow sample", 20)) {
      for (int rows : new int[] {1, 2, 4, 5, 16, 70}) {
        assertSameBitsInBothTypes(
            "sample (%d, %d, %d)".formatted(rows, s[0], s[1]),
            bench -> {
              Tensor head = bench.weight("head", s[1], s[0]);
              sample(bench, head, "greedy", rows, s[0], 0);
              sample(bench, head, "sampled", rows, s[0], 0.9);
              try (FrozenWeights _ = bench.ops().backend().freeze(List.of(head))) {
                sample(bench, head, "first of frozen", rows, s[0], 1);
                sample(bench, head, "frozen", rows, s[0], 1);
              }
            });
      }
    }
  }

  private static void sample(
      Bench bench, Tensor head, String name, int rows, int width, double temperature) {
    int[] keys = Conformance.random("narrow keys").ints(3L * rows).toArray();
    bench
        .ops()
        .sample(
            bench.outputInts(name + " ids", rows),
            bench.stateOutput(name + " logProbs", rows),
            bench.input("hidden", rows, width),
            head,
            bench.ints(keys, rows, 3),
            temperature,
            0);
  }

  @Test
  default void otherTypes_andNarrowWeightsThatAreTrained_areRefused() {
    try (Backend tested = open(1);
        Bench bench = new Bench(tested, Conformance.seed())) {
      assertThat(tested.weightTypes()).contains(tested.floatType());
      DType foreign =
          Arrays.stream(DType.values())
              .filter(type -> type.isFloat() && !tested.weightTypes().contains(type))
              .findFirst()
              .orElseThrow();
      Tensor x = bench.input("x", 2, 3);
      Tensor out = bench.output("out", 2, 3);
      assertThatThrownBy(() -> bench.ops().linear(out, x, bench.scratch(foreign, 3, 3), null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("linear: weight is %s, this backend reads weights in [", foreign);
      Tensor narrow = bench.scratch(DType.BF16, 3, 3);
      if (tested.stateType() != DType.BF16) {
        assertThatThrownBy(() -> bench.ops().linearBackwardWeight(narrow, null, x, x))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("linearBackwardWeight: dWeight is BF16");
      }
      if (tested.floatType() != DType.BF16) {
        assertThatThrownBy(
                () -> bench.ops().gatherRows(out, narrow, bench.ints(new int[] {0, 1}, 2)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("gatherRows: x is BF16");
      }
    }
  }
}
