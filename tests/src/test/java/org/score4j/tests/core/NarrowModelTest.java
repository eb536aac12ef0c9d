package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.DType;
import org.score4j.kernels.Tensor;

/** A model whose matrices are BF16 is, bit for bit, the model of the same numbers in F32. */
class NarrowModelTest {
  private static final long SEED = 77;

  /** What a pass gives: log-probs, entropies and divergences, and gradients by name. */
  private record Outcome(HeadPass.Result result, Map<String, float[]> gradients) {
    void assertSame(Outcome other, String what) {
      assertThat(result)
          .usingRecursiveComparison()
          .as("%s, seed %d", what, SEED)
          .isEqualTo(other.result);
      assertThat(gradients).containsOnlyKeys(other.gradients.keySet());
      other.gradients.forEach(
          (name, wanted) ->
              assertThat(gradients.get(name))
                  .as("%s, seed %d: gradient of %s", what, SEED, name)
                  .isEqualTo(wanted));
    }
  }

  private static PackedBatch batch() {
    SplittableRandom random = new SplittableRandom(SEED);
    PackedBatch.Builder builder = new PackedBatch.Builder();
    for (int length : new int[] {2, 3, 17, 40, 6}) {
      TinyModel.addPredicted(builder, TinyModel.tokens(random, length));
    }
    return builder.build();
  }

  private static Outcome learn(TinyModel model, Parameters weights, Parameters reference) {
    PackedBatch batch = batch();
    float[] coefficients = new float[batch.numPredictions()];
    Arrays.fill(coefficients, 0.1f);
    try (Parameters gradients = Parameters.forGradientsOf(model.ops, weights)) {
      HeadPass.Result result =
          model
              .headPass()
              .accumulate(
                  gradients,
                  weights,
                  reference,
                  batch,
                  new HeadPass.Coefficients(coefficients, coefficients.clone()));
      Map<String, float[]> values = new java.util.TreeMap<>();
      for (Map.Entry<String, Tensor> entry : gradients.named().entrySet()) {
        values.put(entry.getKey(), model.ops.downloadFloats(entry.getValue()));
      }
      return new Outcome(result, values);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "reference, UNTIED",
    "cpu-1, UNTIED",
    "cpu-2, TIED_WITH_BIAS",
    "cpu-3, QK_NORM",
    "cpu-2, GEMMA2",
    "cpu-2, GEMMA3"
  })
  void scoresAndGradients_areThoseOfTheSameNumbersInF32(String device, TinyModel.Family family) {
    try (TinyModel model = new TinyModel(device, family);
        Parameters wide = model.rounded(SEED, false);
        Parameters narrow = model.rounded(SEED, true);
        Parameters wideReference = model.rounded(SEED + 1, false);
        Parameters narrowReference = model.rounded(SEED + 1, true)) {
      assertThat(narrow.lmHead().dtype()).isEqualTo(DType.BF16);
      assertThat(narrow.layer(1).downProj().dtype()).isEqualTo(DType.BF16);
      assertThat(narrow.layer(1).inputNorm().dtype()).isEqualTo(model.ops.floatType());
      assertThat(model.headPass().score(narrow, narrowReference, batch()))
          .usingRecursiveComparison()
          .isEqualTo(model.headPass().score(wide, wideReference, batch()));
      Outcome wanted = learn(model, wide, wideReference);
      learn(model, wide, narrowReference).assertSame(wanted, "a policy that is trained");
      learn(model, narrow, narrowReference).assertSame(wanted, "both frozen");
    }
  }

  @ParameterizedTest
  @CsvSource({"reference, UNTIED", "cpu-2, TIED_WITH_BIAS", "cpu-1, QK_NORM"})
  void adapters_learnTheSameOnANarrowBase(String device, TinyModel.Family family) {
    try (TinyModel model = new TinyModel(device, family);
        Parameters wide = model.adapted(model.rounded(SEED, false), SEED);
        Parameters narrow = model.adapted(model.rounded(SEED, true), SEED)) {
      Outcome wanted = learn(model, wide, wide.base());
      assertThat(wanted.gradients).isNotEmpty();
      learn(model, narrow, narrow.base()).assertSame(wanted, "adapters");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "reference, UNTIED, 0.7",
    "cpu-1, TIED_WITH_BIAS, 0",
    "cpu-2, QK_NORM, 0",
    "cpu-2, UNTIED, 1",
    "cpu-3, TIED_WITH_BIAS, 1",
    "cpu-2, GEMMA2, 0.7"
  })
  void drawnTokens_areThoseOfTheSameNumbersInF32(
      String device, TinyModel.Family family, double temperature) {
    try (TinyModel model = new TinyModel(device, family);
        Parameters wide = model.rounded(SEED, false);
        Parameters narrow = model.rounded(SEED, true)) {
      // One conversation at a time streams the weights, eleven of each prompt use panels or lanes.
      for (int[] samplesAndPlaces : new int[][] {{1, 1}, {3, 7}, {11, 70}}) {
        int samples = samplesAndPlaces[0];
        int places = samplesAndPlaces[1];
        List<List<List<Response>>> wanted =
            GenerationTest.run(
                model, wide, GenerationTest.requests(samples), 512, places, 500, temperature);
        GenerationTest.assertSame(
            GenerationTest.run(
                model, narrow, GenerationTest.requests(samples), 512, places, 500, temperature),
            wanted,
            "%d samples in %d places".formatted(samples, places));
      }
    }
  }

  @Test
  void mergingIntoANarrowBase_isRefused() {
    try (TinyModel model = new TinyModel("cpu-1", TinyModel.Family.UNTIED);
        Parameters narrow = model.adapted(model.rounded(SEED, true), SEED)) {
      assertThatThrownBy(() -> model.transformer.mergeAdapters(narrow))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("BF16");
    }
  }
}
