package org.score4j.training.tasks;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * A file of one JSON object per line, {@code .jsonl} or {@code .jsonl.gz}. Strict: every line that
 * is not blank must be one.
 */
public final class JsonlRows {
  private static final ObjectMapper JSON = JsonMapper.builder().build();
  private static final StreamReadConstraints LIMITS = StreamReadConstraints.defaults();

  private JsonlRows() {}

  /**
   * One object and where it stands.
   *
   * @param place file and line, for messages
   */
  public record Row(JsonNode object, String place) {
    /** The text in a column, which must be there. */
    public String text(String column) {
      JsonNode value = object.get(column);
      if (value == null || value.isNull() || value.isContainerNode()) {
        throw new IllegalArgumentException(
            "%s: column '%s' %s; it must hold a text or a number"
                .formatted(
                    place,
                    column,
                    value == null || value.isNull()
                        ? "is missing (there are %s)".formatted(columns())
                        : "is " + value.getNodeType()));
      }
      return value.asText();
    }

    /** The text in a column, empty where there is none. */
    public String optional(String column) {
      return has(column) ? text(column) : "";
    }

    /** Whether the column is there and not null. */
    public boolean has(String column) {
      return object.hasNonNull(column);
    }

    /** The texts of a column with a list. */
    List<String> texts(String column) {
      JsonNode value = object.get(column);
      if (value == null || !value.isArray()) {
        throw new IllegalArgumentException(
            "%s: column '%s' must hold a list of texts".formatted(place, column));
      }
      List<String> texts = new ArrayList<>();
      value.forEach(item -> texts.add(item.asText()));
      return texts;
    }

    private String columns() {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      return String.join(", ", names);
    }
  }

  /** The rows of a file; none for the empty name. */
  static List<Row> readOptional(String file) {
    return file.isEmpty() ? List.of() : read(Path.of(file));
  }

  /**
   * The rows of a file.
   *
   * @throws IllegalArgumentException when it cannot be read; the message names the line
   */
  public static List<Row> read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          Files.exists(file)
              ? "%s is a folder, a pipe or a device; problems and answers are read from files, as a run is bound to them"
                  .formatted(file)
              : "no file %s; check the path".formatted(file));
    }
    List<Row> rows = new ArrayList<>();
    try (BufferedReader reader = reader(file)) {
      String line;
      for (int number = 1; (line = reader.readLine()) != null; number++) {
        if (!line.isBlank()) {
          String place = "%s line %d".formatted(file, number);
          rows.add(new Row(object(line, place), place));
        }
      }
      return rows;
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "cannot read %s: %s; it must be UTF-8 text, or gzip of it when its name ends in .gz"
              .formatted(file, e.getMessage() == null ? e.toString() : e.getMessage()),
          e);
    }
  }

  private static BufferedReader reader(Path file) throws IOException {
    InputStream bytes = Files.newInputStream(file);
    try {
      InputStream text = file.toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes;
      // Not the lenient decoder: a replaced letter would be another problem.
      return new BufferedReader(
          new InputStreamReader(
              text,
              UTF_8
                  .newDecoder()
                  .onMalformedInput(CodingErrorAction.REPORT)
                  .onUnmappableCharacter(CodingErrorAction.REPORT)));
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  private static JsonNode object(String line, String place) {
    try {
      JsonNode object = JSON.readTree(line);
      if (object.isObject()) {
        return object;
      }
      throw new IllegalArgumentException(
          "%s: a %s; every line must be a JSON object".formatted(place, object.getNodeType()));
    } catch (StreamConstraintsException e) {
      throw new IllegalArgumentException(
          "%s: it has a text of more than %,d characters, a number of more than %d digits or more than %d levels; leave the row out or shorten it"
              .formatted(
                  place,
                  LIMITS.getMaxStringLength(),
                  LIMITS.getMaxNumberLength(),
                  LIMITS.getMaxNestingDepth()),
          e);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "%s: not JSON: %s"
              .formatted(place, e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    }
  }
}
