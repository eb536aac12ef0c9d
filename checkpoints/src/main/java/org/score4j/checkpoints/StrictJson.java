package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * JSON without leniency: valid UTF-8, no duplicate key, one value and nothing behind it, bounded
 * depth.
 */
final class StrictJson {
  // Field names of a hostile file must not fill Jackson's shared name tables, so neither canonical
  // nor interned.
  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(64).build())
          .build();

  static final ObjectMapper MAPPER =
      JsonMapper.builder(FACTORY).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private static final ObjectReader STRICT = MAPPER.reader();
  private static final ObjectReader PYTHONS =
      MAPPER.reader().with(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS);

  private StrictJson() {}

  /** Compact UTF-8; the same tree gives the same bytes. */
  static byte[] bytes(JsonNode tree) {
    try {
      return MAPPER.writeValueAsBytes(tree);
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          "cannot write JSON: "
              + e.getOriginalMessage()
              + "; remove the value from the header object",
          e);
    }
  }

  /** Indented, with a final newline, for files that people read. */
  static byte[] prettyBytes(JsonNode tree) {
    return (tree.toPrettyString() + "\n").getBytes(UTF_8);
  }

  static Reader utf8(InputStream bytes) {
    return new InputStreamReader(
        bytes,
        UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT));
  }

  /** The JSON object in the file. */
  static ObjectNode readObject(Path file, long maxBytes) {
    return readObject(file, maxBytes, STRICT);
  }

  /**
   * The JSON object in a config that Python may have written: NaN and Infinity are numbers there,
   * in keys that nobody reads.
   */
  static ObjectNode readConfig(Path file, long maxBytes) {
    return readObject(file, maxBytes, PYTHONS);
  }

  private static ObjectNode readObject(Path file, long maxBytes, ObjectReader reader) {
    try {
      RegularFiles.require(file);
      long size = Files.size(file);
      if (size > maxBytes) {
        throw new CheckpointException(
            file
                + ": has "
                + size
                + " bytes, at most "
                + maxBytes
                + " are read; this is not the file it is named after, check the path");
      }
      try (Reader text = utf8(Files.newInputStream(file))) {
        JsonNode root = reader.readTree(text);
        if (root instanceof ObjectNode object) {
          return object;
        }
        throw new CheckpointException(
            file
                + ": holds no JSON object but "
                + (size == 0 ? "nothing" : "another value")
                + "; download or write it again");
      }
    } catch (IOException e) {
      throw failure(file.toString(), file, e);
    }
  }

  /**
   * where: how the message begins; file: what could not be read when the failure is none of JSON's.
   */
  static CheckpointException failure(String where, Path file, IOException failure) {
    return switch (failure) {
      case JsonProcessingException e -> {
        String line =
            e.getLocation() == null
                ? ""
                : " at line "
                    + e.getLocation().getLineNr()
                    + ", column "
                    + e.getLocation().getColumnNr();
        yield new CheckpointException(
            where
                + ": bad JSON"
                + line
                + ": "
                + e.getOriginalMessage()
                + "; download or write the file again",
            e);
      }
      case CharacterCodingException e ->
          new CheckpointException(where + ": invalid UTF-8; download or write the file again", e);
      default -> IoFailures.reading(file, failure);
    };
  }
}
