package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.DType;
import org.score4j.kernels.LossKernels;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/**
 * The gradient of the whole two-block model against {@code (f(w+h) − f(w−h)) / 2h} in double. The
 * loss is computed here from hidden states and head alone, not by the pass under test.
 */
class ModelGradientsTest {
  private static final double STEP = 1e-5;

  /**
   * Relative to the largest gradient in the tensor, or to 1e-2: differences miss by h² · f''' and
   * by a rounding of 1e-16 · |f| / h, both about 1e-10 for losses of order ten.
   */
  private static final double TOLERANCE = 1e-6;

  private static final int ELEMENTS_PER_TENSOR = 8;

  @Test
  void gradientsOfPolicyLoss_areThoseOfDifferences() {
    check(TinyModel.Family.TIED_WITH_BIAS, 11, false, false);
  }

  @ParameterizedTest
  @EnumSource(TinyModel.Family.class)
  void gradientsOfAdapters_areThoseOfDifferences(TinyModel.Family family) {
    check(family, 13, true, true);
  }

  @ParameterizedTest
  @EnumSource(TinyModel.Family.class)
  void gradientsOfPolicyLossWithKlToReference_areThoseOfDifferences(TinyModel.Family family) {
    check(family, 12, true, false);
  }

  private static void check(
      TinyModel.Family family, long seed, boolean withReference, boolean adapters) {
    try (TinyModel model = new TinyModel("reference", family);
        Parameters weights = adapters ? model.adapted(seed) : model.weights(seed);
        Parameters reference = model.weights(seed + 1);
        Parameters gradients = Parameters.forGradientsOf(model.ops, weights)) {
      SplittableRandom random = new SplittableRandom(seed);
      PackedBatch batch = sharedPrefixes(random);
      float[] logProbCoef = coefficients(random, batch.numPredictions(), true);
      float[] klCoef = withReference ? coefficients(random, batch.numPredictions(), false) : null;
      Parameters teacher = adapters ? weights.base() : withReference ? reference : null;
      double inverseTemperature = 1.25;
      new HeadPass(model.transformer, model.arena, inverseTemperature)
          .accumulate(
              gradients, weights, teacher, batch, new HeadPass.Coefficients(logProbCoef, klCoef));
      gradients.foldTiedHead(model.ops);
      Loss loss = new Loss(model, weights, teacher, batch, logProbCoef, klCoef, inverseTemperature);
      for (Map.Entry<String, Tensor> entry : weights.named().entrySet()) {
        Tensor gradient = TinyModel.tensor(gradients, entry.getKey());
        compare(model, entry.getKey(), entry.getValue(), gradient, loss, random, seed);
      }
    }
  }

  private static void compare(
      TinyModel model,
      String name,
      Tensor weight,
      Tensor gradient,
      Loss loss,
      SplittableRandom random,
      long seed) {
    double[] analytic = model.ops.downloadDoubles(gradient);
    double[] values = model.ops.downloadDoubles(weight);
    double scale = 1e-2;
    double largest = 0;
    for (double d : analytic) {
      largest = Math.max(largest, Math.abs(d));
    }
    assertThat(largest).as("gradient of %s must not vanish, seed %d", name, seed).isPositive();
    scale = Math.max(scale, largest);
    for (int k = 0; k < ELEMENTS_PER_TENSOR; k++) {
      int i = random.nextInt(values.length);
      double original = values[i];
      values[i] = original + STEP;
      model.ops.upload(weight, values);
      double above = loss.value();
      values[i] = original - STEP;
      model.ops.upload(weight, values);
      double below = loss.value();
      values[i] = original;
      model.ops.upload(weight, values);
      double numeric = (above - below) / (2 * STEP);
      assertThat(Math.abs(analytic[i] - numeric))
          .as(
              "%s[%d]: gradient %s, differences give %s, seed %d",
              name, i, analytic[i], numeric, seed)
          .isLessThanOrEqualTo(TOLERANCE * scale);
    }
  }

  /** Two prompts with continuations, one without, some rows read twice and some by nothing. */
  private static PackedBatch sharedPrefixes(SplittableRandom random) {
    PackedBatch.Builder batch = new PackedBatch.Builder();
    for (int group = 0; group < 2; group++) {
      int[] prompt = TinyModel.tokens(random, 3 + 4 * group);
      batch.addSequence(prompt, prompt.length);
      for (int sample = 0; sample < 2; sample++) {
        int[] ids = TinyModel.tokens(random, 3 + sample);
        // The first token follows the shared prompt, the last one is predicted but not fed.
        batch.predict(batch.lastPrefixRow(), ids[0]);
        int start = batch.addContinuation(ids, ids.length - 1);
        batch.predict(start + ids.length - 2, ids[ids.length - 1]);
      }
    }
    return TinyModel.addPredicted(batch, TinyModel.tokens(random, 6)).build();
  }

  private static float[] coefficients(SplittableRandom random, int n, boolean signed) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (signed ? random.nextGaussian() : random.nextDouble());
    }
    return values;
  }

  /** The loss in double. */
  private record Loss(
      TinyModel model,
      Parameters weights,
      @Nullable Parameters reference,
      PackedBatch batch,
      float[] logProbCoef,
      float @Nullable [] klCoef,
      double inverseTemperature) {
    double value() {
      long mark = model.arena.mark();
      int n = batch.numPredictions();
      LossKernels.HeadReference teacher =
          reference == null
              ? null
              : new LossKernels.HeadReference(hidden(reference), reference.lmHead());
      LossKernels.HeadOutputs outputs =
          new LossKernels.HeadOutputs(
              vector(n),
              vector(n),
              teacher == null ? null : vector(n),
              teacher == null ? null : vector(n));
      Tensor targets = model.arena.allocate(DType.I32, Shape.of(n));
      model.ops.upload(targets, batch.targets());
      model.ops.lmHead(
          outputs,
          null,
          hidden(weights),
          weights.lmHead(),
          targets,
          teacher,
          inverseTemperature,
          model.config().finalSoftCap());
      double[] logProbs = model.ops.downloadDoubles(outputs.logProb());
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum -= logProbCoef[i] * logProbs[i];
      }
      Tensor kl = outputs.kl();
      if (kl != null && klCoef != null) {
        double[] kls = model.ops.downloadDoubles(kl);
        for (int i = 0; i < n; i++) {
          sum += klCoef[i] * kls[i];
        }
      }
      model.arena.release(mark);
      return sum;
    }

    /** Final hidden states (N, D) at the predictions. */
    private Tensor hidden(Parameters of) {
      Transformer.Forward forward = model.transformer.forward(of, batch, model.arena, false);
      Tensor rows = model.arena.allocate(DType.I32, Shape.of(batch.numPredictions()));
      model.ops.upload(rows, batch.headRows());
      Tensor read =
          model.arena.allocate(
              model.ops.floatType(), Shape.of(batch.numPredictions(), model.config().hiddenSize()));
      model.ops.gatherRows(read, forward.hidden(), rows);
      return read;
    }

    private Tensor vector(int n) {
      return model.arena.allocate(model.ops.floatType(), Shape.of(n));
    }
  }
}
