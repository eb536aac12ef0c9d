package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.core.optim.AdamW;
import org.score4j.kernels.Tensor;

/** How a batch is split, and over how many threads it is spread, changes no bit. */
class MicroBatchTest {
  private static final long SEED = 21;
  private static final AdamW.Settings ADAM = new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, 0.05);

  @ParameterizedTest
  @CsvSource({
    "reference, UNTIED",
    "reference, TIED_WITH_BIAS",
    "cpu-2, UNTIED",
    "cpu-2, TIED",
    "cpu-2, TIED_WITH_BIAS",
    "cpu-2, QK_NORM",
    "cpu-2, GEMMA2",
    "cpu-2, GEMMA3"
  })
  void oneBatchOfEight_isEightOfOneAndTwoOfFour(String device, TinyModel.Family family) {
    try (TinyModel model = new TinyModel(device, family)) {
      Outcome whole = outcome(model, 8);
      assertSame(outcome(model, 1), whole, "8 micro-batches of 1");
      assertSame(outcome(model, 4), whole, "2 micro-batches of 4");
      assertSame(outcome(model, 3), whole, "micro-batches of 3, 3 and 2");
    }
  }

  @ParameterizedTest
  @EnumSource(TinyModel.Family.class)
  void oneThread_isTwoAndThreeThreads(TinyModel.Family family) {
    try (TinyModel one = new TinyModel("cpu-1", family);
        TinyModel two = new TinyModel("cpu-2", family);
        TinyModel three = new TinyModel("cpu-3", family)) {
      Outcome expected = outcome(one, 8);
      assertSame(outcome(two, 8), expected, "2 threads");
      assertSame(outcome(three, 8), expected, "3 threads");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "reference, UNTIED",
    "cpu-2, UNTIED",
    "cpu-2, TIED_WITH_BIAS",
    "cpu-2, QK_NORM",
    "cpu-2, GEMMA2",
    "cpu-2, GEMMA3"
  })
  void recomputedActivations_changeNoBit(String device, TinyModel.Family family) {
    for (int layers : new int[] {1, 3}) {
      ModelConfig config = family.config(layers);
      try (TinyModel keeping = new TinyModel(device, config);
          TinyModel norms = new TinyModel(device, config, Recompute.NORMS);
          TinyModel blocks = new TinyModel(device, config, Recompute.BLOCKS)) {
        Outcome expected = outcome(keeping, 4);
        assertSame(outcome(norms, 4), expected, "recompute norms");
        assertSame(outcome(blocks, 4), expected, "recompute blocks");
      }
    }
  }

  /** Everything a training step makes, as bits. */
  record Outcome(Map<String, float[]> values) {}

  static void assertSame(Outcome actual, Outcome expected, String what) {
    assertThat(actual.values().keySet()).isEqualTo(expected.values().keySet());
    expected
        .values()
        .forEach(
            (name, values) ->
                assertThat(actual.values().get(name))
                    .as("%s: %s, seed %d", what, name, SEED)
                    .isEqualTo(values));
  }

  /** Two AdamW steps over eight groups of sequences, {@code perMicroBatch} groups at a time. */
  static Outcome outcome(TinyModel model, int perMicroBatch) {
    Map<String, float[]> values = new LinkedHashMap<>();
    try (Parameters weights = model.weights(SEED);
        Parameters reference = model.weights(SEED + 1);
        Parameters gradients = model.gradients();
        AdamW adam = new AdamW(model.ops, weights, null, ADAM)) {
      for (int step = 0; step < 2; step++) {
        gradients.clear(model.ops);
        List<Float> perPrediction = new ArrayList<>();
        for (int first = 0; first < 8; first += perMicroBatch) {
          PackedBatch.Builder builder = new PackedBatch.Builder();
          List<Float> advantages = new ArrayList<>();
          for (int group = first; group < Math.min(8, first + perMicroBatch); group++) {
            addGroup(builder, advantages, group);
          }
          PackedBatch batch = builder.build();
          float[] logProbCoef = new float[advantages.size()];
          float[] klCoef = new float[advantages.size()];
          for (int n = 0; n < logProbCoef.length; n++) {
            logProbCoef[n] = advantages.get(n) / 100;
            klCoef[n] = 0.002f;
          }
          HeadPass.Result result =
              model
                  .headPass()
                  .accumulate(
                      gradients,
                      weights,
                      reference,
                      batch,
                      new HeadPass.Coefficients(logProbCoef, klCoef));
          for (float[] part :
              List.of(result.logProb(), result.entropy(), result.kl(), result.refLogProb())) {
            assertThat(part).hasSize(batch.numPredictions());
          }
          for (int n = 0; n < batch.numPredictions(); n++) {
            perPrediction.add(result.logProb()[n]);
            perPrediction.add(result.entropy()[n]);
            perPrediction.add(result.kl()[n]);
            perPrediction.add(result.refLogProb()[n]);
          }
        }
        values.put("predictions of step " + step, array(perPrediction));
        double norm = adam.gradientNorm(gradients);
        assertThat(norm).as("gradient norm").isGreaterThan(ADAM.clipNorm());
        for (Map.Entry<String, Tensor> entry : gradients.named().entrySet()) {
          values.put(
              "gradient of " + entry.getKey() + " of step " + step,
              model.ops.downloadFloats(entry.getValue()));
        }
        adam.step(weights, gradients, norm, 1e-2);
      }
      for (Map.Entry<String, Tensor> entry : weights.named().entrySet()) {
        values.put(entry.getKey(), model.ops.downloadFloats(entry.getValue()));
      }
    }
    return new Outcome(values);
  }

  /** A prompt with two continuations, and a sequence by itself; a function of its number alone. */
  private static void addGroup(PackedBatch.Builder batch, List<Float> advantages, int group) {
    SplittableRandom random = new SplittableRandom(SEED * 100 + group);
    int before = batch.numPredictions();
    int[] prompt = TinyModel.tokens(random, 2 + random.nextInt(30));
    batch.addSequence(prompt, prompt.length);
    for (int sample = 0; sample < 2; sample++) {
      int[] ids = TinyModel.tokens(random, 2 + random.nextInt(20));
      batch.predict(batch.lastPrefixRow(), ids[0]);
      int start = batch.addContinuation(ids, ids.length - 1);
      for (int i = 1; i < ids.length; i++) {
        batch.predict(start + i - 1, ids[i]);
      }
    }
    TinyModel.addPredicted(batch, TinyModel.tokens(random, 2 + random.nextInt(20)));
    for (int n = before; n < batch.numPredictions(); n++) {
      advantages.add((float) random.nextGaussian());
    }
  }

  private static float[] array(List<Float> values) {
    float[] array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i);
    }
    return array;
  }
}
