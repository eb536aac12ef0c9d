package org.score4j.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Texts with the ids that reference engines give.
 *
 * @param texts each with one entry in {@code ids}
 * @param ids by the tokenizer's own reference engine
 */
record ReferenceVectors(List<String> texts, List<int[]> ids) {
  private static final Path OWN = Path.of("src/test/resources/tokenizers");
  // Real tokenizers beside the project's folder, which are no part of it.
  private static final Path SHARED =
      Path.of(System.getProperty("score4j.data", "../../shared/data"));

  static Path ownFolder() {
    return OWN.resolve("stories260K");
  }

  static ReferenceVectors own() throws IOException {
    return read(OWN.resolve("reference_vectors.json"), "stories260K");
  }

  static ReferenceVectors shared(String tokenizer) throws IOException {
    return read(sharedFile("tokenizers/reference_vectors.json"), tokenizer);
  }

  /** The test is skipped where the file is not. */
  static Path sharedFile(String name) {
    Path file = SHARED.resolve(name).toAbsolutePath().normalize();
    assumeTrue(Files.exists(file), "needs " + file + "; another folder: -Dscore4j.data=DIR");
    return file;
  }

  private static ReferenceVectors read(Path file, String tokenizer) throws IOException {
    JsonNode root = new ObjectMapper().readTree(file.toFile());
    List<String> texts = new ArrayList<>();
    root.get("texts").forEach(text -> texts.add(text.asText()));
    List<int[]> ids = new ArrayList<>();
    for (JsonNode row : root.get("tokenizers").get(tokenizer).get("ids")) {
      int[] one = new int[row.size()];
      for (int i = 0; i < one.length; i++) {
        one[i] = row.get(i).asInt();
      }
      ids.add(one);
    }
    return new ReferenceVectors(texts, ids);
  }
}
