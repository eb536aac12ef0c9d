package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.kernels.Tensor;

/** A pass that is read before it is learnt from gives the bits of one that is not. */
class OpenedPassTest {
  private static final long SEED = 31;

  @ParameterizedTest
  @CsvSource({
    "reference, UNTIED, NONE",
    "cpu-2, UNTIED, NONE",
    "cpu-2, TIED_WITH_BIAS, NORMS",
    "cpu-2, GEMMA2, BLOCKS",
    "cpu-2, QK_NORM, BLOCKS"
  })
  void openReadBackward_isAccumulate(String device, TinyModel.Family family, Recompute recompute) {
    try (TinyModel model = new TinyModel(device, family.config(2), recompute);
        Parameters weights = model.weights(SEED);
        Parameters reference = model.weights(SEED + 1);
        Parameters atOnce = model.gradients();
        Parameters opened = model.gradients()) {
      SplittableRandom random = new SplittableRandom(SEED);
      PackedBatch.Builder builder = new PackedBatch.Builder();
      for (int i = 0; i < 3; i++) {
        TinyModel.addPredicted(builder, TinyModel.tokens(random, 3 + random.nextInt(20)));
      }
      PackedBatch batch = builder.build();
      HeadPass pass = model.headPass();
      HeadPass.Result wanted;
      HeadPass.Coefficients coefficients;
      try (HeadPass.Opened first = pass.open(weights, reference, batch)) {
        HeadPass.Result read = first.result();
        // Coefficients that are known only now, as those of a loss on pairs.
        int n = batch.numPredictions();
        float[] logProb = new float[n];
        float[] kl = new float[n];
        float[] entropy = new float[n];
        for (int i = 0; i < n; i++) {
          logProb[i] = (float) Math.tanh(read.logProb()[i] - read.refLogProb()[i]) / n;
          kl[i] = 0.1f * read.kl()[i] / n;
          entropy[i] = 0.01f / n;
        }
        coefficients = new HeadPass.Coefficients(logProb, kl, entropy);
        first.backward(opened, coefficients);
        wanted = read;
      }
      HeadPass.Result once = pass.accumulate(atOnce, weights, reference, batch, coefficients);
      assertThat(once.logProb()).isEqualTo(wanted.logProb());
      assertThat(once.kl()).isEqualTo(wanted.kl());
      for (Map.Entry<String, Tensor> entry : atOnce.named().entrySet()) {
        assertThat(model.ops.downloadDoubles(TinyModel.tensor(opened, entry.getKey())))
            .as("gradient of %s, seed %d", entry.getKey(), SEED)
            .isEqualTo(model.ops.downloadDoubles(entry.getValue()));
      }
    }
  }
}
