package org.score4j.training.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.tokenizer.HuggingFaceTokenizer;

/** Folders as trainers and hubs have them, through {@code logprob}. */
class CheckpointFoldersTest {
  private static final Path FOLDERS = Path.of("src/test/resources/checkpoints");

  private final ObjectMapper mapper = new ObjectMapper();
  private final StringWriter stdout = new StringWriter();
  private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

  @TempDir private Path folder;

  private int exitCode(String... args) {
    stdout.getBuffer().setLength(0);
    stderr.reset();
    PrintStream err = new PrintStream(stderr, true, UTF_8);
    Terminal plain = new Terminal(err, false, false, 80);
    return Score4j.execute(new Engine.OnDevice(err::println), plain, new PrintWriter(stdout), args);
  }

  private JsonNode row(String name) throws IOException {
    for (JsonNode row : mapper.readTree(FOLDERS.resolve("cases.json").toFile())) {
      if (row.get("folder").asText().equals("checkpoints/" + name)) {
        return row;
      }
    }
    throw new AssertionError("no case " + name);
  }

  /** A copy whose adapters name the folder of their base. */
  private Path copy(String name) throws IOException {
    Path to = Files.createDirectory(folder.resolve(name));
    try (Stream<Path> files = Files.list(FOLDERS.resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
    if (Files.exists(to.resolve("adapter_config.json"))) {
      setBase(to, FOLDERS.resolve(name + "-base").toString());
    }
    return to;
  }

  private void setBase(Path adapters, String base) throws IOException {
    Path file = adapters.resolve("adapter_config.json");
    ObjectNode config = (ObjectNode) mapper.readTree(file.toFile());
    mapper.writeValue(file.toFile(), config.put("base_model_name_or_path", base));
  }

  private void assertScores(Path model, JsonNode row, String expected) throws IOException {
    Path ids = folder.resolve("ids.json");
    mapper.writeValue(ids.toFile(), mapper.createObjectNode().set("ids", row.get("ids")));
    int code =
        exitCode(
            "logprob",
            "--device=cpu",
            "--model",
            model.toString(),
            "--file",
            ids.toString(),
            "--json");
    assertThat(code).as(stderr.toString(UTF_8)).isZero();
    JsonNode logProbs = mapper.readTree(stdout.toString()).get("rows").get(0).get("logprobs");
    JsonNode wanted = row.get(expected).get(0);
    assertThat(logProbs).hasSize(wanted.size());
    for (int i = 0; i < wanted.size(); i++) {
      assertThat(logProbs.get(i).asDouble()).isCloseTo(wanted.get(i).asDouble(), within(1e-4));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "tied-head-differs, own, a head of its own",
    "model-and-adapter, adapted, the weights beside them are not read",
    "adapter-and-config, adapted, ''",
    "rope-parameters-without-type, expected, ''",
    "special-token-above-the-embedding, expected, ''"
  })
  void aFolderIsComputedAsTransformersDoes(String name, String expected, String notice)
      throws IOException {
    assertScores(copy(name), row(name), expected);
    assertThat(stderr.toString(UTF_8)).contains(notice);
    assertThat(stderr.toString(UTF_8).isEmpty()).isEqualTo(notice.isEmpty());
  }

  @Test
  void specialTokensAreReadFromTheirMap() throws IOException {
    JsonNode row = row("special-tokens-map-only");
    try (HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.open(FOLDERS.resolve("special-tokens-map-only"))) {
      assertThat(tokenizer.specialTokens().text("bos_token")).contains(row.get("bos").asText());
      assertThat(tokenizer.specialTokens().eosIds()).isEqualTo(List.of(row.get("eos").asInt()));
    }
  }

  @Test
  void aSpecialTokenAboveTheEmbeddingIsRefusedWhereItIsUsed() {
    String model = FOLDERS.resolve("special-token-above-the-embedding").toString();
    assertThat(exitCode("logprob", "--device=cpu", "--model", model, "--text", "an <end|>"))
        .isZero();
    assertThat(exitCode("logprob", "--device=cpu", "--model", model, "--text", "an <image>"))
        .isEqualTo(1);
    assertThat(stderr.toString(UTF_8))
        .contains("id 257 (the token \"<image>\") is outside the vocabulary of 257");
    assertThat(exitCode("generate", "--device=cpu", "--model", model, "--new", "2", "<image>"))
        .isEqualTo(1);
    assertThat(stderr.toString(UTF_8)).contains("the token \"<image>\"");
  }

  @Test
  void aModelAndAdaptersThatDoNotFitTogetherAreRefusedByName() throws IOException {
    Path model = copy("model-and-adapter");
    setBase(model, "someone/model");
    refused(model, "\"someone/model\" is no folder here", "delete adapter_config.json to use");
    // Adapters on the weights beside them.
    setBase(model, model.toString());
    assertScores(model, row("model-and-adapter"), "adapted");
    assertThat(stderr.toString(UTF_8)).isEmpty();
    Files.delete(model.resolve("adapter_model.safetensors"));
    refused(model, "has adapter_config.json and the weights of a model", "merged");
    Files.delete(model.resolve("adapter_config.json"));
    assertScores(model, row("model-and-adapter"), "base");
    Path adapters = copy("adapter-and-config");
    setBase(adapters, "someone/model");
    refused(adapters, "\"someone/model\" is no folder here; set base_model_name_or_path");
    assertThat(stderr.toString(UTF_8)).doesNotContain("delete adapter_config.json");
    Path twice = Files.createDirectory(folder.resolve("twice"));
    Files.copy(adapters.resolve("adapter_config.json"), twice.resolve("adapter_config.json"));
    setBase(twice, adapters.toString());
    refused(twice, "holds adapters itself; merge those first");
  }

  private void refused(Path model, String... parts) {
    assertThat(exitCode("logprob", "--device=cpu", "--model", model.toString(), "--ids", "1,2"))
        .isEqualTo(1);
    assertThat(stderr.toString(UTF_8).lines()).hasSize(1);
    assertThat(stderr.toString(UTF_8)).startsWith("score4j: error: ").contains(parts);
  }
}
