package org.score4j.tests.conformance;

import static org.score4j.tests.conformance.Conformance.outputNamed;
import static org.score4j.tests.conformance.Conformance.rows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Backend;
import org.score4j.kernels.NormKernels;
import org.score4j.kernels.Tensor;

/** {@link NormKernels}. */
interface NormKernelsTest extends Conformance {
  /**
   * Squares are all positive, so a norm loses a few units of rounding; the weight gradients sum up
   * to 129 products, which lose about √129 units of a term's size.
   */
  double ROUNDINGS = 32;

  /** What is normalised is the sum as it was stored: each element, and with all of them rstd. */
  double SUM_ROUNDINGS = 2;

  /** Rows wider than what a block of GPU threads holds at once, and more rows than blocks. */
  List<int[]> WIDE =
      List.of(new int[] {3, 8208}, new int[] {2, 4100}, new int[] {2, 1031}, new int[] {700, 8});

  double EPS = 1e-5;

  /** Of weights where bits are compared. */
  double OFFSET = 1;

  /** 0 and 1, as models have it, over the sizes in turn. */
  private static double offset(int size) {
    return size % 2;
  }

  @Test
  default void rmsNorm_agreesWithReference() {
    everyShape(
        "rmsNorm",
        (bench, s) ->
            bench
                .ops()
                .rmsNorm(
                    bench.output("out", s),
                    bench.stateOutput("rstd", s[0]),
                    bench.input("x", s),
                    bench.input("weight", s[1]),
                    offset(s[1]),
                    EPS));
  }

  @Test
  default void rmsNorm_ofZeros_isFinite() {
    assertAgrees(
        "rmsNorm of zeros",
        ROUNDINGS,
        bench ->
            bench
                .ops()
                .rmsNorm(
                    bench.output("out", 3, 17),
                    bench.stateOutput("rstd", 3),
                    bench.input("x", new double[3 * 17], 3, 17),
                    bench.input("weight", 17),
                    1,
                    1e-6));
  }

  @Test
  default void addRmsNorm_agreesWithReference() {
    everyShape(
        "addRmsNorm",
        output -> SUM_ROUNDINGS,
        (bench, s) ->
            bench
                .ops()
                .addRmsNorm(
                    bench.output("out", s),
                    bench.output("sum", s),
                    bench.stateOutput("rstd", s[0]),
                    bench.input("x", s),
                    bench.input("delta", s),
                    bench.input("weight", s[1]),
                    offset(s[1]),
                    EPS));
  }

  @Test
  default void rmsNormBackward_overwritesDX_andAddsToDWeight() {
    everyShape(
        "rmsNormBackward",
        (bench, s) ->
            bench
                .ops()
                .rmsNormBackward(
                    bench.output("dX", s),
                    bench.stateUpdated("dWeight", s[1]),
                    bench.input("dOut", s),
                    bench.input("x", s),
                    bench.input("weight", s[1]),
                    bench.stateInput("rstd", s[0]),
                    offset(s[1])));
  }

  @Test
  default void rmsNormBackwardAdd_addsToDX_andToDWeight() {
    everyShape(
        "rmsNormBackwardAdd",
        (bench, s) ->
            bench
                .ops()
                .rmsNormBackwardAdd(
                    bench.updated("dX", s),
                    bench.stateUpdated("dWeight", s[1]),
                    bench.input("dOut", s),
                    bench.input("x", s),
                    bench.input("weight", s[1]),
                    bench.stateInput("rstd", s[0]),
                    offset(s[1])));
  }

  @Test
  default void qkNorm_agreesWithReference() {
    everyHeadLayout("qkNorm", NormKernelsTest::qkNormForward);
  }

  @Test
  default void qkNormBackward_overwritesDQkv_andAddsToWeights() {
    everyHeadLayout("qkNormBackward", NormKernelsTest::qkNormBackward);
  }

  private static void qkNormForward(Bench bench, int tokens, AttentionShape heads) {
    bench
        .ops()
        .qkNorm(
            bench.output("out", tokens, heads.qkvWidth()),
            bench.stateOutput("rstd", tokens, heads.numHeads() + heads.numKvHeads()),
            bench.input("qkv", tokens, heads.qkvWidth()),
            bench.input("qWeight", heads.headDim()),
            bench.input("kWeight", heads.headDim()),
            offset(heads.numHeads()),
            EPS,
            heads);
  }

  private static void qkNormBackward(Bench bench, int tokens, AttentionShape heads) {
    bench
        .ops()
        .qkNormBackward(
            bench.output("dQkv", tokens, heads.qkvWidth()),
            bench.stateUpdated("dQWeight", heads.headDim()),
            bench.stateUpdated("dKWeight", heads.headDim()),
            bench.input("dOut", tokens, heads.qkvWidth()),
            bench.input("qkv", tokens, heads.qkvWidth()),
            bench.input("qWeight", heads.headDim()),
            bench.input("kWeight", heads.headDim()),
            bench.stateInput("rstd", tokens, heads.numHeads() + heads.numKvHeads()),
            offset(heads.numHeads()),
            heads);
  }

  @Test
  default void normRows_haveTheSameBitsInEveryBatch() {
    assumeBitExact();
    try (Backend backend = open(2)) {
      for (int width : SIZES) {
        int tokens = 37;
        Map<String, double[]> whole =
            Conformance.run(backend, "norm " + width, bench -> forward(bench, 0, tokens, width));
        for (int[] part : new int[][] {{0, 1}, {5, 6}, {36, 37}, {3, 20}, {16, 32}}) {
          Map<String, double[]> piece =
              Conformance.run(
                  backend, "norm " + width, bench -> forward(bench, part[0], part[1], width));
          for (String name : whole.keySet()) {
            int columns = name.equals("rstd") || name.equals("rstd2") ? 1 : width;
            Conformance.assertSameBits(
                "norm width %d rows %d..%d: %s".formatted(width, part[0], part[1], name),
                outputNamed(piece, name),
                rows(outputNamed(whole, name), part[0], part[1], columns));
          }
        }
      }
    }
  }

  private static void forward(Bench bench, int from, int to, int width) {
    int n = to - from;
    Tensor x = bench.input("x", 37, width).rows(from, to);
    Tensor delta = bench.input("delta", 37, width).rows(from, to);
    Tensor weight = bench.input("weight", width);
    Tensor rstd = bench.stateOutput("rstd", n);
    bench.ops().rmsNorm(bench.output("out", n, width), rstd, x, weight, OFFSET, EPS);
    Tensor out2 = bench.output("out2", n, width);
    Tensor sum = bench.output("sum", n, width);
    bench.ops().addRmsNorm(out2, sum, bench.stateOutput("rstd2", n), x, delta, weight, OFFSET, EPS);
    Tensor dX = bench.output("dX", n, width);
    bench.ops().rmsNormBackward(dX, bench.stateScratch(width), delta, x, weight, rstd, OFFSET);
  }

  @Test
  default void normWeightGradients_ofMicroBatches_equalTheWholeBatchBitForBit() {
    assumeBitExact();
    AttentionShape heads = new AttentionShape(4, 2, 16);
    try (Backend backend = open(2)) {
      Map<String, double[]> whole =
          Conformance.run(backend, "norm split", bench -> inPieces(bench, heads, 129));
      for (int piece : new int[] {1, 7, 16, 100}) {
        Map<String, double[]> split =
            Conformance.run(backend, "norm split", bench -> inPieces(bench, heads, piece));
        for (String name : whole.keySet()) {
          Conformance.assertSameBits(
              "norms by %d: %s".formatted(piece, name),
              outputNamed(split, name),
              outputNamed(whole, name));
        }
      }
    }
  }

  private static void inPieces(Bench bench, AttentionShape heads, int piece) {
    int tokens = 129;
    int width = heads.qkvWidth();
    Tensor dX = bench.output("dX", tokens, width);
    Tensor dQkv = bench.output("dQkv", tokens, width);
    Tensor dWeight = bench.stateUpdated("dWeight", width);
    Tensor dQWeight = bench.stateUpdated("dQWeight", heads.headDim());
    Tensor dKWeight = bench.stateUpdated("dKWeight", heads.headDim());
    Tensor dOut = bench.input("dOut", tokens, width);
    Tensor x = bench.input("x", tokens, width);
    Tensor weight = bench.input("weight", width);
    Tensor qWeight = bench.input("qWeight", heads.headDim());
    Tensor kWeight = bench.input("kWeight", heads.headDim());
    Tensor rstd = bench.stateInput("rstd", tokens);
    Tensor rstdHeads = bench.stateInput("rstdHeads", tokens, 6);
    for (int a = 0; a < tokens; a += piece) {
      int b = Math.min(tokens, a + piece);
      bench
          .ops()
          .rmsNormBackward(
              dX.rows(a, b),
              dWeight,
              dOut.rows(a, b),
              x.rows(a, b),
              weight,
              rstd.rows(a, b),
              OFFSET);
      bench
          .ops()
          .qkNormBackward(
              dQkv.rows(a, b),
              dQWeight,
              dKWeight,
              dOut.rows(a, b),
              x.rows(a, b),
              qWeight,
              kWeight,
              rstdHeads.rows(a, b),
              OFFSET,
              heads);
    }
  }

  @Test
  default void norms_haveTheSameBitsAtAllThreadCounts() {
    assumeBitExact();
    AttentionShape heads = new AttentionShape(4, 2, 16);
    assertSameBitsAtAllThreadCounts("norms", bench -> inPieces(bench, heads, 129));
    assertSameBitsAtAllThreadCounts("norm forward", bench -> forward(bench, 0, 37, 129));
    assertSameBitsAtAllThreadCounts("qkNorm", bench -> qkNormForward(bench, 129, heads));
  }

  /** An op on (tokens, width). */
  interface OnRows {
    /** Runs it. */
    void run(Bench bench, int[] shape);
  }

  private void everyShape(String op, OnRows body) {
    everyShape(op, output -> 0, body);
  }

  private void everyShape(String op, ToDoubleFunction<String> storedRoundings, OnRows body) {
    SplittableRandom random = Conformance.random(op);
    List<int[]> shapes = new ArrayList<>(WIDE);
    SIZES.forEach(width -> shapes.add(new int[] {Conformance.size(random), width}));
    for (int[] shape : shapes) {
      Consumer<Bench> bound = bench -> body.run(bench, shape);
      String what = "%s (%d, %d)".formatted(op, shape[0], shape[1]);
      assertAgrees(what, ROUNDINGS, storedRoundings, bound);
    }
  }

  /** An op on packed heads. */
  interface OnHeads {
    /** Runs it. */
    void run(Bench bench, int tokens, AttentionShape heads);
  }

  private void everyHeadLayout(String op, OnHeads body) {
    for (int[] s :
        new int[][] {
          {1, 1, 1, 2}, {17, 4, 2, 8}, {5, 6, 2, 6}, {33, 8, 1, 32}, {7, 3, 3, 16}, {64, 4, 4, 34}
        }) {
      AttentionShape heads = new AttentionShape(s[1], s[2], s[3]);
      assertAgrees(op + " " + heads, ROUNDINGS, bench -> body.run(bench, s[0], heads));
    }
  }
}
