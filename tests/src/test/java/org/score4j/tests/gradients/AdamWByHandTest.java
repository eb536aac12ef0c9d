package org.score4j.tests.gradients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.score4j.kernels.OptimizerKernels.AdamWStep;
import org.score4j.kernels.Tensor;

/** Two AdamW steps computed by hand. */
class AdamWByHandTest {
  /** A few roundings of numbers of order one. */
  private static final double EXACT = 1e-14;

  /**
   * β1 = 1/2, β2 = 3/4, lr = 0.1, decay 0.2. Step 1, g = 4 · 0.5: m = 1, v = 1, m̂ = 2, v̂ = 4, p =
   * 3 − 0.06 − 0.1 · 2/2 = 2.84. Step 2, g = −1: m = 0, so only the decay moves it: p = 2.84 ·
   * 0.98.
   */
  @Test
  void twoSteps_equalTheSumsByHand() {
    try (GradientCheck check = new GradientCheck(13)) {
      Tensor p = check.of(new double[] {3}, 1);
      Tensor m = check.zeros(1);
      Tensor v = check.zeros(1);
      Tensor first = check.of(new double[] {4}, 1);
      check.ops().adamW(p, null, m, v, first, new AdamWStep(0.1, 0.5, 0.75, 0, 0.2, 1, 0.5));
      assertThat(check.ops().downloadDoubles(m)[0]).isCloseTo(1, within(EXACT));
      assertThat(check.ops().downloadDoubles(v)[0]).isCloseTo(1, within(EXACT));
      assertThat(check.ops().downloadDoubles(p)[0]).isCloseTo(2.84, within(EXACT));
      Tensor second = check.of(new double[] {-1}, 1);
      check.ops().adamW(p, null, m, v, second, new AdamWStep(0.1, 0.5, 0.75, 0, 0.2, 2, 1));
      assertThat(check.ops().downloadDoubles(m)[0]).isCloseTo(0, within(EXACT));
      assertThat(check.ops().downloadDoubles(v)[0]).isCloseTo(1, within(EXACT));
      assertThat(check.ops().downloadDoubles(p)[0]).isCloseTo(2.84 * 0.98, within(EXACT));
    }
  }

  /**
   * The first step's size is the learning rate whatever the gradient's size: eps alone makes the
   * difference.
   */
  @Test
  void eps_isAddedToTheRootOfTheCorrectedMoment() {
    try (GradientCheck check = new GradientCheck(14)) {
      Tensor p = check.zeros(1);
      Tensor grad = check.of(new double[] {0.01}, 1);
      AdamWStep step = new AdamWStep(1, 0.9, 0.999, 0.01, 0, 1, 1);
      check.ops().adamW(p, null, check.zeros(1), check.zeros(1), grad, step);
      assertThat(check.ops().downloadDoubles(p)[0]).isCloseTo(-0.5, within(EXACT));
    }
  }
}
