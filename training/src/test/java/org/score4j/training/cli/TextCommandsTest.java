package org.score4j.training.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.score4j.training.verifiers.SharedData;

/** Real models through the commands. */
final class TextCommandsTest {
  // In the tests module; random weights with the numbers of an independent implementation.
  private static final Path FIXTURES = Path.of("../tests/src/test/resources/fixtures");

  private final ObjectMapper mapper = new ObjectMapper();
  private final Screen screen = new Screen();
  private final StringWriter stdout = new StringWriter();

  @TempDir private Path folder;

  private String run(String... args) {
    assertThat(exitCode(args)).as("%s", screen.raw()).isZero();
    return stdout.toString();
  }

  private int exitCode(String... args) {
    stdout.getBuffer().setLength(0);
    Terminal plain = new Terminal(screen.out(), false, false, 80);
    Engine engine = new Engine.OnDevice(line -> {});
    List<String> all = new ArrayList<>(List.of(args));
    all.add(1, "--device=cpu");
    return Score4j.execute(engine, plain, new PrintWriter(stdout), all.toArray(String[]::new));
  }

  private static Path stories() {
    return SharedData.file("models/stories260K");
  }

  private static String joined(JsonNode ids, int from) {
    List<String> list = new ArrayList<>();
    for (int i = from; i < ids.size(); i++) {
      list.add(ids.get(i).asText());
    }
    return String.join(",", list);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "llama_bf16_sharded", "qwen2", "qwen3"})
  void fixtures_giveTheirNumbersThroughTheCommands(String name) throws IOException {
    Path model = FIXTURES.resolve(name);
    JsonNode expected = mapper.readTree(model.resolve("expected.json").toFile());
    Path rows = folder.resolve("rows.json");
    mapper.writeValue(rows.toFile(), mapper.createObjectNode().set("ids", expected.get("ids")));
    JsonNode scored =
        mapper.readTree(
            run(
                "logprob",
                "--model",
                model.toString(),
                "--file",
                rows.toString(),
                "--json",
                "--grad-norms"));
    assertThat(scored.get("loss").asDouble())
        .isCloseTo(expected.get("loss").asDouble(), within(1e-5));
    for (int r = 0; r < expected.get("ids").size(); r++) {
      JsonNode row = scored.get("rows").get(r);
      assertThat(row.get("ids")).isEqualTo(expected.get("ids").get(r));
      JsonNode logProbs = expected.get("logprobs").get(r);
      assertThat(row.get("logprobs")).hasSize(logProbs.size());
      for (int i = 0; i < logProbs.size(); i++) {
        assertThat(row.get("logprobs").get(i).asDouble())
            .isCloseTo(logProbs.get(i).asDouble(), within(1e-4));
      }
    }
    JsonNode norms = expected.get("grad_norms");
    assertThat(scored.get("grad_norms")).hasSize(norms.size());
    norms
        .properties()
        .forEach(
            norm ->
                assertThat(scored.get("grad_norms").path(norm.getKey()).asDouble())
                    .as(norm.getKey())
                    .isCloseTo(
                        norm.getValue().asDouble(), within(1e-3 * norm.getValue().asDouble())));
    JsonNode greedy =
        mapper.readTree(
            run(
                "generate",
                "--model",
                model.toString(),
                "--ids",
                joined(expected.get("greedy_prompt"), 0),
                "--greedy",
                "--new",
                "24",
                "--json"));
    assertThat(greedy.get("ids")).isEqualTo(expected.get("greedy"));
    assertThat(greedy).hasSize(1);
  }

  @Test
  void storiesModel_givesItsGreedyIdsAndTellsTheStoryByText() throws IOException {
    JsonNode ids =
        mapper.readTree(stories().resolve("greedy_expected.json").toFile()).get("greedy_ids");
    int drawn = ids.size() - 1;
    String model = stories().toString();
    String printed =
        run("generate", "--model", model, "--ids", "1", "--new", Integer.toString(drawn));
    assertThat(printed.strip()).isEqualTo(joined(ids, 1));
    // From BOS alone the same story begins; asked by its first words the model goes on with it.
    String told = run("generate", "--model", model, "--new", "60", "Once upon a time");
    assertThat(told).startsWith(", there was a little girl named Lily.");
    JsonNode document =
        mapper.readTree(
            run("generate", "--model", model, "--new", "60", "--json", "Once upon a time"));
    assertThat(told.strip()).isEqualTo(document.get("text").asText().strip());
  }

  @Test
  void promptsComeFromAFileOrStdinAndSamplesFollowTheSeed() throws IOException {
    String model = stories().toString();
    String direct = run("generate", "--model", model, "--new", "20", "Once upon a time");
    Path file = folder.resolve("prompt.txt");
    Files.writeString(file, "Once upon a time\n");
    assertThat(run("generate", "--model", model, "--new", "20", "--file", file.toString()))
        .isEqualTo(direct);
    assertThat(piped("Once upon a time\n", "generate", "--model", model, "--new", "20"))
        .isEqualTo(direct);
    String[] sampled = {
      "generate",
      "--model",
      model,
      "--new",
      "20",
      "--temperature",
      "1",
      "--n",
      "3",
      "--seed",
      "5",
      "Once upon a time"
    };
    String three = run(sampled);
    assertThat(three.lines().filter(line -> line.startsWith("--- "))).hasSize(3);
    assertThat(run(sampled)).isEqualTo(three);
    sampled[10] = "6";
    assertThat(run(sampled)).isNotEqualTo(three);
    // The most probable token alone is what greedy decoding takes, at any temperature.
    String[] topOne = {
      "generate",
      "--model",
      model,
      "--new",
      "20",
      "--temperature",
      "3",
      "--top-k",
      "1",
      "Once upon a time"
    };
    assertThat(run(topOne)).isEqualTo(direct);
    topOne[7] = "--top-p";
    topOne[8] = "0.000001";
    assertThat(run(topOne)).isEqualTo(direct);
    // What excludes nothing changes nothing.
    sampled[10] = "5";
    List<String> all = new ArrayList<>(List.of(sampled));
    all.addAll(1, List.of("--top-k", "512"));
    assertThat(run(all.toArray(String[]::new))).isEqualTo(three);
    refused("top-p 1.5", "generate", "--model", model, "--top-p", "1.5", "x");
  }

  @Test
  void logprobOfATextIsThatOfItsIds() throws IOException {
    String model = stories().toString();
    JsonNode byText =
        mapper.readTree(run("logprob", "--model", model, "--text", "Once upon a time", "--json"));
    JsonNode ids = byText.get("rows").get(0).get("ids");
    assertThat(ids.get(0).asInt()).isEqualTo(1);
    JsonNode byIds =
        mapper.readTree(run("logprob", "--model", model, "--ids", joined(ids, 0), "--json"));
    assertThat(byIds).isEqualTo(byText);
    assertThat(byIds.has("grad_norms")).isFalse();
    assertThat(run("logprob", "--model", model, "--ids", joined(ids, 0)))
        .contains("loss %.6f".formatted(byText.get("loss").asDouble()));
  }

  @Test
  void chatAnswersRevisesAndShowsWhatChanged() throws IOException {
    Path model = withChatTemplate();
    String talk =
        piped(
            "Once upon a time\n/revise\n/nonsense\n/reset\n/revise\n/quit\nnever read\n",
            "chat",
            "--model",
            model.toString(),
            "--new",
            "12");
    assertThat(
            talk.lines().filter(line -> line.startsWith("changed: ") || line.equals("(unchanged)")))
        .hasSize(1);
    assertThat(screen.raw())
        .contains("no command /nonsense; /revise, /reset or /quit")
        .contains("ask something first");
    // The first answer is what generate says to the same prompt in the same template.
    String first = run("generate", "--model", model.toString(), "--new", "12", "Once upon a time");
    assertThat(talk).startsWith(first);
    String plain =
        run("generate", "--model", model.toString(), "--new", "12", "--plain", "Once upon a time");
    assertThat(plain).isNotEqualTo(first);
  }

  @Test
  void chatGoesOnWhereALineOrTheConversationIsTooLong() throws IOException {
    Path model = withChatTemplate();
    String[] chat = {"chat", "--model", model.toString(), "--new", "200"};
    String first = piped("Once\n", chat);
    // A line that is too long by itself, one that fits, one that no longer does, and a new start.
    String long1 = "word ".repeat(400);
    String talk =
        piped(
            "%s\nOnce\nAgain and again %s\n/reset\nOnce\n".formatted(long1, "a b c d ".repeat(60)),
            chat);
    assertThat(talk).isEqualTo(first + first);
    List<String> said = screen.raw().lines().filter(l -> l.startsWith("score4j: ")).toList();
    assertThat(said).hasSize(2);
    assertThat(said.getFirst())
        .contains("a prompt of ")
        .endsWith("has 512 positions: shorten the prompt or lower --new");
    assertThat(said.getLast()).endsWith("; or begin again with /reset");
  }

  @Test
  void chatAnswersAsLongAsPositionsAreLeft() throws IOException {
    Path model = withChatTemplate();
    String talk = piped("Once\nOnce\nOnce\nOnce\n", "chat", "--model", model.toString());
    // 256 tokens each unless given; the second answer has what is left of 512 positions.
    assertThat(talk.lines()).isNotEmpty();
    List<String> said = screen.raw().lines().filter(l -> l.startsWith("score4j: ")).toList();
    assertThat(said).hasSize(2).allMatch(line -> line.endsWith("; or begin again with /reset"));
  }

  @Test
  void chatSaysOnceThatATemplateRewritesAndGoesOnFromWhatWasDrawn() throws IOException {
    Path model = withChatTemplate();
    Files.writeString(
        model.resolve("chat_template.jinja"),
        "{% for m in messages %}{{ m.content if m.role == 'user' or loop.last else 'said' }}{{ '\n'"
            + " }}{{ m.content[:0] }}{% endfor %}");
    String[] chat = {"chat", "--model", model.toString(), "--new", "4"};
    // Where earlier answers are not printed at all there is nothing to go on from.
    piped("Once\nAgain\nAgain\n", chat);
    assertThat(screen.raw().lines().filter(line -> line.contains("does not print an answer")))
        .hasSize(2);
    Files.writeString(
        model.resolve("chat_template.jinja"),
        "{% for m in messages %}{{ m.content }}{% if m.role == 'user' %}{{ '\nA:' if loop.last else"
            + " '\n' }}{% endif %}{{ '\n' }}{% endfor %}");
    piped("Once\nAgain\nAgain\n", chat);
    assertThat(screen.raw().lines().filter(line -> line.contains("rewrites earlier answers")))
        .hasSize(1);
    // One answer needs no second turn.
    int before = screen.raw().length();
    run("generate", "--model", model.toString(), "--new", "4", "Once");
    assertThat(screen.raw().substring(before)).isEmpty();
  }

  @Test
  void promptsExcludeEachOtherAndMustBeUtf8() throws IOException {
    String model = stories().toString();
    assertThat(exitCode("generate", "--model", model, "--ids", "1", "text")).isEqualTo(2);
    assertThat(screen.raw()).contains("a PROMPT and --ids exclude each other; give one of them");
    Path file = Files.write(folder.resolve("latin1.txt"), new byte[] {'a', 'b', (byte) 0xE9, 'c'});
    assertThat(exitCode("generate", "--model", model, "--file", file.toString(), "--ids", "1"))
        .isEqualTo(2);
    assertThat(exitCode("generate", "--model", model, "--file", file.toString(), "text"))
        .isEqualTo(2);
    refused(
        "the prompt from %s is no UTF-8: byte 0xE9 at offset 2".formatted(file),
        "generate",
        "--model",
        model,
        "--file",
        file.toString());
    byte[] cut = "caf\u00e9".getBytes(UTF_8);
    byte[] truncated = Arrays.copyOf(cut, cut.length - 1);
    assertThat(exitCode(truncated, "generate", "--model", model, "--new", "2")).isEqualTo(1);
    assertThat(screen.raw()).contains("the prompt from stdin is no UTF-8: byte 0xC3 at offset 3");
    byte[] lines = {'O', 'n', 'c', 'e', '\r', '\n', (byte) 0xFF, '\n'};
    assertThat(exitCode(lines, "chat", "--model", model, "--new", "2")).isEqualTo(1);
    assertThat(screen.raw()).contains("line 2 of stdin is no UTF-8: byte 0xFF at offset 0");
  }

  @Test
  void whatCannotBeReadIsOneLine() throws IOException {
    String model = stories().toString();
    refused(
        "id 512 is outside the vocabulary of 512", "logprob", "--model", model, "--ids", "1,512");
    refused("--ids has \"x\"", "logprob", "--model", model, "--ids", "1,x");
    refused("a row has 1 ids", "logprob", "--model", model, "--ids", "1");
    refused("it does not exist", "logprob", "--model", model, "--file", "none.json");
    refused("512 positions", "generate", "--model", model, "--ids", "1", "--new", "600");
    refused(
        "has no tokenizer.json",
        "logprob",
        "--model",
        FIXTURES.resolve("llama").toString(),
        "--text",
        "a");
    Path foreign = copy(stories());
    Files.copy(
        SharedData.file("tokenizers/gpt2/tokenizer.json"),
        foreign.resolve("tokenizer.json"),
        StandardCopyOption.REPLACE_EXISTING);
    Files.delete(foreign.resolve("tokenizer_config.json"));
    refused(
        "tokenizer.json has ids up to 50256, config.json a vocab_size of 512",
        "chat",
        "--model",
        foreign.toString());
    Files.writeString(foreign.resolve("tokenizer.json"), "{");
    refused("no valid JSON", "generate", "--model", foreign.toString(), "--new", "2", "x");
    assertThat(exitCode("logprob", "--model", model)).isEqualTo(2);
    assertThat(exitCode("logprob", "--model", model, "--ids", "1,2", "--text", "a")).isEqualTo(2);
    assertThat(exitCode("generate", "--model", model, "--greedy", "--temperature", "1", "x"))
        .isEqualTo(2);
  }

  private void refused(String message, String... args) {
    assertThat(exitCode(args)).isEqualTo(1);
    assertThat(screen.raw().lines().toList().getLast())
        .startsWith("score4j: error: ")
        .contains(message)
        .doesNotContain("defect");
  }

  private String piped(String input, String... args) {
    assertThat(exitCode(input.getBytes(UTF_8), args)).as("%s", screen.raw()).isZero();
    return stdout.toString();
  }

  private int exitCode(byte[] input, String... args) {
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream(input));
      return exitCode(args);
    } finally {
      System.setIn(before);
    }
  }

  private Path withChatTemplate() throws IOException {
    Path model = copy(stories());
    Files.writeString(
        model.resolve("chat_template.jinja"),
        "{{ bos_token }}{% for m in messages %}{{ m.content + '\n' }}{% endfor %}");
    return model;
  }

  private Path copy(Path model) throws IOException {
    Path target = Files.createDirectory(folder.resolve("model"));
    for (String name :
        List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
      assumeTrue(Files.exists(model.resolve(name)), "needs " + model.resolve(name));
      Files.copy(model.resolve(name), target.resolve(name));
    }
    return target;
  }
}
