package org.score4j.tokenizer;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A JSON object read from a file; what is wrong with it is one line.
 *
 * @param file where it was
 * @param text as it was read; empty for an optional file that is not there
 * @param root the object
 */
record JsonFile(Path file, String text, JsonNode root) {
  static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Python's json writes NaN, as a config.json may have it in keys that nobody reads.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  // The largest published tokenizer.json, Gemma 3's, has 33 MB.
  private static final long MAX_BYTES = 64L << 20;

  /** Reads a file that must be there. */
  static JsonFile read(Path file) {
    try {
      String text = readText(file);
      JsonNode root = MAPPER.readTree(text);
      if (!root.isObject()) {
        throw damaged(file, "it is empty or not a JSON object");
      }
      return new JsonFile(file, text, root);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String where =
          at == null ? "" : " at line %d, column %d".formatted(at.getLineNr(), at.getColumnNr());
      throw new TokenizerException(
          "%s is damaged: no valid JSON%s (%s); copy it again from where the model was saved"
              .formatted(file, where, e.getOriginalMessage()),
          e);
    } catch (NoSuchFileException e) {
      throw new TokenizerException(
          file
              + " does not exist; give the folder of a model that has its tokenizer.json, or the"
              + " tokenizer.json itself",
          e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * The text of a regular file of a bounded size. Opening a pipe would wait for a writer, and a
   * device may never end; a folder that was downloaded may hold either.
   */
  static String readText(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new TokenizerException(
          "cannot read %s: it is a folder, a pipe or a device and not a file; check the path"
              .formatted(file));
    }
    long bytes = Files.size(file);
    if (bytes > MAX_BYTES) {
      throw new TokenizerException(
          "%s has %d bytes, no tokenizer's file has more than %d; check that it is the right file"
              .formatted(file, bytes, MAX_BYTES));
    }
    return Files.readString(file);
  }

  /** The error about a file that the operating system refuses. */
  static TokenizerException unreadable(Path file, IOException failure) {
    return new TokenizerException(
        "cannot read %s: %s; check the file and its permissions".formatted(file, failure), failure);
  }

  /** Reads a file that may be missing, which is an empty object then. */
  static JsonFile readOptional(Path file) {
    return Files.exists(file)
        ? read(file)
        : new JsonFile(file, "", JsonNodeFactory.instance.objectNode());
  }

  /** The error about a file that is valid JSON and still not what it should be. */
  TokenizerException damaged(String reason) {
    return damaged(file, reason);
  }

  private static TokenizerException damaged(Path file, String reason) {
    return new TokenizerException(
        "%s is damaged: %s; copy it again from where the model was saved".formatted(file, reason));
  }
}
