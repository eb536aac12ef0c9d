package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.score4j.core.model.Parameters;
import org.score4j.core.optim.AdamW;
import org.score4j.core.optim.LearningRate;
import org.score4j.kernels.Tensor;

/** AdamW over a whole model against a loop in double, and learning rates by hand. */
class OptimTest {
  private static final long SEED = 61;
  private static final int STEPS = 5;

  /** What the loop keeps for one tensor. */
  private record State(double[] weight, double[] firstMoment, double[] secondMoment) {}

  @ParameterizedTest
  @CsvSource({
    "reference, 1e30",
    "reference, 0.5",
    "cpu-2, 1e30",
    "cpu-2, 0.5",
    "cuda-f32, 0.5",
    "cuda-bf16, 0.5"
  })
  void adamW_isALoopInDouble(String device, double clipNorm) {
    AdamW.Settings s = new AdamW.Settings(0.8, 0.95, 1e-6, 0.3, clipNorm);
    try (TinyModel model = new TinyModel(device, TinyModel.Family.TIED_WITH_BIAS);
        Parameters weights = model.weights(SEED);
        Parameters master = Parameters.masterOf(model.ops, weights).orElse(null);
        AdamW adam = new AdamW(model.ops, weights, master, s)) {
      Parameters learned = master == null ? weights : master;
      Map<String, State> expected = new HashMap<>();
      for (Map.Entry<String, Tensor> entry : weights.named().entrySet()) {
        double[] values = model.ops.downloadDoubles(entry.getValue());
        expected.put(
            entry.getKey(),
            new State(values, new double[values.length], new double[values.length]));
      }
      for (int t = 1; t <= STEPS; t++) {
        double rate = 0.01 * t;
        // Any numbers will do for a gradient.
        try (Parameters gradients = model.state(SEED + t)) {
          double squares = 0;
          for (Tensor gradient : gradients.named().values()) {
            for (double g : model.ops.downloadDoubles(gradient)) {
              squares += g * g;
            }
          }
          double norm = adam.gradientNorm(gradients);
          assertThat(norm).isCloseTo(Math.sqrt(squares), within(1e-5 * norm));
          adam.step(weights, gradients, norm, rate);
          double scale = Math.min(1, clipNorm / Math.sqrt(squares));
          for (Map.Entry<String, State> entry : expected.entrySet()) {
            String name = entry.getKey();
            boolean vector = name.endsWith("norm") || name.endsWith("bias");
            double[] g = model.ops.downloadDoubles(TinyModel.tensor(gradients, name));
            double[] w = entry.getValue().weight();
            double[] first = entry.getValue().firstMoment();
            double[] second = entry.getValue().secondMoment();
            for (int i = 0; i < w.length; i++) {
              double clipped = scale * g[i];
              first[i] = 0.8 * first[i] + 0.2 * clipped;
              second[i] = 0.95 * second[i] + 0.05 * clipped * clipped;
              w[i] -= vector ? 0 : rate * 0.3 * w[i];
              w[i] -=
                  rate
                      * (first[i] / (1 - Math.pow(0.8, t)))
                      / (Math.sqrt(second[i] / (1 - Math.pow(0.95, t))) + 1e-6);
            }
          }
        }
      }
      assertThat(adam.steps()).isEqualTo(STEPS);
      for (Map.Entry<String, State> entry : expected.entrySet()) {
        // Values of order one after five roundings each of 6e-8.
        assertThat(model.ops.downloadDoubles(TinyModel.tensor(learned, entry.getKey())))
            .as("%s, seed %d", entry.getKey(), SEED)
            .containsExactly(entry.getValue().weight(), within(3e-6));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void nonFiniteGradient_isReportedByTheNormAndUpdatesNothing(double value) {
    try (TinyModel model = new TinyModel("cpu-2", TinyModel.Family.UNTIED);
        Parameters weights = model.weights(SEED);
        Parameters gradients = model.weights(SEED + 1);
        AdamW adam =
            new AdamW(model.ops, weights, null, new AdamW.Settings(0.9, 0.99, 1e-8, 0, 1))) {
      float[] before = model.ops.downloadFloats(weights.decayed());
      double[] norm = new double[model.config().hiddenSize()];
      norm[3] = value;
      model.ops.upload(gradients.layer(1).inputNorm(), norm);
      double gradientNorm = adam.gradientNorm(gradients);
      assertThat(gradientNorm).isNotFinite();
      assertThatThrownBy(() -> adam.step(weights, gradients, gradientNorm, 0.1))
          .hasMessageContaining("nothing was updated");
      assertThat(adam.steps()).isZero();
      assertThat(model.ops.downloadFloats(weights.decayed())).isEqualTo(before);
    }
  }

  @Test
  void learningRates_areThoseComputedByHand() {
    LearningRate constant = new LearningRate(2, 4, LearningRate.Shape.CONSTANT, 0, 10);
    assertThat(constant.at(0)).isEqualTo(0.5);
    assertThat(constant.at(2)).isEqualTo(1.5);
    assertThat(constant.at(3)).isEqualTo(2);
    assertThat(constant.at(9)).isEqualTo(2);
    assertThat(LearningRate.constant(3, 5).at(0)).isEqualTo(3);

    LearningRate linear = new LearningRate(2, 0, LearningRate.Shape.LINEAR, 0.1, 10);
    assertThat(linear.at(0)).isEqualTo(2);
    assertThat(linear.at(5)).isEqualTo(1);
    assertThat(linear.at(9)).isCloseTo(0.2, within(1e-15));
    assertThat(linear.at(20)).isEqualTo(0.2);

    LearningRate cosine = new LearningRate(4, 2, LearningRate.Shape.COSINE, 0.5, 10);
    assertThat(cosine.at(0)).isEqualTo(2);
    assertThat(cosine.at(1)).isEqualTo(4);
    assertThat(cosine.at(2)).isEqualTo(4);
    assertThat(cosine.at(6)).isCloseTo(3, within(1e-15));
    assertThat(cosine.at(4)).isCloseTo(3 + Math.cos(Math.PI / 4), within(1e-15));
    assertThat(cosine.at(10)).isEqualTo(2);
    assertThat(cosine.at(50)).isEqualTo(2);
  }
}
