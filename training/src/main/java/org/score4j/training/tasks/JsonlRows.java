package org.score4j.training.tasks;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A file of one JSON object per line, {@code .jsonl} or {@code .jsonl.gz}. Strict: every line that
 * is not blank must be one object and nothing else, without a key twice. A byte order mark at the
 * beginning is skipped. Numbers keep their digits: {@code 0.0005} is the text "0.0005".
 */
public final class JsonlRows {
  // Decimals as written: a double would turn 0.0005 into 5.0E-4 and 12345678.5 into 1.23456785E7.
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();
  private static final char BYTE_ORDER_MARK = '\uFEFF';
  private static final Pattern DUPLICATE = Pattern.compile("Duplicate field ('.*')");
  // 1e1000000000 would be a text of a gigabyte.
  private static final int MAX_DIGITS = 1_000;
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
                        : "is " + kind(value)));
      }
      return text(column, value);
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
            "%s: column '%s' %s; it must hold a list of texts"
                .formatted(place, column, value == null ? "is missing" : "is " + kind(value)));
      }
      List<String> texts = new ArrayList<>();
      for (JsonNode item : value) {
        if (item.isNull() || item.isContainerNode()) {
          throw new IllegalArgumentException(
              "%s: item %d of column '%s' is %s; it must be a text"
                  .formatted(place, texts.size() + 1, column, kind(item)));
        }
        texts.add(text(column, item));
      }
      return texts;
    }

    private String text(String column, JsonNode value) {
      if (!value.isBigDecimal()) {
        return value.asText();
      }
      BigDecimal number = value.decimalValue();
      if (Math.max(number.scale(), (long) number.precision() - number.scale()) > MAX_DIGITS) {
        throw new IllegalArgumentException(
            "%s: column '%s' is the number %s, which has more than %d digits when written out; give it as a text"
                .formatted(place, column, number, MAX_DIGITS));
      }
      return number.toPlainString();
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
    try (InputStream bytes = open(file)) {
      byte[] line;
      for (int number = 1; (line = line(bytes)) != null; number++) {
        String place = "%s line %d".formatted(file, number);
        String text = decoded(line, place);
        if (number == 1 && !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK) {
          text = text.substring(1);
        }
        if (!text.isBlank()) {
          rows.add(new Row(object(text, place), place));
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

  private static InputStream open(Path file) throws IOException {
    InputStream bytes = Files.newInputStream(file);
    try {
      return new BufferedInputStream(
          file.toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes);
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  /**
   * The bytes of the next line, which ends with a line feed, a carriage return or both; null at the
   * end. Bytes, so that a line that is no UTF-8 can be named.
   */
  private static byte @Nullable [] line(InputStream bytes) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(256);
    int next = bytes.read();
    if (next < 0) {
      return null;
    }
    while (next >= 0 && next != '\n' && next != '\r') {
      line.write(next);
      next = bytes.read();
    }
    if (next == '\r') {
      bytes.mark(1);
      if (bytes.read() != '\n') {
        bytes.reset();
      }
    }
    return line.toByteArray();
  }

  /** Not the lenient decoder: a replaced letter would be another problem. */
  private static String decoded(byte[] line, String place) {
    try {
      return UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(line))
          .toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "%s: not UTF-8; save the file as UTF-8 text, or gzip it and name it .gz".formatted(place),
          e);
    }
  }

  private static JsonNode object(String line, String place) {
    try (JsonParser parser = JSON.createParser(line)) {
      JsonNode object = JSON.readTree(parser);
      if (!object.isObject()) {
        throw new IllegalArgumentException(
            "%s: %s; every line must be a JSON object".formatted(place, kind(object)));
      }
      requireEnd(parser, place);
      return object;
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
      // What follows is a switch of the parser, which no user has.
      String message =
          e.getOriginalMessage().lines().findFirst().orElse("").replaceFirst(": enable `.*", "");
      Matcher twice = DUPLICATE.matcher(message);
      throw new IllegalArgumentException(
          twice.matches()
              ? "%s: the key %s is there twice; keep one".formatted(place, twice.group(1))
              : "%s: not JSON: %s".formatted(place, message),
          e);
    } catch (IOException e) {
      throw new IllegalStateException("reading a text that is in memory", e);
    }
  }

  private static void requireEnd(JsonParser parser, String place) throws IOException {
    JsonToken next;
    try {
      next = parser.nextToken();
    } catch (JsonProcessingException e) {
      next = JsonToken.NOT_AVAILABLE;
    }
    if (next != null) {
      throw new IllegalArgumentException(
          "%s: %s behind the JSON object; put every object on a line of its own"
              .formatted(place, next == JsonToken.START_OBJECT ? "another one" : "more text"));
    }
  }

  private static String kind(JsonNode value) {
    String name = value.getNodeType().name().toLowerCase(Locale.ROOT);
    return switch (name) {
      case "null" -> name;
      case "array", "object" -> "an " + name;
      default -> "a " + name;
    };
  }
}
