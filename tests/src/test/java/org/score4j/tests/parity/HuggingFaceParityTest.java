package org.score4j.tests.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.checkpoints.HfModel;
import org.score4j.core.generation.GenerationRequest;
import org.score4j.core.generation.Generator;
import org.score4j.core.generation.KvCache;
import org.score4j.core.generation.StopRule;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Precision;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;
import org.score4j.tests.cuda.CudaTestDevice;

/** Real checkpoint folders against the numbers of an independent implementation. */
class HuggingFaceParityTest {
  // The tolerances of fixtures/README.md for single precision; double is held to them too, since
  // results reach the host in single precision.
  private static final double LOG_PROB_TOLERANCE = 1e-4;
  private static final double LOSS_TOLERANCE = 1e-5;
  private static final double RELATIVE_NORM_TOLERANCE = 1e-3;

  @ParameterizedTest
  @CsvSource({
    "cpu, llama",
    "cpu, llama3",
    "cpu, qwen2",
    "cpu, qwen3",
    "cpu, llama_bf16_sharded",
    "reference, llama",
    "reference, llama3",
    "reference, qwen2",
    "reference, qwen3",
    "reference, llama_bf16_sharded",
    "cuda, llama",
    "cuda, llama3",
    "cuda, qwen2",
    "cuda, qwen3",
    "cuda, llama_bf16_sharded",
    "cpu, smollm2",
    "cpu, mistral",
    "cpu, mistral_window",
    "cpu, gemma2",
    "cpu, gemma3",
    "reference, smollm2",
    "reference, mistral",
    "reference, mistral_window",
    "reference, gemma2",
    "reference, gemma3",
    "cuda, smollm2",
    "cuda, mistral",
    "cuda, mistral_window",
    "cuda, gemma2",
    "cuda, gemma3"
  })
  void checkpoint_givesTheIndependentNumbers(String device, String name) throws IOException {
    Fixture fixture = Fixture.load(name);
    try (Backend backend =
        device.equals("cuda") ? CudaTestDevice.open(Precision.F32) : Backends.open(device, 2)) {
      Ops ops = new Ops(backend);
      HfModel.Loaded loaded = HfModel.load(ops, fixture.folder());
      try (Parameters weights = loaded.weights();
          Parameters gradients = Parameters.forGradients(ops, weights.config());
          Transformer transformer = new Transformer(ops, weights.config());
          DeviceArena arena =
              ops.newArena(
                  "activations",
                  HeadPass.activationBytes(weights.config(), 390, 390, Recompute.NONE, ops))) {
        logProbsLossAndGradients(ops, transformer, arena, weights, gradients, fixture.expected());
        greedyThroughTheCache(ops, transformer, arena, weights, fixture.expected());
        greedyByOneFullPass(ops, transformer, arena, weights, fixture.expected());
      }
    }
  }

  private static void logProbsLossAndGradients(
      Ops ops,
      Transformer transformer,
      DeviceArena arena,
      Parameters weights,
      Parameters gradients,
      Fixture.Expected expected) {
    PackedBatch.Builder builder = new PackedBatch.Builder();
    for (int[] ids : expected.ids()) {
      int start = builder.addSequence(ids, ids.length - 1);
      for (int i = 1; i < ids.length; i++) {
        builder.predict(start + i - 1, ids[i]);
      }
    }
    PackedBatch batch = builder.build();
    float[] coefficients = new float[batch.numPredictions()];
    Arrays.fill(coefficients, 1f / coefficients.length);
    HeadPass.Result result =
        new HeadPass(transformer, arena, 1)
            .accumulate(
                gradients, weights, null, batch, new HeadPass.Coefficients(coefficients, null));
    double loss = 0;
    int n = 0;
    for (double[] row : expected.logprobs()) {
      for (double logProb : row) {
        assertThat((double) result.logProb()[n])
            .as("log-prob %d", n)
            .isCloseTo(logProb, within(LOG_PROB_TOLERANCE));
        loss -= result.logProb()[n++];
      }
    }
    assertThat(n).isEqualTo(batch.numPredictions());
    assertThat(loss / n).as("loss").isCloseTo(expected.loss(), within(LOSS_TOLERANCE));
    gradients.foldTiedHead(ops);
    Map<String, Double> norms = HfModel.norms(ops, gradients);
    assertThat(norms.keySet()).isEqualTo(expected.grad_norms().keySet());
    expected
        .grad_norms()
        .forEach(
            (tensor, norm) ->
                assertThat(norms.get(tensor))
                    .as("gradient norm of %s", tensor)
                    .isCloseTo(norm, within(RELATIVE_NORM_TOLERANCE * norm)));
  }

  private static void greedyThroughTheCache(
      Ops ops,
      Transformer transformer,
      DeviceArena arena,
      Parameters weights,
      Fixture.Expected expected) {
    int length = expected.greedy_prompt().length + expected.greedy().length;
    try (KvCache cache = new KvCache(ops, weights.config(), 2 * KvCache.pagesFor(length))) {
      Generator generator = new Generator(transformer, cache, arena, 16, 1);
      GenerationRequest request =
          new GenerationRequest(
              expected.greedy_prompt(),
              1,
              length,
              (sample, soFar) ->
                  soFar.isEmpty()
                      ? new GenerationRequest.Turn(
                          new int[0], StopRule.fixedLength(expected.greedy().length), 0)
                      : null);
      assertThat(generator.run(weights, List.of(request), 0).getFirst().getFirst().getFirst().ids())
          .as("greedy ids through the cache")
          .isEqualTo(expected.greedy());
    }
  }

  /** One pass over prompt and expected ids: after each of them, the next is the most probable. */
  private static void greedyByOneFullPass(
      Ops ops,
      Transformer transformer,
      DeviceArena arena,
      Parameters weights,
      Fixture.Expected expected) {
    int prompt = expected.greedy_prompt().length;
    int drawn = expected.greedy().length;
    int[] ids = Arrays.copyOf(expected.greedy_prompt(), prompt + drawn - 1);
    System.arraycopy(expected.greedy(), 0, ids, prompt, drawn - 1);
    PackedBatch.Builder builder = new PackedBatch.Builder();
    builder.addSequence(ids, ids.length);
    for (int i = 0; i < drawn; i++) {
      builder.predict(prompt - 1 + i, 0);
    }
    long mark = arena.mark();
    Tensor hidden = transformer.forward(weights, builder.build(), arena, false).hidden();
    Tensor mostProbable = arena.allocate(DType.I32, Shape.of(drawn));
    Tensor randomness = arena.allocate(DType.I32, Shape.of(drawn, 3));
    ops.upload(randomness, new int[3 * drawn]);
    Tensor logProbs = arena.allocate(ops.floatType(), Shape.of(drawn));
    ops.sample(
        mostProbable,
        logProbs,
        hidden,
        weights.lmHead(),
        randomness,
        0,
        weights.config().finalSoftCap());
    assertThat(ops.downloadInts(mostProbable))
        .as("greedy ids by a full pass")
        .isEqualTo(expected.greedy());
    arena.release(mark);
  }
}
