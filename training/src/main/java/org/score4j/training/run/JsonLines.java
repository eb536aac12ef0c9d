package org.score4j.training.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.score4j.checkpoints.AtomicFile;

/**
 * A file of one JSON object per line, appended line by line: each goes to the operating system as
 * one write, so a killed run leaves at most one broken line, the last.
 */
public final class JsonLines implements AutoCloseable {
  private static final ObjectMapper MAPPER = JsonMapper.builder().build();

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

  /** Its lines; a last line cut short by a kill is left out, nothing where there is no file. */
  public static List<JsonNode> read(Path file) {
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      List<String> lines = Files.readAllLines(file);
      List<JsonNode> objects = new ArrayList<>(lines.size());
      for (int i = 0; i < lines.size(); i++) {
        try {
          objects.add(MAPPER.readTree(lines.get(i)));
        } catch (JsonProcessingException e) {
          if (i < lines.size() - 1) {
            throw FileErrors.cannot("read line " + (i + 1) + " of", file, e);
          }
        }
      }
      return objects;
    } catch (IOException e) {
      throw FileErrors.cannot("read", file, e);
    }
  }

  /** Rewrites the file with only the lines that pass, atomically; for a resumed run. */
  public static void retain(Path file, Predicate<JsonNode> pass) {
    if (!Files.exists(file)) {
      return;
    }
    StringBuilder kept = new StringBuilder();
    for (JsonNode line : read(file)) {
      if (pass.test(line)) {
        kept.append(line).append('\n');
      }
    }
    AtomicFile.writeText(file, kept.toString());
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

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw FileErrors.cannot("close", file, e);
    }
  }
}
