package org.score4j.tests.gradients;

import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Tensor;

/**
 * Attention by queries, keys and values at once, with grouped heads and with prefixes that several
 * segments share.
 */
class AttentionGradientsTest {
  private static final AttentionShape[] LAYOUTS = {
    new AttentionShape(1, 1, 2),
    new AttentionShape(2, 2, 4),
    new AttentionShape(4, 2, 4),
    new AttentionShape(3, 1, 6),
    new AttentionShape(4, 2, 4, 0.3, 0, 2),
    new AttentionShape(2, 2, 4, 0.8, 1.5, 0),
    new AttentionShape(3, 1, 6, 0.5, 2, 3)
  };

  @Test
  void independentSegments() {
    check(new int[] {0, 1, 0, 0, 1, 5, 0, 0, 6, 3, 0, 0});
  }

  @Test
  void continuationsOfAWholePrompt() {
    check(new int[] {0, 4, 0, 0, 4, 2, 0, 4, 6, 3, 0, 4});
  }

  @Test
  void continuationsOfPartOfAPrompt_thenAnotherPromptWithItsOwn() {
    check(new int[] {0, 4, 0, 0, 4, 2, 0, 3, 6, 2, 0, 3, 8, 2, 0, 0, 10, 2, 8, 2});
  }

  private static void check(int[] segments) {
    int numSegments = segments.length / 4;
    int tokens = segments[segments.length - 4] + segments[segments.length - 3];
    for (AttentionShape heads : LAYOUTS) {
      try (GradientCheck check = new GradientCheck(8)) {
        Tensor table = check.ints(segments, numSegments, 4);
        Tensor qkv = check.normals(tokens, heads.qkvWidth());
        Tensor dOut = check.normals(tokens, heads.queryWidth());
        Tensor out = check.tensor(tokens, heads.queryWidth());
        Tensor lse = check.tensor(tokens, heads.numHeads());
        DoubleSupplier loss =
            () -> {
              check.ops().attention(out, lse, qkv, table, heads);
              return check.dot(out, dOut);
            };
        double atStart = loss.getAsDouble();
        Tensor dQkv = check.tensor(tokens, heads.qkvWidth());
        check.ops().attentionBackward(dQkv, dOut, out, qkv, lse, table, heads);
        check.check("attention %s, loss %s".formatted(heads, atStart), qkv, dQkv, loss);
      }
    }
  }
}
