package org.score4j.training.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code score4j merge} on adapters that PEFT has made. */
final class MergeCommandTest {
  // In the tests module.
  private static final Path FIXTURES =
      Path.of("../tests/src/test/resources/fixtures").toAbsolutePath().normalize();

  private final Screen screen = new Screen();
  private final StringWriter stdout = new StringWriter();

  @TempDir private Path folder;

  private int run(Object... args) {
    stdout.getBuffer().setLength(0);
    Terminal plain = new Terminal(screen.out(), false, false, 80);
    Engine engine = new Engine.OnDevice(line -> {});
    String[] words = Stream.of(args).map(Object::toString).toArray(String[]::new);
    return Score4j.execute(engine, plain, new PrintWriter(stdout), words);
  }

  private Path adapters() throws IOException {
    Path from = FIXTURES.resolve("peft_llama");
    Path to = Files.createDirectory(folder.resolve("adapters"));
    Files.copy(from.resolve("adapter_model.safetensors"), to.resolve("adapter_model.safetensors"));
    Files.writeString(
        to.resolve("adapter_config.json"),
        Files.readString(from.resolve("adapter_config.json"))
            .replace("\"llama\"", "\"" + FIXTURES.resolve("llama") + "\""));
    return to;
  }

  private List<Double> logProbs(Path model) throws IOException {
    Path rows = folder.resolve("rows.json");
    ObjectMapper mapper = new ObjectMapper();
    JsonNode ids =
        mapper.readTree(FIXTURES.resolve("peft_llama/expected.json").toFile()).get("ids");
    mapper.writeValue(rows.toFile(), mapper.createObjectNode().set("ids", ids));
    int code = run("logprob", "--device=cpu", "--model", model, "--file", rows, "--json");
    assertThat(code).as("%s", screen.raw()).isZero();
    List<Double> values = new ArrayList<>();
    for (JsonNode row : mapper.readTree(stdout.toString()).get("rows")) {
      row.get("logprobs").forEach(value -> values.add(value.asDouble()));
    }
    return values;
  }

  @Test
  void aMergedModel_scoresAsItsAdapters_inTheTypeThatWasAskedFor() throws IOException {
    Path adapters = adapters();
    Path merged = folder.resolve("merged");
    assertThat(run("merge", "--model", adapters, "--out", merged)).isZero();
    assertThat(stdout.toString().strip()).isEqualTo(merged.toString());
    assertThat(screen.raw()).isEmpty();
    assertThat(merged).isDirectoryNotContaining("glob:**/adapter*");
    assertThat(merged.resolve("config.json"))
        .hasSameBinaryContentAs(FIXTURES.resolve("llama/config.json"));
    List<Double> wanted = logProbs(adapters);
    assertClose(logProbs(merged), wanted, 1e-4);
    Path narrow = folder.resolve("narrow");
    assertThat(run("merge", "--model", adapters, "--out", narrow, "--dtype", "bf16")).isZero();
    assertThat(narrow.resolve("config.json")).content().contains("bfloat16");
    long bytes = Files.size(merged.resolve("model.safetensors"));
    assertThat(Files.size(narrow.resolve("model.safetensors"))).isBetween(bytes / 2, bytes * 3 / 5);
    // Weights rounded to 8 bits; the adapters move some of these log-probs by 2.
    assertClose(logProbs(narrow), wanted, 0.2);
  }

  private static void assertClose(List<Double> values, List<Double> wanted, double tolerance) {
    assertThat(values).hasSameSizeAs(wanted);
    for (int i = 0; i < values.size(); i++) {
      assertThat(values.get(i)).as("log-prob %d", i).isCloseTo(wanted.get(i), within(tolerance));
    }
  }

  @Test
  void whatCannotBeMerged_isOneLineAndLeavesNothing() throws IOException {
    Path out = folder.resolve("out");
    refused("is no folder", "--model", folder.resolve("absent"), "--out", out);
    refused("holds no adapters", "--model", FIXTURES.resolve("llama"), "--out", out);
    refused("holds no adapters", "--model", folder, "--out", out);
    Path adapters = adapters();
    refused("f32, bf16", "--model", adapters, "--out", out, "--dtype", "int8");
    refused("absent", "--model", adapters, "--out", folder.resolve("absent/out"));
    assertThat(out).doesNotExist();
    // Somebody's folder, were it empty, and the adapters themselves.
    Path file = Files.writeString(Files.createDirectory(out).resolve("precious"), "text");
    refused("exists already", "--model", adapters, "--out", out);
    assertThat(file).hasContent("text");
    refused("exists already", "--model", adapters, "--out", adapters);
    assertThat(adapters).isDirectoryContaining("glob:**/adapter_model.safetensors");
    assertThat(run("merge", "--model", adapters)).isEqualTo(2);
  }

  private void refused(String part, Object... args) {
    List<Object> all = new ArrayList<>(List.of("merge"));
    all.addAll(List.of(args));
    assertThat(run(all.toArray())).isEqualTo(1);
    assertThat(stdout.toString()).isEmpty();
    assertThat(screen.raw().lines().toList().getLast())
        .startsWith("score4j: error: ")
        .contains(part)
        .doesNotContain("defect");
  }
}
