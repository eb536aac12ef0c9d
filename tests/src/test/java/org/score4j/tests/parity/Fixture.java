package org.score4j.tests.parity;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One folder under {@code fixtures} and what an independent implementation made of it. */
record Fixture(Path folder, Expected expected) {
  /**
   * Content of {@code expected.json}.
   *
   * @param ids (3, 130)
   * @param logprobs (3, 129)
   * @param loss mean negative log-likelihood over all predictions
   * @param grad_norms L2 norm of the loss's gradient by tensor
   * @param greedy_prompt (8)
   * @param greedy (24)
   * @param made recipe, versions and seed, where they are not those of the README
   */
  record Expected(
      int[][] ids,
      double[][] logprobs,
      double loss,
      Map<String, Double> grad_norms,
      int[] greedy_prompt,
      int[] greedy,
      @Nullable String made) {}

  static Path folder(String name) {
    return Objects.requireNonNull(resource(name + "/config.json").getParent());
  }

  /** A file of a fixture. */
  static Path resource(String name) {
    URL url = Fixture.class.getResource("/fixtures/" + name);
    try {
      return Path.of(Objects.requireNonNull(url, name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException("fixture " + name + " has no path", e);
    }
  }

  static Fixture load(String name) throws IOException {
    Path folder = folder(name);
    return new Fixture(
        folder,
        new ObjectMapper().readValue(folder.resolve("expected.json").toFile(), Expected.class));
  }
}
