package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.kernels.DeviceArena;

/** The promised memory is enough for every shape of batch, and not much more than is used. */
class ActivationBytesTest {
  private static final long SEED = 51;

  @ParameterizedTest
  @CsvSource({
    "reference, UNTIED",
    "cpu-2, UNTIED",
    "cpu-2, TIED_WITH_BIAS",
    "cpu-2, QK_NORM",
    "cpu-2, GEMMA3"
  })
  void accumulateWithReference_fitsInThePromisedMemory(String device, TinyModel.Family family) {
    for (int layers : new int[] {1, 2, 7}) {
      ModelConfig config = family.config(layers);
      for (Recompute level : Recompute.values()) {
        try (TinyModel model = new TinyModel(device, config, level);
            Parameters weights = model.weights(SEED);
            Parameters gradients = model.gradients()) {
          // (tokens, predictions per token read, every how many tokens one is read; 0: all but one)
          check(model, weights, gradients, 1, 1, 1);
          check(model, weights, gradients, 1, 5, 1);
          check(model, weights, gradients, 65, 1, 1);
          check(model, weights, gradients, 65, 1, 9);
          check(model, weights, gradients, 65, 3, 1);
          check(model, weights, gradients, 130, 2, 64);
          check(model, weights, gradients, 160, 2, 0);
        }
      }
    }
  }

  private static void check(
      TinyModel model, Parameters weights, Parameters gradients, int tokens, int each, int stride) {
    SplittableRandom random = new SplittableRandom(SEED);
    for (boolean oneSequence : new boolean[] {true, false}) {
      PackedBatch.Builder builder = new PackedBatch.Builder();
      int length = oneSequence ? tokens : 1;
      for (int start = 0; start < tokens; start += length) {
        builder.addSequence(TinyModel.tokens(random, length), length);
      }
      for (int row = 0; row < (stride == 0 ? tokens - 1 : tokens); row += Math.max(1, stride)) {
        for (int n = 0; n < each; n++) {
          builder.predict(row, n);
        }
      }
      PackedBatch batch = builder.build();
      float[] coefficients = new float[batch.numPredictions()];
      Arrays.fill(coefficients, 0.1f);
      long bytes =
          HeadPass.activationBytes(
              model.config(),
              tokens,
              batch.numPredictions(),
              model.transformer.recompute(),
              model.ops);
      try (DeviceArena arena = model.ops.newArena("activations", bytes)) {
        HeadPass pass = new HeadPass(model.transformer, arena, 1);
        pass.accumulate(
            gradients,
            weights,
            weights,
            batch,
            new HeadPass.Coefficients(coefficients, coefficients));
        assertThat(arena.mark()).isZero();
        if (tokens > 1 && stride <= 1 && model.transformer.recompute() != Recompute.BLOCKS) {
          // The rest is rounding to whole cache lines and gathering where all rows are read.
          assertThat((double) arena.peakBytes() / bytes)
              .as("share used, %d layers, %s", model.config().numLayers(), model.ops.backend())
              .isGreaterThan(0.75);
        }
      }
      long scoring =
          HeadPass.scoringBytes(model.config(), tokens, batch.numPredictions(), model.ops);
      assertThat(scoring).isLessThanOrEqualTo(bytes);
      try (DeviceArena arena = model.ops.newArena("activations", scoring)) {
        new HeadPass(model.transformer, arena, 1).score(weights, weights, batch);
        if (tokens > 1 && stride <= 1) {
          assertThat((double) arena.peakBytes() / scoring)
              .as("share used by scoring, %d layers", model.config().numLayers())
              .isGreaterThan(0.5);
        }
      }
    }
  }
}
