package org.score4j.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The tokens a model folder gives a meaning to.
 *
 * @param eosIds every id that ends a response, ascending: those of generation_config.json (or,
 *     where it names none, config.json) and the eos_token
 * @param texts by role, such as {@code bos_token}, as tokenizer_config.json spells them or, where
 *     it has none, special_tokens_map.json
 * @param bos whether a document begins with {@code bos_token}
 */
public record SpecialTokens(List<Integer> eosIds, Map<String, String> texts, Bos bos) {
  /** Whether a document begins with {@code bos_token}: {@code add_bos_token}. */
  public enum Bos {
    /** Always, also where tokenizer.json does not put it there. */
    ADDED,
    /** Never, also where tokenizer.json puts it there. */
    LEFT_OUT,
    /** As tokenizer.json has it: tokenizer_config.json says nothing. */
    AS_TOKENIZED
  }

  private static final List<String> ROLES =
      List.of("bos_token", "eos_token", "unk_token", "pad_token");

  /** Copies. */
  public SpecialTokens {
    eosIds = List.copyOf(eosIds);
    texts = Map.copyOf(texts);
  }

  /** The token of a role such as {@code bos_token}. */
  public Optional<String> text(String role) {
    return Optional.ofNullable(texts.get(role));
  }

  /** {@link #eosIds} as an array of its own. */
  public int[] stopIds() {
    return eosIds.stream().mapToInt(Integer::intValue).toArray();
  }

  static SpecialTokens read(Path folder, Function<String, OptionalInt> idOf) {
    JsonFile tokenizer = JsonFile.readOptional(folder.resolve("tokenizer_config.json"));
    // Where folders of older versions have them.
    JsonFile map = JsonFile.readOptional(folder.resolve("special_tokens_map.json"));
    Map<String, String> texts = new LinkedHashMap<>();
    Map<String, JsonFile> origins = new LinkedHashMap<>();
    for (String role : ROLES) {
      for (JsonFile file : List.of(tokenizer, map)) {
        Optional<String> text = text(file, role);
        if (text.isPresent() && !texts.containsKey(role)) {
          texts.put(role, text.get());
          origins.put(role, file);
        }
      }
    }
    TreeSet<Integer> eos = new TreeSet<>();
    JsonFile generation = JsonFile.readOptional(folder.resolve("generation_config.json"));
    if (!addIds(eos, generation)) {
      addIds(eos, JsonFile.readOptional(folder.resolve("config.json")));
    }
    String eosText = texts.get("eos_token");
    JsonFile origin = origins.get("eos_token");
    if (eosText != null && origin != null) {
      OptionalInt id = idOf.apply(eosText);
      eos.add(
          id.orElseThrow(
              () ->
                  origin.damaged(
                      "eos_token \"%s\" is not in the vocabulary of tokenizer.json"
                          .formatted(eosText))));
    }
    return new SpecialTokens(List.copyOf(eos), texts, bos(tokenizer));
  }

  private static Optional<String> text(JsonFile file, String role) {
    // An AddedToken is written as an object.
    JsonNode token = file.root().path(role);
    JsonNode text = token.isObject() ? token.path("content") : token;
    if (text.isTextual()) {
      return Optional.of(text.asText());
    }
    if (token.isNull() || token.isMissingNode()) {
      return Optional.empty();
    }
    throw file.damaged("%s is %s, expected a text".formatted(role, token));
  }

  private static Bos bos(JsonFile tokenizer) {
    JsonNode add = tokenizer.root().path("add_bos_token");
    if (add.isNull() || add.isMissingNode()) {
      return Bos.AS_TOKENIZED;
    }
    return add.asBoolean(false) ? Bos.ADDED : Bos.LEFT_OUT;
  }

  /** Adds {@code eos_token_id}, one or several; returns whether there was one. */
  private static boolean addIds(TreeSet<Integer> eos, JsonFile config) {
    JsonNode value = config.root().path("eos_token_id");
    if (value.isNull() || value.isMissingNode()) {
      return false;
    }
    for (JsonNode id : value.isArray() ? value : List.of(value)) {
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
        throw config.damaged("eos_token_id is %s, expected ids of 0 and more".formatted(value));
      }
      eos.add(id.intValue());
    }
    return !eos.isEmpty();
  }
}
