package org.score4j.tests.conformance;

import static org.score4j.tests.conformance.Conformance.outputNamed;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.AttentionKernels;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Tensor;

/**
 * {@link AttentionKernels} over packed segments; {@link PagedAttentionKernelsTest} has the cache.
 */
interface AttentionKernelsTest extends Conformance {
  /**
   * Scores of up to 4·√headDim/√headDim standard deviations carry a rounding error of some units,
   * which the exponential passes on; a weighted mean over the keys adds no scale of its own.
   * Gradients sum over up to 170 queries.
   */
  double ROUNDINGS = 64;

  /**
   * Head layouts: single, equal, grouped, all sharing one; widths around and off the vector
   * lengths; then with windows and soft caps.
   */
  List<AttentionShape> LAYOUTS =
      List.of(
          new AttentionShape(1, 1, 2),
          new AttentionShape(2, 2, 6),
          new AttentionShape(4, 2, 8),
          new AttentionShape(6, 2, 16),
          new AttentionShape(4, 1, 32),
          new AttentionShape(3, 3, 34),
          new AttentionShape(4, 4, 32),
          new AttentionShape(2, 1, 64),
          new AttentionShape(2, 2, 6, 0.5, 0, 1),
          new AttentionShape(4, 2, 8, 0.3, 0, 5),
          new AttentionShape(6, 2, 16, 0.4, 1.5, 0),
          new AttentionShape(3, 3, 34, 0.2, 2, 17),
          new AttentionShape(2, 1, 64, 0.2, 50, 33));

  /** Heads as wide as those of language models, and one wider. */
  List<AttentionShape> WIDE_LAYOUTS =
      List.of(
          new AttentionShape(4, 2, 64),
          new AttentionShape(3, 1, 128),
          new AttentionShape(2, 1, 130),
          new AttentionShape(4, 2, 64, 0.125, 2, 40),
          new AttentionShape(2, 1, 64, 0.15, 0, 1),
          new AttentionShape(3, 1, 128, 0.1, 0, 33),
          new AttentionShape(2, 2, 128, 0.12, 3, 0),
          new AttentionShape(2, 1, 130, 0.1, 2, 21));

  /**
   * Where activations are kept in bfloat16 the softmax weights are rounded to it for the product
   * with the values, their gradients for those with queries and keys, and backward reads a rounded
   * output. All three are at most 1 and weighted means of what they multiply.
   */
  static double storedRoundings(String output) {
    return switch (output) {
      case "out" -> 1;
      case "dQkv" -> 2;
      default -> 0;
    };
  }

  @Test
  default void attention_andItsBackward_agreeWithReference() {
    SplittableRandom random = Conformance.random("attention");
    for (AttentionShape heads : LAYOUTS) {
      for (int trial = 0; trial < 3; trial++) {
        Packing packing = Packing.random(random, 1 + random.nextInt(3));
        assertAgrees(
            "attention %s %s".formatted(heads, packing),
            ROUNDINGS,
            AttentionKernelsTest::storedRoundings,
            bench -> bothWays(bench, packing, heads));
      }
    }
  }

  @Test
  default void attention_ofEveryLengthUpTo40_agreesWithReference() {
    AttentionShape heads = new AttentionShape(2, 1, 8);
    for (int length = 1; length <= 40; length++) {
      Packing packing = Packing.of(length);
      assertAgrees(
          "attention over " + length,
          ROUNDINGS,
          AttentionKernelsTest::storedRoundings,
          bench -> bothWays(bench, packing, heads));
    }
  }

  /**
   * Tensors start at any element; backends that copy 16 bytes at a time must see when they cannot.
   * The last letter of a name decides where the tensors of a bench start.
   */
  @Test
  default void attention_ofWideHeads_agreesWithReferenceAtEveryAlignment() {
    SplittableRandom random = Conformance.random("wide attention");
    for (AttentionShape heads : WIDE_LAYOUTS) {
      // Caps and windows change nothing about how rows are read.
      int places = heads.isCappedOrWindowed() ? 1 : 4;
      for (char place = 'a'; place < 'a' + places; place++) {
        Packing packing = Packing.random(random, 2);
        assertAgrees(
            "wide attention %s %s %s".formatted(heads, packing, place),
            ROUNDINGS,
            AttentionKernelsTest::storedRoundings,
            bench -> bothWays(bench, packing, heads));
      }
    }
  }

  @Test
  default void attention_withScoresOfHundreds_neitherOverflowsNorBecomesNaN() {
    AttentionShape heads = new AttentionShape(2, 1, 4);
    int tokens = 20;
    // Scores near ±300 carry 300 times the absolute error; most rows are one-hot and do not pass it
    // on.
    // probabilities.
    assertAgrees(
        "attention with large scores",
        ROUNDINGS * 4,
        AttentionKernelsTest::storedRoundings,
        bench -> {
          double[] qkv = bench.normals("qkv", tokens * heads.qkvWidth());
          for (int i = 0; i < qkv.length; i++) {
            qkv[i] *= 16;
          }
          Tensor large = bench.input("large", qkv, tokens, heads.qkvWidth());
          Tensor lse = bench.stateOutput("logSumExp", tokens, 2);
          Tensor out = bench.output("out", tokens, heads.queryWidth());
          bench.ops().attention(out, lse, large, Packing.of(tokens).segments(bench), heads);
        });
  }

  @Test
  default void attentionRows_haveTheSameBitsWhateverElseIsPacked() {
    assumeBitExact();
    SplittableRandom random = Conformance.random("attention rows");
    try (Backend backend = open(2)) {
      for (AttentionShape heads : LAYOUTS) {
        int first = Conformance.size(random);
        int second = Conformance.size(random);
        int third = Conformance.size(random);
        String what = "attention %s %d %d %d".formatted(heads, first, second, third);
        int tokens = first + second + third;
        Map<String, double[]> whole =
            Conformance.run(
                backend,
                what,
                bench -> rows(bench, Packing.of(first, second, third), heads, 0, tokens, tokens));
        int from = first;
        int to = first + second;
        Map<String, double[]> alone =
            Conformance.run(
                backend, what, bench -> rows(bench, Packing.of(second), heads, from, to, tokens));
        for (String name : whole.keySet()) {
          int width = outputNamed(whole, name).length / tokens;
          Conformance.assertSameBits(
              what + " " + name,
              outputNamed(alone, name),
              Conformance.rows(outputNamed(whole, name), from, to, width));
        }
      }
    }
  }

  @Test
  default void sharingAPrefix_givesTheBitsOfRepeatingIt() {
    assumeBitExact();
    SplittableRandom random = Conformance.random("attention prefix");
    try (Backend backend = open(2)) {
      for (AttentionShape heads : LAYOUTS) {
        int prompt = Conformance.size(random);
        int one = 1 + random.nextInt(40);
        int two = 1 + random.nextInt(40);
        int width = heads.qkvWidth();
        String what = "attention %s prompt %d forks %d %d".formatted(heads, prompt, one, two);
        Map<String, double[]> shared =
            Conformance.run(
                backend,
                what,
                bench -> {
                  int tokens = prompt + one + two;
                  double[] qkv = bench.normals("qkv", tokens * width);
                  Tensor x = bench.input("qkv", qkv, tokens, width);
                  forward(bench, Packing.fork(prompt, one, two), heads, x);
                });
        Map<String, double[]> repeated =
            Conformance.run(
                backend,
                what,
                bench -> {
                  int tokens = prompt + one + two;
                  double[] qkv = bench.normals("qkv", tokens * width);
                  double[] twice = new double[(2 * prompt + one + two) * width];
                  System.arraycopy(qkv, 0, twice, 0, (prompt + one) * width);
                  System.arraycopy(qkv, 0, twice, (prompt + one) * width, prompt * width);
                  System.arraycopy(
                      qkv, (prompt + one) * width, twice, (2 * prompt + one) * width, two * width);
                  Tensor x = bench.input("qkv", twice, 2 * prompt + one + two, width);
                  forward(bench, Packing.of(prompt + one, prompt + two), heads, x);
                });
        for (String name : shared.keySet()) {
          int columns = outputNamed(shared, name).length / (prompt + one + two);
          Conformance.assertSameBits(
              what + " prompt and first fork: " + name,
              Conformance.rows(outputNamed(shared, name), 0, prompt + one, columns),
              Conformance.rows(outputNamed(repeated, name), 0, prompt + one, columns));
          Conformance.assertSameBits(
              what + " second fork: " + name,
              Conformance.rows(
                  outputNamed(shared, name), prompt + one, prompt + one + two, columns),
              Conformance.rows(
                  outputNamed(repeated, name), 2 * prompt + one, 2 * prompt + one + two, columns));
        }
      }
    }
  }

  @Test
  default void attention_hasTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    SplittableRandom random = Conformance.random("attention threads");
    for (AttentionShape heads : LAYOUTS) {
      Packing packing = Packing.random(random, 3);
      assertSameBitsAtAllThreadCounts(
          "attention %s %s".formatted(heads, packing), bench -> bothWays(bench, packing, heads));
    }
  }

  private static void forward(Bench bench, Packing packing, AttentionShape heads, Tensor qkv) {
    Tensor out = bench.output("out", packing.tokens(), heads.queryWidth());
    Tensor lse = bench.stateOutput("logSumExp", packing.tokens(), heads.numHeads());
    bench.ops().attention(out, lse, qkv, packing.segments(bench), heads);
  }

  private static void bothWays(Bench bench, Packing packing, AttentionShape heads) {
    rows(bench, packing, heads, 0, packing.tokens(), packing.tokens());
  }

  /** Forward and backward over the rows {@code from .. to} of a batch of {@code tokens}. */
  private static void rows(
      Bench bench, Packing packing, AttentionShape heads, int from, int to, int tokens) {
    int n = to - from;
    Tensor qkv = bench.input("qkv", tokens, heads.qkvWidth()).rows(from, to);
    Tensor dOut = bench.input("dOut", tokens, heads.queryWidth()).rows(from, to);
    Tensor out = bench.output("out", n, heads.queryWidth());
    Tensor lse = bench.stateOutput("logSumExp", n, heads.numHeads());
    Tensor segments = packing.segments(bench);
    bench.ops().attention(out, lse, qkv, segments, heads);
    Tensor dQkv = bench.output("dQkv", n, heads.qkvWidth());
    bench.ops().attentionBackward(dQkv, dOut, out, qkv, lse, segments, heads);
  }
}
