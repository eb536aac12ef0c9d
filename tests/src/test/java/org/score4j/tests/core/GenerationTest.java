package org.score4j.tests.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.core.generation.GenerationRequest;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.GenerationRequest.Turn;
import org.score4j.core.generation.Generator;
import org.score4j.core.generation.KvCache;
import org.score4j.core.generation.StopRule;
import org.score4j.core.generation.StopRule.Finish;
import org.score4j.core.generation.Truncation;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Philox;

/** What is drawn, and how probable it was, does not depend on how generation is organised. */
class GenerationTest {
  private static final long SEED = 41;
  private static final int SAMPLES = 3;
  private static final int[] INSTRUCTION = {7, 3, 11, 7, 20};
  private static final StopRule STOP = new StopRule(new int[] {0, 1, 2}, 14);
  private static final int ROOM = 2 * STOP.maxNewTokens() + INSTRUCTION.length;

  /** Around the ends of KV pages: 16 tokens each. */
  private static final int[] PROMPT_LENGTHS = {1, 15, 16, 17, 40, 6};

  @ParameterizedTest
  @CsvSource({
    "reference, UNTIED",
    "cpu-2, UNTIED",
    "cpu-1, TIED_WITH_BIAS",
    "cpu-2, QK_NORM",
    "cpu-2, GEMMA2"
  })
  void drawnTokens_areTheSameHoweverPassesAreCut(String device, TinyModel.Family family) {
    try (TinyModel model = new TinyModel(device, family);
        Parameters weights = model.weights(SEED)) {
      List<GenerationRequest> requests = requests(SAMPLES);
      List<List<List<Response>>> expected = run(model, weights, requests, 512, 32, 200, 1);
      assertSame(run(model, weights, requests, 512, 3, 200, 1), expected, "three places");
      assertSame(run(model, weights, requests, 7, 32, 200, 1), expected, "passes of seven rows");
      assertSame(run(model, weights, requests, 1, 3, 30, 1), expected, "passes of one row");
      assertSame(run(model, weights, requests, 20, 32, 20, 1), expected, "few pages");
      assertSame(
          run(model, weights, requests.reversed(), 33, 7, 60, 1).reversed(),
          expected,
          "reverse order");
    }
  }

  @ParameterizedTest
  @CsvSource({"UNTIED", "TIED_WITH_BIAS", "QK_NORM"})
  void drawnTokens_areTheSameInLanes(TinyModel.Family family) {
    int samples = 11;
    try (TinyModel one = new TinyModel("cpu-1", family);
        TinyModel three = new TinyModel("cpu-3", family);
        Parameters weights = one.weights(SEED);
        Parameters same = three.weights(SEED)) {
      assertThat(one.ops.backend().lanes()).isEmpty();
      assertThat(three.ops.backend().lanes()).hasSize(3);
      List<List<List<Response>>> expected = run(one, weights, requests(samples), 512, 70, 500, 1);
      // Enough conversations at once for lanes, more and more of which end early.
      assertSame(run(three, same, requests(samples), 512, 70, 500, 1), expected, "lanes");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "reference, UNTIED",
    "cpu-2, UNTIED",
    "cpu-2, QK_NORM",
    "cpu-2, WINDOWED",
    "cpu-2, GEMMA2"
  })
  void forkedPrompt_givesWhatSeparatePromptsGive(String device, TinyModel.Family family) {
    try (TinyModel model = new TinyModel(device, family);
        Parameters weights = model.weights(SEED)) {
      List<List<List<Response>>> forked = run(model, weights, requests(SAMPLES), 512, 32, 200, 1);
      List<GenerationRequest> single = new ArrayList<>();
      for (int p = 0; p < PROMPT_LENGTHS.length; p++) {
        for (int k = 0; k < SAMPLES; k++) {
          single.add(request(p, 1, k));
        }
      }
      List<List<List<Response>>> separate = run(model, weights, single, 512, 32, 300, 1);
      for (int p = 0; p < PROMPT_LENGTHS.length; p++) {
        for (int k = 0; k < SAMPLES; k++) {
          assertSame(
              List.of(separate.get(p * SAMPLES + k)),
              List.of(List.of(forked.get(p).get(k))),
              "prompt " + p + ", sample " + k);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "reference, UNTIED, 1",
    "reference, QK_NORM, 0.7",
    "cpu-1, SCALED_ROPE, 1",
    "cpu-2, UNTIED, 1",
    "cpu-2, UNTIED, 0.7",
    "cpu-2, UNTIED, 0",
    "cpu-3, TIED_WITH_BIAS, 1",
    "cpu-2, QK_NORM, 1",
    "reference, GEMMA2, 0.7",
    "cpu-2, WINDOWED, 1",
    "cpu-1, GEMMA2, 1",
    "cpu-2, GEMMA2, 0.7",
    "cpu-1, GEMMA3, 1",
    "cpu-2, GEMMA3, 0"
  })
  void logProbsWhileSampling_areThoseOfTheTrainingPass(
      String device, TinyModel.Family family, double temperature) {
    try (TinyModel model = new TinyModel(device, family);
        Parameters weights = model.weights(SEED);
        Parameters gradients = model.gradients()) {
      assertThat(model.ops.backend().bitExactAcrossBatches()).isTrue();
      List<GenerationRequest> requests = requests(SAMPLES);
      List<List<List<Response>>> all = run(model, weights, requests, 24, 9, 200, temperature);
      HeadPass pass =
          new HeadPass(model.transformer, model.arena, temperature == 0 ? 1 : 1 / temperature);
      for (boolean shared : new boolean[] {true, false}) {
        PackedBatch.Builder builder = new PackedBatch.Builder();
        List<Float> drawn = new ArrayList<>();
        for (int p = 0; p < requests.size(); p++) {
          int[] prompt = requests.get(p).promptIds();
          if (shared) {
            builder.addSequence(prompt, prompt.length);
          }
          for (List<Response> conversation : all.get(p)) {
            add(builder, drawn, prompt, conversation, shared);
          }
        }
        PackedBatch batch = builder.build();
        float[] recomputed =
            pass.accumulate(
                    gradients,
                    weights,
                    null,
                    batch,
                    new HeadPass.Coefficients(new float[batch.numPredictions()], null))
                .logProb();
        assertThat(pass.score(weights, null, batch).logProb()).isEqualTo(recomputed);
        assertThat(drawn).hasSize(recomputed.length);
        for (int n = 0; n < recomputed.length; n++) {
          assertThat(recomputed[n])
              .as("log-prob %d, shared prefixes %s, seed %d", n, shared, SEED)
              .isEqualTo(drawn.get(n));
        }
      }
    }
  }

  /** Where tokens may be excluded, logits are computed, capped and divided apart from the draw. */
  @ParameterizedTest
  @CsvSource({"cpu-2, UNTIED", "cpu-2, GEMMA2"})
  void excludingNoToken_drawsWhatIsDrawnOtherwise(String device, TinyModel.Family family) {
    try (TinyModel model = new TinyModel(device, family);
        Parameters weights = model.weights(SEED);
        KvCache cache = new KvCache(model.ops, model.config(), 200)) {
      Generator generator = new Generator(model.transformer, cache, model.arena, 64, 32);
      List<List<List<Response>>> expected = generator.run(weights, requests(SAMPLES), 0.7);
      Truncation all = new Truncation(TinyModel.VOCAB, 1);
      List<List<List<Response>>> actual = generator.run(weights, requests(SAMPLES), 0.7, all);
      for (int p = 0; p < expected.size(); p++) {
        for (int k = 0; k < SAMPLES; k++) {
          Response wanted = expected.get(p).get(k).getFirst();
          Response got = actual.get(p).get(k).getFirst();
          assertThat(got.ids())
              .as("prompt %d, sample %d, seed %d", p, k, SEED)
              .isEqualTo(wanted.ids());
          assertThat(got.logProbs()).containsExactly(wanted.logProbs(), within(1e-5f));
        }
      }
    }
  }

  @Test
  void responses_endAtTheFirstStopIdOrAreMarkedTruncated() {
    try (TinyModel model = new TinyModel("cpu-2", TinyModel.Family.UNTIED);
        Parameters weights = model.weights(SEED)) {
      Set<Finish> seen = EnumSet.noneOf(Finish.class);
      for (List<List<Response>> samples : run(model, weights, requests(SAMPLES), 64, 32, 200, 1)) {
        for (List<Response> conversation : samples) {
          assertThat(conversation).hasSize(2);
          assertThat(conversation.getFirst().givenIds()).isEmpty();
          assertThat(conversation.getLast().givenIds()).isEqualTo(INSTRUCTION);
          for (Response response : conversation) {
            int[] ids = response.ids();
            assertThat(response.logProbs()).hasSameSizeAs(ids);
            for (int i = 0; i < ids.length - 1; i++) {
              assertThat(ids[i]).isGreaterThan(2);
            }
            boolean stopped = ids[ids.length - 1] <= 2;
            assertThat(response.finish()).isEqualTo(stopped ? Finish.STOP : Finish.LENGTH);
            assertThat(ids.length)
                .isBetween(stopped ? 1 : STOP.maxNewTokens(), STOP.maxNewTokens());
            seen.add(response.finish());
          }
        }
      }
      assertThat(seen).containsExactlyInAnyOrder(Finish.values());
    }
  }

  @Test
  void failingPlan_leavesCacheAndArenaAsTheyWere() {
    try (TinyModel model = new TinyModel("cpu-2", TinyModel.Family.UNTIED);
        Parameters weights = model.weights(SEED);
        KvCache cache = new KvCache(model.ops, model.config(), 200)) {
      Generator generator = new Generator(model.transformer, cache, model.arena, 64, 32);
      List<GenerationRequest> requests = requests(SAMPLES);
      List<List<List<Response>>> expected = generator.run(weights, requests, 1);
      List<GenerationRequest> failing = new ArrayList<>(requests);
      failing.add(
          new GenerationRequest(
              new int[] {5, 6},
              2,
              40,
              (sample, soFar) -> {
                if (soFar.size() == 1) {
                  throw new IllegalStateException("verifier is down");
                }
                return new Turn(new int[0], StopRule.fixedLength(3), sample);
              }));
      assertThatThrownBy(() -> generator.run(weights, failing, 1)).hasMessage("verifier is down");
      assertThat(cache.freePages()).isEqualTo(cache.numPages());
      assertThat(model.arena.mark()).isZero();
      assertSame(generator.run(weights, requests, 1), expected, "after a failure");
    }
  }

  @Test
  void conversationsThatDoNotFit_areRefusedWithTheNumbers() {
    try (TinyModel model = new TinyModel("cpu-1", TinyModel.Family.UNTIED);
        Parameters weights = model.weights(SEED);
        KvCache cache = new KvCache(model.ops, model.config(), 12)) {
      Generator generator = new Generator(model.transformer, cache, model.arena, 8, 4);
      assertRefused(generator, weights, fixed(16, 4, 64, 8), "17 pages", "there are 12 and 4");
      assertRefused(generator, weights, fixed(16, 5, 17, 1), "5 places");
      assertRefused(generator, weights, fixed(16, 1, 161, 8), "161 tokens", "160 positions");
      assertRefused(
          generator, weights, fixed(16, 1, 40, 25), "may draw 25 tokens after 16", "for 40");
      assertThat(cache.freePages()).isEqualTo(12);
      assertThat(generator.run(weights, List.of(fixed(16, 1, 160, 144)), 1).getFirst()).hasSize(1);
      assertThat(cache.freePages()).isEqualTo(12);
    }
  }

  private static void assertRefused(
      Generator generator, Parameters weights, GenerationRequest request, String... parts) {
    assertThatThrownBy(() -> generator.run(weights, List.of(request), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(parts);
  }

  private static GenerationRequest fixed(int prompt, int samples, int maxTokens, int length) {
    return new GenerationRequest(
        new int[prompt],
        samples,
        maxTokens,
        (sample, soFar) ->
            soFar.isEmpty() ? new Turn(new int[0], StopRule.fixedLength(length), 1) : null);
  }

  /** Every prompt's conversations of two turns. */
  static List<GenerationRequest> requests(int samples) {
    List<GenerationRequest> requests = new ArrayList<>();
    for (int p = 0; p < PROMPT_LENGTHS.length; p++) {
      requests.add(request(p, samples, 0));
    }
    return requests;
  }

  private static GenerationRequest request(int prompt, int samples, int firstSample) {
    int[] ids = TinyModel.tokens(new SplittableRandom(SEED + prompt), PROMPT_LENGTHS[prompt]);
    return new GenerationRequest(
        ids,
        samples,
        ids.length + ROOM,
        (sample, soFar) ->
            soFar.size() == 2
                ? null
                : new Turn(
                    soFar.isEmpty() ? new int[0] : INSTRUCTION,
                    STOP,
                    Philox.derive(SEED, prompt, firstSample + sample, soFar.size(), 0)));
  }

  /** One run with memory of exactly the promised size; all of it is given back. */
  static List<List<List<Response>>> run(
      TinyModel model,
      Parameters weights,
      List<GenerationRequest> requests,
      int maxRows,
      int places,
      int pages,
      double temperature) {
    long bytes = Generator.activationBytes(model.config(), maxRows, places, model.ops);
    try (KvCache cache = new KvCache(model.ops, model.config(), pages);
        DeviceArena arena = model.ops.newArena("generation", bytes)) {
      Generator generator = new Generator(model.transformer, cache, arena, maxRows, places);
      List<List<List<Response>>> responses = generator.run(weights, requests, temperature);
      assertThat(cache.freePages()).isEqualTo(pages);
      assertThat(arena.mark()).isZero();
      assertThat(generator.sampledTokens())
          .isEqualTo(
              responses.stream()
                  .flatMap(List::stream)
                  .flatMap(List::stream)
                  .mapToLong(response -> response.ids().length)
                  .sum());
      return responses;
    }
  }

  static void assertSame(
      List<List<List<Response>>> actual, List<List<List<Response>>> expected, String what) {
    assertThat(actual).usingRecursiveComparison().as("%s, seed %d", what, SEED).isEqualTo(expected);
  }

  private static void add(
      PackedBatch.Builder builder,
      List<Float> drawn,
      int[] prompt,
      List<Response> conversation,
      boolean shared) {
    List<Integer> ids = new ArrayList<>();
    List<Integer> predicted = new ArrayList<>();
    for (Response response : conversation) {
      for (int id : response.givenIds()) {
        ids.add(id);
      }
      for (int i = 0; i < response.ids().length; i++) {
        predicted.add(ids.size());
        drawn.add(response.logProbs()[i]);
        ids.add(response.ids()[i]);
      }
    }
    int[] tail = ids.stream().mapToInt(Integer::intValue).toArray();
    if (shared) {
      int lastOfPrompt = builder.lastPrefixRow();
      int start = builder.addContinuation(tail, tail.length - 1);
      for (int index : predicted) {
        builder.predict(index == 0 ? lastOfPrompt : start + index - 1, tail[index]);
      }
    } else {
      int[] whole = new int[prompt.length + tail.length];
      System.arraycopy(prompt, 0, whole, 0, prompt.length);
      System.arraycopy(tail, 0, whole, prompt.length, tail.length);
      int start = builder.addSequence(whole, whole.length - 1);
      for (int index : predicted) {
        builder.predict(start + prompt.length + index - 1, tail[index]);
      }
    }
  }
}
