package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Tensor;

/**
 * From the last attention on, only rows that something reads are computed; nothing else changes.
 */
class ReadRowsTest {
  private static final long SEED = 31;

  @ParameterizedTest
  @CsvSource({
    "reference, UNTIED",
    "reference, QK_NORM",
    "cpu-2, TIED_WITH_BIAS",
    "cpu-2, QK_NORM",
    "cpu-2, GEMMA2"
  })
  void someRowsRead_givesWhatAllRowsReadGives(String device, TinyModel.Family family) {
    for (int layers = 1; layers <= 2; layers++) {
      try (TinyModel model = new TinyModel(device, family.config(layers));
          Parameters weights = model.weights(SEED);
          Parameters reference = model.weights(SEED + 1);
          Parameters some = model.gradients();
          Parameters all = model.gradients()) {
        SplittableRandom random = new SplittableRandom(SEED);
        PackedBatch.Builder few = new PackedBatch.Builder();
        PackedBatch.Builder full = new PackedBatch.Builder();
        int[] lengths = {5, 1, 33, 18};
        int rows = 0;
        for (int length : lengths) {
          int[] ids = TinyModel.tokens(random, length);
          few.addSequence(ids, length);
          full.addSequence(ids, length);
          rows += length;
        }
        // In the full batch each row is read once and weighs nothing unless the other one reads it.
        int[] target = TinyModel.tokens(random, rows);
        float[] allCoef = new float[rows];
        float[] allKl = new float[rows];
        int[] read = {4, 7, 8, 20, 38, 40, 56};
        float[] coef = new float[read.length];
        float[] kl = new float[read.length];
        for (int n = 0; n < read.length; n++) {
          coef[n] = allCoef[read[n]] = (float) random.nextGaussian();
          kl[n] = allKl[read[n]] = random.nextFloat();
          few.predict(read[n], target[read[n]]);
        }
        for (int row = 0; row < rows; row++) {
          full.predict(row, target[row]);
        }
        PackedBatch fewBatch = few.build();
        PackedBatch fullBatch = full.build();
        assertThat(fewBatch.numReadRows()).isEqualTo(read.length);
        assertThat(fullBatch.numReadRows()).isEqualTo(rows);
        HeadPass pass = model.headPass();
        HeadPass.Result fewResult =
            pass.accumulate(
                some, weights, reference, fewBatch, new HeadPass.Coefficients(coef, kl));
        HeadPass.Result fullResult =
            pass.accumulate(
                all, weights, reference, fullBatch, new HeadPass.Coefficients(allCoef, allKl));
        HeadPass.Result scored = pass.score(weights, reference, fewBatch);
        for (int n = 0; n < read.length; n++) {
          assertThat(fewResult.logProb()[n]).isEqualTo(fullResult.logProb()[read[n]]);
          assertThat(fewResult.entropy()[n]).isEqualTo(fullResult.entropy()[read[n]]);
          assertThat(fewResult.kl()[n]).isEqualTo(fullResult.kl()[read[n]]);
          assertThat(fewResult.refLogProb()[n]).isEqualTo(fullResult.refLogProb()[read[n]]);
        }
        assertThat(scored.logProb()).isEqualTo(fewResult.logProb());
        assertThat(scored.entropy()).isEqualTo(fewResult.entropy());
        assertThat(scored.kl()).isEqualTo(fewResult.kl());
        assertThat(scored.refLogProb()).isEqualTo(fewResult.refLogProb());
        // A row that weighs nothing adds exact zeros: not even rounding differs.
        for (Map.Entry<String, Tensor> entry : some.named().entrySet()) {
          float[] expected = model.ops.downloadFloats(TinyModel.tensor(all, entry.getKey()));
          float[] actual = model.ops.downloadFloats(entry.getValue());
          for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i] + 0f)
                .as("%s[%d], seed %d", entry.getKey(), i, SEED)
                .isEqualTo(expected[i] + 0f);
          }
        }
      }
    }
  }
}
