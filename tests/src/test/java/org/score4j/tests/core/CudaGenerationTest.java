package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.core.generation.GenerationRequest;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.Generator;
import org.score4j.core.generation.KvCache;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.cuda.CudaBackend;

/** Decoding through recorded CUDA graphs. */
class CudaGenerationTest {
  private static final long SEED = 83;
  private static final int PLACES = 12;

  @ParameterizedTest
  @CsvSource({
    "f32, UNTIED, 1, false",
    "f32, QK_NORM, 0, false",
    "bf16, UNTIED, 0.7, false",
    "bf16, TIED_WITH_BIAS, 1, false",
    "f32, GEMMA2, 0.7, false",
    "f32, UNTIED, 1, true",
    "bf16, TIED_WITH_BIAS, 0.7, true"
  })
  void recordedPasses_drawTheTokensOfOrdinaryOnes(
      String precision, TinyModel.Family family, double temperature, boolean adapters) {
    try (TinyModel model = new TinyModel("cuda-" + precision, family);
        Parameters weights = adapters ? model.adapted(SEED) : model.weights(SEED)) {
      CudaBackend backend = (CudaBackend) model.ops.backend();
      List<List<List<Response>>> ordinary = run(model, weights, temperature, false, 1);
      assertThat(backend.replayed()).isZero();
      List<List<List<Response>>> recorded = run(model, weights, temperature, true, 1);
      long once = backend.replayed();
      assertThat(once).as("passes replayed").isPositive();
      assertThat(recorded).usingRecursiveComparison().isEqualTo(ordinary);
      // In later runs of a generator all sizes are known.
      List<List<List<Response>>> again = run(model, weights, temperature, true, 3);
      assertThat(again).usingRecursiveComparison().isEqualTo(ordinary);
      assertThat(backend.replayed() - once).isGreaterThan(2 * once);
    }
  }

  /** The last of several runs of one generator. */
  private static List<List<List<Response>>> run(
      TinyModel model, Parameters weights, double temperature, boolean replay, int times) {
    long bytes =
        Generator.activationBytes(model.config(), 64, PLACES, model.ops)
            + weights
                .lora()
                .map(lora -> lora.temporaryBytes(model.config(), 64, model.ops))
                .orElse(0L);
    try (KvCache cache = new KvCache(model.ops, model.config(), 200);
        DeviceArena arena = model.ops.newArena("generation", bytes)) {
      Generator generator = new Generator(model.transformer, cache, arena, 64, PLACES, replay);
      List<GenerationRequest> requests = GenerationTest.requests(3);
      for (int i = 1; i < times; i++) {
        generator.run(weights, requests, temperature);
      }
      return generator.run(weights, requests, temperature);
    }
  }
}
