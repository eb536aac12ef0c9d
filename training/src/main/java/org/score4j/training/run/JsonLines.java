package org.score4j.training.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.score4j.checkpoints.AtomicFile;
import org.score4j.checkpoints.CheckpointException;

/**
 * A file of one JSON object per line, appended line by line: each goes to the operating system as
 * one write, so a killed run leaves at most one broken line, the last.
 */
public final class JsonLines implements AutoCloseable {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Path file;
  private final FileChannel channel;

  private JsonLines(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Opens it for appending; what is there stays. */
  public static JsonLines append(Path file) {
    try {
      return new JsonLines(
          file,
          FileChannel.open(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.APPEND));
    } catch (IOException e) {
      throw FileErrors.cannot("open", file, e);
    }
  }

  /** What is wrong with a line of a file. */
  public record Damage(int line, String reason) {}

  /**
   * A file's lines.
   *
   * @param objects those that are JSON objects, in order
   * @param numbers of these, from 1
   * @param damaged the others; a last line cut short by a kill is no damage and is left out
   */
  private record Lines(List<JsonNode> objects, List<Integer> numbers, List<Damage> damaged) {}

  /**
   * Its lines; a last line cut short by a kill is left out, nothing where there is no file.
   *
   * @throws CheckpointException when another line is no JSON object; the message names the first
   */
  public static List<JsonNode> read(Path file) {
    Lines lines = parse(file);
    if (!lines.damaged().isEmpty()) {
      Damage first = lines.damaged().getFirst();
      throw new CheckpointException(
          "%s line %d is damaged: %s; delete that line, or put the file back from a copy"
              .formatted(file, first.line(), first.reason()));
    }
    return lines.objects();
  }

  private static Lines parse(Path file) {
    Lines lines = new Lines(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    if (!Files.exists(file)) {
      return lines;
    }
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw FileErrors.cannot("read", file, e);
    }
    int number = 1;
    for (int begin = 0; begin < bytes.length; number++) {
      int end = begin;
      while (end < bytes.length && bytes[end] != '\n') {
        end++;
      }
      String reason = "";
      try {
        // Byte by byte and not as text: a damaged letter spoils its own line only.
        JsonNode object = MAPPER.readTree(bytes, begin, end - begin);
        if (object.isObject()) {
          lines.objects().add(object);
          lines.numbers().add(number);
        } else {
          reason = end == begin ? "it is empty" : "it is no JSON object";
        }
      } catch (JsonProcessingException e) {
        reason = e.getOriginalMessage().replaceAll("\\s+", " ");
      } catch (IOException e) {
        reason = String.valueOf(e.getMessage());
      }
      boolean cutShort = end == bytes.length;
      if (!reason.isEmpty() && !cutShort) {
        lines.damaged().add(new Damage(number, reason));
      }
      begin = end + 1;
    }
    return lines;
  }

  /**
   * Rewrites the file with only the lines that pass, atomically; for a resumed run. What is no JSON
   * object does not pass.
   *
   * @param defect what is wrong with an object, empty for nothing; such a line does not pass
   * @return the damaged lines that were left out, for which the old file is kept beside it under
   *     {@link #damagedCopy}
   */
  public static List<Damage> retain(
      Path file, Function<JsonNode, String> defect, Predicate<JsonNode> pass) {
    if (!Files.exists(file)) {
      return List.of();
    }
    Lines lines = parse(file);
    List<Damage> damaged = new ArrayList<>(lines.damaged());
    StringBuilder kept = new StringBuilder();
    for (int i = 0; i < lines.objects().size(); i++) {
      JsonNode line = lines.objects().get(i);
      String wrong = defect.apply(line);
      if (!wrong.isEmpty()) {
        damaged.add(new Damage(lines.numbers().get(i), wrong));
      } else if (pass.test(line)) {
        kept.append(line).append('\n');
      }
    }
    damaged.sort(Comparator.comparingInt(Damage::line));
    if (!damaged.isEmpty()) {
      try {
        Files.copy(file, damagedCopy(file), StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        throw FileErrors.cannot("write", damagedCopy(file), e);
      }
    }
    AtomicFile.writeText(file, kept.toString());
    return damaged;
  }

  /** Where a file with damaged lines is kept. */
  public static Path damagedCopy(Path file) {
    return file.resolveSibling(file.getFileName() + ".damaged");
  }

  /** Appends one line. */
  public void write(Map<String, @Nullable Object> object) {
    try {
      ByteBuffer line = ByteBuffer.wrap((MAPPER.writeValueAsString(object) + "\n").getBytes(UTF_8));
      while (line.hasRemaining()) {
        channel.write(line);
      }
    } catch (IOException e) {
      throw FileErrors.cannot("write to", file, e);
    }
  }

  /** Waits until the disk has everything that was written. */
  public void sync() {
    try {
      channel.force(false);
    } catch (IOException e) {
      throw FileErrors.cannot("write to", file, e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw FileErrors.cannot("close", file, e);
    }
  }
}
