package org.score4j.training.verifiers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** The public data sets beside the project's folder, which are no part of it. */
public final class SharedData {
  // Tests run in their module's folder.
  private static final Path FOLDER =
      Path.of(System.getProperty("score4j.data", "../../shared/data"));

  private SharedData() {}

  /**
   * A file such as {@code math/math500_test.norm.jsonl.gz}; the test is skipped where it is not.
   */
  public static Path file(String name) {
    Path file = FOLDER.resolve(name).toAbsolutePath().normalize();
    assumeTrue(
        Files.exists(file), "needs the data set " + file + "; another folder: -Dscore4j.data=DIR");
    return file;
  }

  /** The rows of such a file. */
  public static List<JsonNode> rows(String name) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<JsonNode> rows = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(new GZIPInputStream(Files.newInputStream(file(name))), UTF_8))) {
      String line;
      while ((line = reader.readLine()) != null) {
        rows.add(mapper.readTree(line));
      }
    }
    return rows;
  }
}
