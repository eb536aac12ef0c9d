package org.score4j.checkpoints;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Changes one value of a {@code config.json} and nothing else: key order, spaces and keys that mean
 * nothing to us stay as they are.
 */
final class ConfigText {
  private ConfigText() {}

  /** The text with {@code torch_dtype} and {@code dtype}, whichever it has, of that type. */
  static String withDtype(Path file, String json, StoredType dtype) {
    String value = '"' + HfConfigWriter.torchName(dtype) + '"';
    return with(file, json, List.of("torch_dtype", "dtype"), value);
  }

  /** The text of a model whose head is not its embedding. */
  static String untied(Path file, String json) {
    return with(file, json, List.of("tie_word_embeddings"), "false");
  }

  /**
   * Replaces the values of top-level keys.
   *
   * @param keys whichever are there; the first is added where none is
   * @param value as JSON
   */
  private static String with(Path file, String json, List<String> keys, String value) {
    StringBuilder out = new StringBuilder();
    int copied = 0;
    int open = 0;
    try (JsonParser parser = StrictJson.FACTORY.createParser(json)) {
      parser.enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature());
      int depth = 0;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isStructStart()) {
          open = depth == 0 ? offset(parser.currentLocation()) : open;
          depth++;
        } else if (token.isStructEnd()) {
          depth--;
        } else if (token == JsonToken.FIELD_NAME
            && depth == 1
            && keys.contains(parser.currentName())) {
          String key = parser.currentName();
          JsonToken old = parser.nextToken();
          int begin = offset(parser.currentTokenLocation());
          out.append(json, copied, begin).append(value);
          copied =
              switch (old) {
                case VALUE_NULL, VALUE_TRUE -> begin + 4;
                case VALUE_FALSE -> begin + 5;
                case VALUE_STRING -> {
                  parser.finishToken();
                  yield offset(parser.currentLocation());
                }
                default ->
                    throw new CheckpointException(
                        "%s: the value of %s is no text, true or false; correct it"
                            .formatted(file, key));
              };
        }
      }
    } catch (IOException e) {
      throw StrictJson.failure(file.toString(), file, e);
    }
    if (copied == 0) {
      out.append(json, 0, open)
          .append("\n  \"%s\": ".formatted(keys.getFirst()))
          .append(value)
          .append(',');
      copied = open;
    }
    return out.append(json, copied, json.length()).toString();
  }

  private static int offset(JsonLocation location) {
    return Math.toIntExact(location.getCharOffset());
  }
}
