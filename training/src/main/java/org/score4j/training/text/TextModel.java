package org.score4j.training.text;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.score4j.checkpoints.AdapterFolder;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.WeightUse;
import org.score4j.core.generation.GenerationRequest;
import org.score4j.core.generation.Generator;
import org.score4j.core.generation.KvCache;
import org.score4j.core.generation.StopRule;
import org.score4j.core.model.HeadPass;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.PackedBatch;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Recompute;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.FrozenWeights;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Philox;
import org.score4j.tokenizer.ChatFormat;
import org.score4j.tokenizer.HuggingFaceTokenizer;
import org.score4j.training.config.ConfigException;

/** A Hugging Face folder ready to score and to continue sequences. Owns everything it loads. */
public final class TextModel implements AutoCloseable {
  private static final int PREFILL_ROWS = 512;
  private static final int NEW_TOKENS = 256;
  // First counter of the key derived from the seed.
  private static final int PROMPT = 5;

  private final Ops ops;
  private final Path folder;
  private final @Nullable HuggingFaceTokenizer tokenizer;
  private final Parameters weights;
  private final Transformer transformer;

  /** Begun with the first response, as scoring once is not worth copies. */
  private @Nullable FrozenWeights unchanged;

  /**
   * Loads it. The tokenizer may be missing: ids can be scored and continued without one.
   *
   * @param folder Hugging Face folder
   * @param log takes what is worth saying about it
   */
  public TextModel(Ops ops, Path folder, Consumer<String> log) {
    this.ops = ops;
    this.folder = folder;
    Path words = AdapterFolder.withTokenizer(folder);
    tokenizer = HuggingFaceTokenizer.isIn(words) ? HuggingFaceTokenizer.open(words) : null;
    Parameters loaded = null;
    try {
      HfModel.Loaded model = HfModel.load(ops, folder, WeightUse.FROZEN);
      loaded = model.weights();
      model.notices().forEach(log);
      if (tokenizer != null) {
        tokenizer.requireFits(loaded.config().vocabSize());
      }
      transformer = new Transformer(ops, loaded.config());
    } catch (RuntimeException | Error e) {
      if (loaded != null) {
        loaded.close();
      }
      if (tokenizer != null) {
        tokenizer.close();
      }
      throw e;
    }
    weights = loaded;
  }

  /** Its tokenizer, which must be there. */
  public HuggingFaceTokenizer tokenizer() {
    if (tokenizer == null) {
      throw new ConfigException(
          "%s has no tokenizer.json; give ids with --ids, or copy the model's tokenizer into the folder"
              .formatted(folder));
    }
    return tokenizer;
  }

  /** How it is asked. */
  public ChatFormat format() {
    return ChatFormat.of(tokenizer());
  }

  /** Longest sequence. */
  public int maxPositions() {
    return weights.config().maxPositions();
  }

  /** Most tokens of a response where nobody says: {@value #NEW_TOKENS}, or what is left. */
  public int newTokens(int[] prompt) {
    return Math.clamp(maxPositions() - prompt.length, 1, NEW_TOKENS);
  }

  /**
   * Refuses a prompt that cannot be continued.
   *
   * @throws ConfigException with the reason
   */
  public void requireRoom(int[] prompt, int newTokens) {
    requireKnown(prompt);
    if (prompt.length < 1 || prompt.length + newTokens > maxPositions()) {
      throw new ConfigException(
          "a prompt of %d tokens and %d new ones; %s has %d positions: shorten the prompt or lower --new"
              .formatted(prompt.length, newTokens, folder, maxPositions()));
    }
  }

  /**
   * Log-probabilities of sequences.
   *
   * @param logProbs of each row, of its ids after the first, in nats
   * @param loss mean negative log-probability over all predicted ids
   * @param gradNorms L2 norm of d loss / d tensor by its Hugging Face name; null where not asked
   *     for
   */
  public record Scores(
      List<float[]> logProbs, double loss, @Nullable Map<String, Double> gradNorms) {}

  /**
   * Scores sequences, one at a time.
   *
   * @param rows ids, at least two each
   * @param gradNorms whether the gradient of the loss is taken too
   */
  public Scores score(List<int[]> rows, boolean gradNorms) {
    int longest = 0;
    int predictions = 0;
    for (int[] row : rows) {
      requireKnown(row);
      if (row.length < 2 || row.length - 1 > maxPositions()) {
        throw new ConfigException(
            "a row has %d ids; %s scores rows of 2 to %d"
                .formatted(row.length, folder, maxPositions() + 1));
      }
      longest = Math.max(longest, row.length - 1);
      predictions += row.length - 1;
    }
    ModelConfig config = weights.config();
    transformer.reserveFor(weights, longest);
    try (Parameters gradients = gradNorms ? Parameters.forGradientsOf(ops, weights) : null;
        DeviceArena arena =
            ops.newArena(
                "activations",
                (gradients == null
                        ? HeadPass.scoringBytes(config, longest, longest, ops)
                        : HeadPass.activationBytes(config, longest, longest, Recompute.NONE, ops))
                    + adapterBytes(longest))) {
      HeadPass pass = new HeadPass(transformer, arena, 1);
      List<float[]> logProbs = new ArrayList<>();
      double sum = 0;
      for (int[] row : rows) {
        PackedBatch batch = packed(row);
        float[] coefficients = new float[row.length - 1];
        Arrays.fill(coefficients, 1f / predictions);
        HeadPass.Result result =
            gradients == null
                ? pass.score(weights, null, batch)
                : pass.accumulate(
                    gradients, weights, null, batch, new HeadPass.Coefficients(coefficients, null));
        for (float logProb : result.logProb()) {
          sum -= logProb;
        }
        logProbs.add(result.logProb());
      }
      Map<String, Double> norms = null;
      if (gradients != null) {
        gradients.foldTiedHead(ops);
        norms = HfModel.norms(ops, gradients);
      }
      return new Scores(logProbs, sum / predictions, norms);
    }
  }

  private long adapterBytes(int rows) {
    return weights.lora().map(l -> l.temporaryBytes(weights.config(), rows, ops)).orElse(0L);
  }

  private static PackedBatch packed(int[] row) {
    PackedBatch.Builder builder = new PackedBatch.Builder();
    int start = builder.addSequence(row, row.length - 1);
    for (int i = 1; i < row.length; i++) {
      builder.predict(start + i - 1, row[i]);
    }
    return builder.build();
  }

  /**
   * Responses to a prompt.
   *
   * @param stops whether the model's end tokens end a response
   * @param drawn told every id as it is drawn, where there is one sample
   */
  public List<Completion> complete(
      int[] prompt, SamplingSettings settings, boolean stops, IntConsumer drawn) {
    requireRoom(prompt, settings.maxNewTokens());
    int length = prompt.length + settings.maxNewTokens();
    int[] eos = stops ? tokenizer().specialTokens().stopIds() : new int[0];
    Supplier<StopRule.Watch> watches =
        () ->
            id -> {
              drawn.accept(id);
              return false;
            };
    StopRule rule =
        settings.samples() == 1
            ? new StopRule(eos, settings.maxNewTokens(), watches)
            : new StopRule(eos, settings.maxNewTokens());
    GenerationRequest request =
        new GenerationRequest(
            prompt,
            settings.samples(),
            length,
            (sample, soFar) ->
                soFar.isEmpty()
                    ? new GenerationRequest.Turn(
                        new int[0], rule, Philox.derive(settings.seed(), PROMPT, 0, sample, 0))
                    : null);
    int rows = Math.max(settings.samples(), Math.min(PREFILL_ROWS, prompt.length));
    transformer.reserveFor(weights, rows);
    if (unchanged == null) {
      unchanged = ops.backend().freeze(weights.tensors());
    }
    int pages = KvCache.pagesFor(prompt.length) + settings.samples() * KvCache.pagesFor(length);
    try (KvCache cache = new KvCache(ops, weights.config(), pages);
        DeviceArena arena =
            ops.newArena(
                "activations",
                Generator.activationBytes(weights.config(), rows, settings.samples(), ops)
                    + Generator.truncationBytes(weights.config(), settings.samples(), ops)
                    + adapterBytes(rows))) {
      return new Generator(transformer, cache, arena, rows, settings.samples())
              .run(weights, List.of(request), settings.temperature(), settings.truncation())
              .getFirst()
              .stream()
              .map(turns -> completion(turns.getFirst(), eos))
              .toList();
    }
  }

  private Completion completion(GenerationRequest.Response response, int[] eos) {
    int[] ids = response.ids();
    int last = ids[ids.length - 1];
    boolean ended = Arrays.stream(eos).anyMatch(id -> id == last);
    String text =
        tokenizer == null ? "" : tokenizer.decode(ended ? Arrays.copyOf(ids, ids.length - 1) : ids);
    return new Completion(ids, text, eos.length > 0 && !ended);
  }

  private void requireKnown(int[] ids) {
    int vocabulary = weights.config().vocabSize();
    for (int id : ids) {
      if (id < 0 || id >= vocabulary) {
        String token =
            tokenizer != null && id >= 0 && id < tokenizer.vocabSize()
                ? " (the token \"%s\")".formatted(tokenizer.token(id))
                : "";
        throw new ConfigException(
            "id %d%s is outside the vocabulary of %d of %s"
                .formatted(id, token, vocabulary, folder));
      }
    }
  }

  @Override
  public void close() {
    if (unchanged != null) {
      unchanged.close();
    }
    transformer.close();
    weights.close();
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}
