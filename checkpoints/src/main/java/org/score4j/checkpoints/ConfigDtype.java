package org.score4j.checkpoints;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Changes the dtype a {@code config.json} names and nothing else: key order, spaces and keys that
 * mean nothing to us stay as they are.
 */
final class ConfigDtype {
  private ConfigDtype() {}

  /** The text with {@code torch_dtype} and {@code dtype}, whichever it has, of that type. */
  static String replaced(Path file, String json, StoredType dtype) {
    String value = '"' + HfConfigWriter.torchName(dtype) + '"';
    StringBuilder out = new StringBuilder();
    int copied = 0;
    int open = 0;
    try (JsonParser parser = StrictJson.FACTORY.createParser(json)) {
      int depth = 0;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isStructStart()) {
          open = depth == 0 ? offset(parser.currentLocation()) : open;
          depth++;
        } else if (token.isStructEnd()) {
          depth--;
        } else if (token == JsonToken.FIELD_NAME && depth == 1 && isDtype(parser.currentName())) {
          JsonToken old = parser.nextToken();
          if (old != JsonToken.VALUE_STRING && old != JsonToken.VALUE_NULL) {
            throw new CheckpointException(file + ": the dtype is no text; correct it");
          }
          int begin = offset(parser.currentTokenLocation());
          parser.finishToken();
          out.append(json, copied, begin).append(value);
          copied = old == JsonToken.VALUE_NULL ? begin + 4 : offset(parser.currentLocation());
        }
      }
    } catch (IOException e) {
      throw StrictJson.failure(file.toString(), file, e);
    }
    if (copied == 0) {
      out.append(json, 0, open).append("\n  \"torch_dtype\": ").append(value).append(',');
      copied = open;
    }
    return out.append(json, copied, json.length()).toString();
  }

  private static boolean isDtype(String key) {
    return key.equals("torch_dtype") || key.equals("dtype");
  }

  private static int offset(JsonLocation location) {
    return Math.toIntExact(location.getCharOffset());
  }
}
