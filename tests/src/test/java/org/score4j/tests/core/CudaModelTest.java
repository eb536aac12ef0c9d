package org.score4j.tests.core;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A whole model on the cuda backend against the reference, from the same weights. */
class CudaModelTest {
  private static final long SEED = 71;

  /**
   * In single precision some hundred roundings of 6e-8 add up. In bfloat16 every activation is
   * rounded to 2⁻⁸ of itself; two blocks store twelve of them one after the other, whose errors are
   * independent: about √12 · 2⁻⁹, with the largest of some thousand a few times that, and more
   * where the terms of a sum cancel, as in the gradients of key norms.
   */
  private static double tolerance(String precision) {
    return precision.equals("f32") ? 3e-5 : 0.1;
  }

  @ParameterizedTest
  @CsvSource({
    "f32, UNTIED",
    "f32, TIED_WITH_BIAS",
    "f32, QK_NORM",
    "f32, SCALED_ROPE",
    "bf16, UNTIED",
    "bf16, TIED_WITH_BIAS",
    "bf16, QK_NORM",
    "f32, WINDOWED",
    "f32, GEMMA2",
    "f32, GEMMA3",
    "bf16, GEMMA2",
    "bf16, GEMMA3"
  })
  void logProbsKlAndGradients_areTheReferences(String precision, TinyModel.Family family) {
    try (TinyModel cuda = new TinyModel("cuda-" + precision, family);
        TinyModel reference = new TinyModel("reference", family)) {
      ModelAgreement.check(cuda, reference, SEED, tolerance(precision));
    }
  }
}
