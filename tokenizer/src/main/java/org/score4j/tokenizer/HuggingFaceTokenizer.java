package org.score4j.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Any tokenizer.json, through the Hugging Face engine itself. Special tokens written out in a text
 * are always parsed. A model may have more ids than its tokenizer, for embeddings are padded:
 * {@code decode} leaves such ids out. Owns the native tokenizer.
 */
public final class HuggingFaceTokenizer implements Tokenizer, AutoCloseable {
  /** What a tokenizer consists of, for tools that read other files than tokenizer.json. */
  public static final List<String> FILES =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "chat_template.jinja",
          "chat_template.json",
          "generation_config.json",
          "vocab.json",
          "merges.txt",
          "tokenizer.model");

  private final Path folder;
  private final ai.djl.huggingface.tokenizers.HuggingFaceTokenizer engine;
  private final EngineBudget budget;
  private final List<@Nullable String> tokens;
  private final Map<String, Integer> ids;
  private final Set<Integer> special;
  private final SpecialTokens specialTokens;

  private HuggingFaceTokenizer(Path folder, JsonFile json) {
    this.folder = folder;
    tokens = tokens(json);
    ids = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.get(id);
      if (token != null) {
        ids.put(token, id);
      }
    }
    special = new HashSet<>();
    for (JsonNode added : json.root().path("added_tokens")) {
      if (added.path("special").asBoolean()) {
        special.add(added.path("id").intValue());
      }
    }
    specialTokens = SpecialTokens.read(folder, this::idOf);
    budget = EngineBudget.of(json);
    ids.keySet().forEach(budget::requireToken);
    engine = EngineLibrary.open(json);
  }

  /**
   * Reads {@code tokenizer.json} and what lies beside it.
   *
   * @param folder of the model
   * @throws TokenizerException when a file is missing or damaged
   */
  public static HuggingFaceTokenizer open(Path folder) {
    return new HuggingFaceTokenizer(folder, JsonFile.read(folder.resolve("tokenizer.json")));
  }

  /** Whether a folder has a tokenizer. */
  public static boolean isIn(Path folder) {
    return Files.exists(folder.resolve("tokenizer.json"));
  }

  /** The token of each id, null where an id has none. */
  private static List<@Nullable String> tokens(JsonFile json) {
    JsonNode vocab = json.root().path("model").path("vocab");
    List<@Nullable String> tokens = new ArrayList<>();
    if (vocab.isObject()) {
      vocab.properties().forEach(entry -> put(json, tokens, entry.getKey(), entry.getValue()));
    } else {
      // Unigram: an array of tokens and their scores.
      for (JsonNode piece : vocab) {
        tokens.add(piece.path(0).asText());
      }
    }
    if (tokens.isEmpty()) {
      throw json.damaged("model.vocab is missing or empty");
    }
    for (JsonNode added : json.root().path("added_tokens")) {
      put(json, tokens, added.path("content").asText(), added.path("id"));
    }
    return tokens;
  }

  private static void put(JsonFile json, List<@Nullable String> tokens, String token, JsonNode id) {
    // An id far above the others would be an allocation by an unchecked number.
    int limit = 1 << 24;
    if (!id.isIntegralNumber()
        || !id.canConvertToInt()
        || id.intValue() < 0
        || id.intValue() >= limit) {
      throw json.damaged(
          "token \"%s\" has id %s, expected 0 to %d".formatted(token, id, limit - 1));
    }
    while (tokens.size() <= id.intValue()) {
      tokens.add(null);
    }
    tokens.set(id.intValue(), token);
  }

  /** The tokens with a meaning. */
  public SpecialTokens specialTokens() {
    return specialTokens;
  }

  /** Where it was read. */
  public Path folder() {
    return folder;
  }

  /**
   * Refuses a model that lacks ids of this tokenizer, other than of special tokens: some models
   * have tokens for images that no text needs.
   *
   * @param modelVocabSize rows of the model's embedding
   */
  public void requireFits(int modelVocabSize) {
    if (modelVocabSize < minModelVocabSize()) {
      throw new TokenizerException(
          "%s: tokenizer.json has ids up to %d, config.json a vocab_size of %d; they belong to different models, copy both from one"
              .formatted(folder, vocabSize() - 1, modelVocabSize));
    }
    for (int id : specialTokens.eosIds()) {
      if (id >= modelVocabSize) {
        throw new TokenizerException(
            "%s: eos_token_id %d is outside config.json's vocab_size of %d; they belong to different models, copy both from one"
                .formatted(folder, id, modelVocabSize));
      }
    }
  }

  @Override
  public int[] encode(String text) {
    return encode(text, false);
  }

  @Override
  public int[] encodeDocument(String text) {
    int[] encoded = encode(text, true);
    String bos = specialTokens.texts().get("bos_token");
    if (specialTokens.bos() == SpecialTokens.Bos.AS_TOKENIZED || bos == null) {
      return encoded;
    }
    int id = requireId(bos);
    boolean begins = encoded.length > 0 && encoded[0] == id;
    if (specialTokens.bos() == SpecialTokens.Bos.LEFT_OUT) {
      // One that the text itself begins with is the text's.
      boolean added = leading(encoded, id) > leading(encode(text, false), id);
      return added ? Arrays.copyOfRange(encoded, 1, encoded.length) : encoded;
    }
    if (begins) {
      return encoded;
    }
    // Not every tokenizer.json has the step that adds it.
    int[] begun = new int[encoded.length + 1];
    begun[0] = id;
    System.arraycopy(encoded, 0, begun, 1, encoded.length);
    return begun;
  }

  /** How many ids at the start are {@code id}. */
  private static int leading(int[] ids, int id) {
    int count = 0;
    while (count < ids.length && ids[count] == id) {
      count++;
    }
    return count;
  }

  private int[] encode(String text, boolean addSpecialTokens) {
    return budget.within(
        text,
        () ->
            Arrays.stream(engine.encode(text, addSpecialTokens, false).getIds())
                .mapToInt(this::id)
                .toArray());
  }

  private int id(long engines) {
    if (engines > Integer.MAX_VALUE) {
      throw new TokenizerException(
          "%s: its tokenizer.json gives a text the id %d, no model has so many tokens; copy it again from where the model was saved"
              .formatted(folder, engines));
    }
    return (int) engines;
  }

  @Override
  public String decode(int... tokenIds) {
    long[] wide = new long[tokenIds.length];
    for (int i = 0; i < wide.length; i++) {
      if (tokenIds[i] < 0) {
        throw new IllegalArgumentException("tokenizer: id %d is negative".formatted(tokenIds[i]));
      }
      wide[i] = tokenIds[i];
    }
    return wide.length == 0 ? "" : engine.decode(wide, false);
  }

  @Override
  public int vocabSize() {
    return tokens.size();
  }

  @Override
  public int minModelVocabSize() {
    int size = tokens.size();
    while (size > 0 && (tokens.get(size - 1) == null || special.contains(size - 1))) {
      size--;
    }
    return size;
  }

  @Override
  public String token(int id) {
    String token = id < 0 || id >= tokens.size() ? null : tokens.get(id);
    if (token == null) {
      throw new IllegalArgumentException(
          "tokenizer: no token has id %d in %s; the ids come from another tokenizer"
              .formatted(id, folder));
    }
    return token;
  }

  @Override
  public OptionalInt idOf(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public void writeTo(Path target) throws IOException {
    for (String name : FILES) {
      Path source = folder.resolve(name);
      if (Files.isRegularFile(source)) {
        Files.copy(source, target.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  @Override
  public void close() {
    if (!budget.isAbandoned()) {
      engine.close();
    }
  }
}
