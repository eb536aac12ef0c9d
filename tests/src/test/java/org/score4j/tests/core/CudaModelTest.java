package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Tensor;

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
        TinyModel reference = new TinyModel("reference", family);
        Parameters weights = cuda.weights(SEED);
        Parameters sameWeights = reference.copy(cuda, weights);
        Parameters teacher = cuda.weights(SEED + 1);
        Parameters sameTeacher = reference.copy(cuda, teacher);
        Parameters gradients = cuda.gradients();
        Parameters wantedGradients = reference.gradients()) {
      PackedBatch batch = batch();
      HeadPass.Coefficients coefficients = coefficients(batch.numPredictions());
      HeadPass.Result result =
          cuda.headPass().accumulate(gradients, weights, teacher, batch, coefficients);
      HeadPass.Result wanted =
          reference
              .headPass()
              .accumulate(wantedGradients, sameWeights, sameTeacher, batch, coefficients);
      double tolerance = tolerance(precision);
      assertClose("log-probs", result.logProb(), wanted.logProb(), tolerance);
      assertClose("entropies", result.entropy(), wanted.entropy(), tolerance);
      assertClose("KL", result.kl(), wanted.kl(), tolerance);
      gradients.foldTiedHead(cuda.ops);
      wantedGradients.foldTiedHead(reference.ops);
      for (Map.Entry<String, Tensor> entry : gradients.named().entrySet()) {
        float[] values = cuda.ops.downloadFloats(entry.getValue());
        float[] expected =
            reference.ops.downloadFloats(TinyModel.tensor(wantedGradients, entry.getKey()));
        assertClose("gradient of " + entry.getKey(), values, expected, tolerance);
      }
    }
  }

  /** On the scale of the largest. */
  private static void assertClose(String what, float[] values, float[] wanted, double tolerance) {
    double largest = 0;
    for (float value : wanted) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).as(what).isPositive();
    assertThat(values).as(what).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat((double) values[i])
          .as("%s[%d], seed %d", what, i, SEED)
          .isCloseTo(wanted[i], within(tolerance * largest));
    }
  }

  /** A prompt with two continuations, and a sequence by itself. */
  private static PackedBatch batch() {
    SplittableRandom random = new SplittableRandom(SEED);
    PackedBatch.Builder batch = new PackedBatch.Builder();
    int[] prompt = TinyModel.tokens(random, 19);
    batch.addSequence(prompt, prompt.length);
    for (int sample = 0; sample < 2; sample++) {
      int[] ids = TinyModel.tokens(random, 7 + sample);
      batch.predict(batch.lastPrefixRow(), ids[0]);
      int start = batch.addContinuation(ids, ids.length - 1);
      for (int i = 1; i < ids.length; i++) {
        batch.predict(start + i - 1, ids[i]);
      }
    }
    return TinyModel.addPredicted(batch, TinyModel.tokens(random, 40)).build();
  }

  private static HeadPass.Coefficients coefficients(int n) {
    SplittableRandom random = new SplittableRandom(SEED + 2);
    float[] logProb = new float[n];
    float[] kl = new float[n];
    for (int i = 0; i < n; i++) {
      logProb[i] = (float) random.nextGaussian();
      kl[i] = (float) random.nextDouble();
    }
    return new HeadPass.Coefficients(logProb, kl);
  }
}
