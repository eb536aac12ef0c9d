package org.score4j.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The two files of a {@link WordLevelTokenizer} in the format of Hugging Face tokenizers 0.23 and
 * transformers.
 */
final class WordLevelJson {
  private static final String FILE = "tokenizer.json";
  private static final String CONFIG_FILE = "tokenizer_config.json";

  private final JsonFile json;

  private WordLevelJson(JsonFile json) {
    this.json = json;
  }

  static WordLevelTokenizer read(Path path) {
    Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
    return new WordLevelJson(JsonFile.read(file)).parse();
  }

  private WordLevelTokenizer parse() {
    JsonNode root = json.root();
    for (String stage : List.of("normalizer", "post_processor", "truncation", "padding")) {
      if (!root.path(stage).isNull() && !root.path(stage).isMissingNode()) {
        throw unsupported(stage, root.get(stage));
      }
    }
    JsonNode split = root.path("pre_tokenizer");
    if (!split.path("type").asText().equals("Split")
        || !split.path("pattern").path("Regex").asText().equals(".")
        || !split.path("behavior").asText().equals("Isolated")
        || split.path("invert").asBoolean()) {
      throw unsupported("pre_tokenizer", split);
    }
    if (!root.path("decoder").path("type").asText().equals("Fuse")) {
      throw unsupported("decoder", root.path("decoder"));
    }
    JsonNode model = root.path("model");
    if (!model.path("type").asText().equals("WordLevel")) {
      throw unsupported("model.type", model.path("type"));
    }
    if (!model.path("vocab").isObject()
        || model.path("vocab").isEmpty()
        || !model.path("unk_token").isTextual()) {
      throw json.damaged("model.vocab must be an object of tokens and ids, model.unk_token a text");
    }
    List<String> tokens = tokens(model.get("vocab"));
    Set<String> specialTokens = addedTokens(root.path("added_tokens"), tokens);
    try {
      return new WordLevelTokenizer(tokens, specialTokens, model.get("unk_token").asText());
    } catch (IllegalArgumentException e) {
      throw new TokenizerException(json.file() + " is damaged: " + e.getMessage(), e);
    }
  }

  /** The vocabulary in the order of its ids, which must be 0, 1, 2, … */
  private List<String> tokens(JsonNode vocab) {
    List<String> tokens = new ArrayList<>(Collections.nCopies(vocab.size(), ""));
    boolean[] seen = new boolean[vocab.size()];
    for (Map.Entry<String, JsonNode> entry : vocab.properties()) {
      int id =
          entry.getValue().canConvertToInt() && entry.getValue().isIntegralNumber()
              ? entry.getValue().intValue()
              : -1;
      if (id < 0 || id >= seen.length || seen[id]) {
        throw json.damaged(
            "token \"%s\" has id %s, the ids of %d tokens must be 0 to %d, each once"
                .formatted(entry.getKey(), entry.getValue(), seen.length, seen.length - 1));
      }
      seen[id] = true;
      tokens.set(id, entry.getKey());
    }
    return tokens;
  }

  private Set<String> addedTokens(JsonNode added, List<String> tokens) {
    Set<String> contents = new LinkedHashSet<>();
    for (JsonNode token : added) {
      String content = token.path("content").asText();
      int id = token.path("id").asInt(-1);
      if (content.isEmpty() || id < 0 || id >= tokens.size() || !tokens.get(id).equals(content)) {
        throw json.damaged(
            "added token \"%s\" with id %d is not in the vocabulary under that id"
                .formatted(content, id));
      }
      for (String option : List.of("single_word", "lstrip", "rstrip")) {
        if (token.path(option).asBoolean()) {
          throw unsupported("added_tokens[" + content + "]." + option, token.get(option));
        }
      }
      contents.add(content);
    }
    return contents;
  }

  private TokenizerException unsupported(String what, JsonNode value) {
    return new TokenizerException(
        "%s: %s is %s, but the built-in tokenizer reads only WordLevel with one token per character, as score4j saves it"
            .formatted(json.file(), what, value.isMissingNode() ? "missing" : value));
  }

  static void write(WordLevelTokenizer tokenizer, Path folder) throws IOException {
    Files.writeString(folder.resolve(FILE), text(tokenizerJson(tokenizer)), UTF_8);
    Files.writeString(folder.resolve(CONFIG_FILE), text(configJson(tokenizer)), UTF_8);
  }

  private static ObjectNode tokenizerJson(WordLevelTokenizer tokenizer) {
    ObjectNode root = JsonFile.MAPPER.createObjectNode();
    root.put("version", "1.0");
    root.putNull("truncation");
    root.putNull("padding");
    var added = root.putArray("added_tokens");
    for (String token : tokenizer.specialTokens()) {
      added.add(
          addedToken(
              JsonFile.MAPPER.createObjectNode().put("id", tokenizer.requireId(token)), token));
    }
    root.putNull("normalizer");
    ObjectNode split = root.putObject("pre_tokenizer").put("type", "Split");
    split.putObject("pattern").put("Regex", ".");
    split.put("behavior", "Isolated").put("invert", false);
    root.putNull("post_processor");
    root.putObject("decoder").put("type", "Fuse");
    ObjectNode model = root.putObject("model").put("type", "WordLevel");
    ObjectNode vocab = model.putObject("vocab");
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      vocab.put(tokenizer.token(id), id);
    }
    model.put("unk_token", tokenizer.token(tokenizer.unknownId()));
    return root;
  }

  private static ObjectNode configJson(WordLevelTokenizer tokenizer) {
    ObjectNode root = JsonFile.MAPPER.createObjectNode();
    ObjectNode decoder = root.putObject("added_tokens_decoder");
    for (String token : tokenizer.specialTokens()) {
      addedToken(decoder.putObject(Integer.toString(tokenizer.requireId(token))), token);
    }
    // Without it transformers may drop spaces around punctuation when it decodes.
    root.put("clean_up_tokenization_spaces", false);
    root.put("tokenizer_class", "PreTrainedTokenizerFast");
    root.put("unk_token", tokenizer.token(tokenizer.unknownId()));
    return root;
  }

  private static ObjectNode addedToken(ObjectNode node, String content) {
    return node.put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
  }

  /** The same bytes on every system, so that a model folder's hash is comparable. */
  private static String text(ObjectNode root) throws IOException {
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    return JsonFile.MAPPER
            .writer(new DefaultPrettyPrinter().withObjectIndenter(lines).withArrayIndenter(lines))
            .writeValueAsString(root)
        + "\n";
  }
}
