package org.score4j.tests.gradients;

import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Tensor;

/**
 * Linear layers, norms, RoPE, SwiGLU and look-ups. Gradients that accumulate start from other
 * numbers, which must survive.
 */
class LayerGradientsTest {
  private static final int[][] SHAPES = {{1, 1, 1}, {2, 3, 5}, {7, 4, 2}, {5, 16, 17}};
  private static final AttentionShape[] LAYOUTS = {
    new AttentionShape(1, 1, 2), new AttentionShape(4, 2, 4), new AttentionShape(3, 1, 6)
  };
  private static final double EPS = 1e-3;

  /** Of norm weights; 0 and 1 in models. */
  private static final double OFFSET = 0.75;

  @Test
  void linear_byInputWeightAndBias() {
    for (int[] s : SHAPES) {
      try (GradientCheck check = new GradientCheck(1)) {
        Tensor x = check.normals(s[0], s[1]);
        Tensor weight = check.normals(s[1], s[2]);
        Tensor bias = check.normals(s[2]);
        Tensor dOut = check.normals(s[0], s[2]);
        Tensor out = check.tensor(s[0], s[2]);
        DoubleSupplier loss =
            () -> {
              check.ops().linear(out, x, weight, bias);
              return check.dot(out, dOut);
            };
        Tensor dX = check.tensor(s[0], s[1]);
        Accumulated dWeight = new Accumulated(check, s[1], s[2]);
        Accumulated dBias = new Accumulated(check, s[2]);
        check.ops().linearBackwardInput(dX, dOut, weight);
        check.ops().linearBackwardWeight(dWeight.tensor, dBias.tensor, x, dOut);
        check.check("linear dX", x, dX, loss);
        check.check("linear dWeight", weight, dWeight.added(), loss);
        check.check("linear dBias", bias, dBias.added(), loss);
      }
    }
  }

  @Test
  void rmsNorm_byInputAndWeight() {
    for (int[] s : SHAPES) {
      try (GradientCheck check = new GradientCheck(2)) {
        Tensor x = check.normals(s[0], s[1]);
        Tensor weight = check.normals(s[1]);
        Tensor dOut = check.normals(s[0], s[1]);
        Tensor out = check.tensor(s[0], s[1]);
        Tensor rstd = check.tensor(s[0]);
        DoubleSupplier loss =
            () -> {
              check.ops().rmsNorm(out, rstd, x, weight, OFFSET, EPS);
              return check.dot(out, dOut);
            };
        double atStart = loss.getAsDouble();
        Tensor dX = check.tensor(s[0], s[1]);
        Accumulated dWeight = new Accumulated(check, s[1]);
        check.ops().rmsNormBackward(dX, dWeight.tensor, dOut, x, weight, rstd, OFFSET);
        check.check("rmsNorm dX of loss " + atStart, x, dX, loss);
        check.check("rmsNorm dWeight", weight, dWeight.added(), loss);
      }
    }
  }

  /** The residual stream's own gradient and the norm's branch meet in one tensor. */
  @Test
  void addRmsNorm_byBothTermsAndWeight_withTheGradientOfTheSumAdded() {
    for (int[] s : SHAPES) {
      try (GradientCheck check = new GradientCheck(3)) {
        Tensor x = check.normals(s[0], s[1]);
        Tensor delta = check.normals(s[0], s[1]);
        Tensor weight = check.normals(s[1]);
        Tensor dOut = check.normals(s[0], s[1]);
        Tensor dSum = check.normals(s[0], s[1]);
        Tensor out = check.tensor(s[0], s[1]);
        Tensor sum = check.tensor(s[0], s[1]);
        Tensor rstd = check.tensor(s[0]);
        DoubleSupplier loss =
            () -> {
              check.ops().addRmsNorm(out, sum, rstd, x, delta, weight, OFFSET, EPS);
              return check.dot(out, dOut) + check.dot(sum, dSum);
            };
        double atStart = loss.getAsDouble();
        Tensor dX = check.copy(dSum);
        Accumulated dWeight = new Accumulated(check, s[1]);
        check.ops().rmsNormBackwardAdd(dX, dWeight.tensor, dOut, sum, weight, rstd, OFFSET);
        check.check("addRmsNorm dX of loss " + atStart, x, dX, loss);
        check.check("addRmsNorm dDelta", delta, dX, loss);
        check.check("addRmsNorm dWeight", weight, dWeight.added(), loss);
      }
    }
  }

  @Test
  void qkNorm_byInputAndBothWeights() {
    for (AttentionShape heads : LAYOUTS) {
      try (GradientCheck check = new GradientCheck(4)) {
        int tokens = 3;
        Tensor qkv = check.normals(tokens, heads.qkvWidth());
        Tensor qWeight = check.normals(heads.headDim());
        Tensor kWeight = check.normals(heads.headDim());
        Tensor dOut = check.normals(tokens, heads.qkvWidth());
        Tensor out = check.tensor(tokens, heads.qkvWidth());
        Tensor rstd = check.tensor(tokens, heads.numHeads() + heads.numKvHeads());
        DoubleSupplier loss =
            () -> {
              check.ops().qkNorm(out, rstd, qkv, qWeight, kWeight, OFFSET, EPS, heads);
              return check.dot(out, dOut);
            };
        double atStart = loss.getAsDouble();
        Tensor dQkv = check.tensor(tokens, heads.qkvWidth());
        Accumulated dQWeight = new Accumulated(check, heads.headDim());
        Accumulated dKWeight = new Accumulated(check, heads.headDim());
        check
            .ops()
            .qkNormBackward(
                dQkv,
                dQWeight.tensor,
                dKWeight.tensor,
                dOut,
                qkv,
                qWeight,
                kWeight,
                rstd,
                OFFSET,
                heads);
        check.check("qkNorm dQkv of loss " + atStart, qkv, dQkv, loss);
        check.check("qkNorm dQWeight", qWeight, dQWeight.added(), loss);
        check.check("qkNorm dKWeight", kWeight, dKWeight.added(), loss);
      }
    }
  }

  @Test
  void rope_byInput() {
    for (AttentionShape heads : LAYOUTS) {
      try (GradientCheck check = new GradientCheck(5)) {
        int tokens = 4;
        int half = heads.headDim() / 2;
        Tensor qkv = check.normals(tokens, heads.qkvWidth());
        Tensor dOut = check.normals(tokens, heads.qkvWidth());
        Tensor positions = check.ints(new int[] {4, 0, 2, 2}, tokens);
        // Any numbers do: the backward is the transpose of the forward, whether or not it is a
        // rotation.
        Tensor cos = check.normals(5, half);
        Tensor sin = check.normals(5, half);
        DoubleSupplier loss =
            () -> {
              Tensor rotated = check.copy(qkv);
              check.ops().rope(rotated, positions, cos, sin, heads);
              return check.dot(rotated, dOut);
            };
        Tensor dQkv = check.copy(dOut);
        check.ops().ropeBackward(dQkv, positions, cos, sin, heads);
        check.check("rope " + heads, qkv, dQkv, loss);
      }
    }
  }

  @Test
  void swiglu_byGateAndUp() {
    for (int[] s : SHAPES) {
      try (GradientCheck check = new GradientCheck(6)) {
        Tensor gateUp = check.normals(s[0], 2 * s[1]);
        Tensor dOut = check.normals(s[0], s[1]);
        Tensor out = check.tensor(s[0], s[1]);
        Tensor dGateUp = check.tensor(s[0], 2 * s[1]);
        check.ops().swigluBackward(dGateUp, dOut, gateUp);
        check.check(
            "swiglu",
            gateUp,
            dGateUp,
            () -> {
              check.ops().swiglu(out, gateUp);
              return check.dot(out, dOut);
            });
      }
    }
  }

  @Test
  void geglu_byGateAndUp() {
    for (int[] s : SHAPES) {
      try (GradientCheck check = new GradientCheck(8)) {
        Tensor gateUp = check.normals(s[0], 2 * s[1]);
        Tensor dOut = check.normals(s[0], s[1]);
        Tensor out = check.tensor(s[0], s[1]);
        Tensor dGateUp = check.tensor(s[0], 2 * s[1]);
        check.ops().gegluBackward(dGateUp, dOut, gateUp);
        check.check(
            "geglu",
            gateUp,
            dGateUp,
            () -> {
              check.ops().geglu(out, gateUp);
              return check.dot(out, dOut);
            });
      }
    }
  }

  @Test
  void embedding_andGatherRows_byTableWithRepeatedRows() {
    try (GradientCheck check = new GradientCheck(7)) {
      Tensor table = check.normals(5, 3);
      Tensor ids = check.ints(new int[] {4, 0, 4, 4, 2}, 5);
      Tensor dOut = check.normals(5, 3);
      Tensor out = check.tensor(5, 3);
      Accumulated dWeight = new Accumulated(check, 5, 3);
      Accumulated dX = new Accumulated(check, 5, 3);
      check.ops().embeddingBackward(dWeight.tensor, dOut, ids);
      check.ops().scatterAddRows(dX.tensor, dOut, ids);
      check.check(
          "embedding",
          table,
          dWeight.added(),
          () -> {
            check.ops().embedding(out, ids, table);
            return check.dot(out, dOut);
          });
      check.check(
          "gatherRows",
          table,
          dX.added(),
          () -> {
            check.ops().gatherRows(out, table, ids);
            return check.dot(out, dOut);
          });
    }
  }
}
