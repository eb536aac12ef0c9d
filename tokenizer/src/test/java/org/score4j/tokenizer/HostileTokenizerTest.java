package org.score4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Collections;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Folders that were made to stop, fill or abort whoever opens them: one line each, before the
 * engine reads a byte. The tokenizer.json files that are refused here aborted the JVM with the
 * engine of tokenizers 0.21.4 or ran on, but for {@code dropout}, which makes ids random.
 */
class HostileTokenizerTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration AT_ONCE = Duration.ofSeconds(20);

  @TempDir Path folder;

  /** Writes a tokenizer of three words with a section of its own; returns the message. */
  private String refusal(String section, String json) throws IOException {
    write(section, json);
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      return "accepted by the tokenizer of " + tokenizer.folder();
    } catch (TokenizerException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private void write(String section, String json) throws IOException {
    ObjectNode root =
        (ObjectNode)
            MAPPER.readTree(
                """
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
                 "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
                 "model": {"type": "WordLevel", "unk_token": "?", "vocab": {"a": 0, "b": 1, "?": 2}}}
                """);
    root.set(section, MAPPER.readTree(json));
    MAPPER.writeValue(folder.resolve("tokenizer.json").toFile(), root);
  }

  private static String split(String regex) throws IOException {
    return "{\"type\": \"Split\", \"pattern\": {\"Regex\": %s}, \"behavior\": \"Isolated\", \"invert\": false}"
        .formatted(MAPPER.writeValueAsString(regex));
  }

  private static String replace(String pattern, String content) {
    return "{\"type\": \"Replace\", \"pattern\": {\"String\": \"%s\"}, \"content\": \"%s\"}"
        .formatted(pattern, content);
  }

  @ParameterizedTest
  @CsvSource({
    "pre_tokenizer,'{\"type\": \"Sequence\", \"pretokenizers\": [%s]}','pretokenizers[0]'",
    "pre_tokenizer,%s,pre_tokenizer",
    "normalizer,'{\"type\": \"Sequence\", \"normalizers\": [%s]}','normalizer.normalizers[0]'",
    "decoder,%s,decoder"
  })
  void aRegularExpressionThatAbortsTheEngine_isRefusedWhereverItStands(
      String section, String around, String where) throws IOException {
    String part = split("(a+)+$");
    if (!section.equals("pre_tokenizer")) {
      part = part.replace("Split", "Replace").replace("\"behavior\"", "\"content\"");
    }
    assertThat(refusal(section, around.formatted(part)))
        .startsWith(folder.resolve("tokenizer.json") + ": ")
        .contains(where + ".pattern.Regex is \"(a+)+$\", which repeats what can be divided")
        .contains("the engine could abort or never end")
        .endsWith("; use the tokenizer.json of another model, or one that you trust");
  }

  @Test
  void aLinearRegularExpression_isRunOnATextOfThousandsOfBlanks() throws IOException {
    write("pre_tokenizer", split("\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+|a"));
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThat(tokenizer.encode("a" + " ".repeat(100_000) + "a")).startsWith(0).endsWith(0);
    }
  }

  @Test
  void doublingAgainAndAgain_isRefused() throws IOException {
    String chain =
        Collections.nCopies(40, replace("a", "aa")).stream().collect(Collectors.joining(", "));
    assertThat(refusal("normalizer", "{\"type\": \"Sequence\", \"normalizers\": [" + chain + "]}"))
        .contains("normalizers[12] makes a text more than 4096 times as long");
    assertThat(refusal("decoder", "{\"type\": \"Sequence\", \"decoders\": [" + chain + "]}"))
        .contains("decoders[12] makes a text more than 4096 times as long");
    assertThat(refusal("normalizer", replace("a", "a".repeat(5000)))).contains("more than 4096");
    assertThat(refusal("normalizer", replace("", "aaaa"))).startsWith("accepted");
    assertThat(
            refusal(
                "normalizer", "{\"type\": \"Prepend\", \"prepend\": \"" + "a".repeat(5000) + "\"}"))
        .contains("more than 4096");
  }

  @Test
  void whatGrows_leavesRoomForShorterTexts() throws IOException {
    String chain =
        Collections.nCopies(10, replace("a", "aa")).stream().collect(Collectors.joining(", "));
    write("normalizer", "{\"type\": \"Sequence\", \"normalizers\": [" + chain + "]}");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThat(tokenizer.encode("a".repeat(100))).hasSize(1);
      assertThatThrownBy(() -> tokenizer.encode("a".repeat(62_501)))
          .isInstanceOf(TokenizerException.class)
          .hasMessage(
              "a text has 62501 characters, the tokenizer of %s takes 62500 at most; shorten it",
              folder.resolve("tokenizer.json"));
    }
  }

  @Test
  void aTextLongerThanAnyContext_isRefused() throws IOException {
    write("normalizer", "null");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThatThrownBy(() -> tokenizer.encode(" ".repeat(EngineBudget.MAX_CODE_UNITS + 1)))
          .hasMessageContaining("takes 4000000 at most");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "post_processor|{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"x\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}|single"
            + " names \"x\", which is not in special_tokens",
        "post_processor|{\"type\":\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}],\"pair\":[],\"special_tokens\":{}}|single"
            + " names a second sequence",
        "post_processor|{\"type\":\"Sequence\",\"processors\":[{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[{\"SpecialToken\":{\"id\":\"x\",\"type_id\":0}}],\"special_tokens\":{}}]}|processors[0].pair"
            + " names \"x\"",
        "model|{\"type\":\"BPE\",\"continuing_subword_prefix\":\"abcdef\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[[\"a\",\"b\"]]}|model.merges"
            + " has [\"a\",\"b\"], whose second part lacks",
        "model|{\"type\":\"BPE\",\"continuing_subword_prefix\":\"##\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a"
            + " b\"]}|model.merges has \"a b\", whose second part lacks",
        "normalizer|{\"type\":\"Precompiled\"}|is shorter than the size",
        "decoder|{\"type\":\"Strip\",\"content\":\" \",\"start\":0,\"stop\":1}|decoder.stop is 1,"
            + " which aborts the engine",
        "pre_tokenizer|{\"type\":\"FixedLength\",\"length\":0}|length is 0",
        "normalizer|{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"!\"}|precompiled_charsmap"
            + " is no base64",
        "normalizer|{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AA==\"}|is shorter than"
            + " the size",
        "normalizer|{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"/////wAA\"}|names a trie"
            + " of -1 bytes",
        "model|{\"type\":\"BPE\",\"dropout\":0.1,\"vocab\":{\"a\":0},\"merges\":[]}|model.dropout"
            + " is 0.1",
      })
  void whatTheEngineDoesNotCheck_isCheckedHere(String section, String json, String reason)
      throws IOException {
    assertThat(refusal(section, json)).contains(reason);
  }

  @Test
  void aTableOfReplacements_mayNotLeadOutOfItself() {
    // A root whose children begin behind the end of a trie of one unit.
    byte[] outside = {4, 0, 0, 0, 0, 0x04, 0, 0, 'x', 0};
    assertThat(PrecompiledCharsmap.defect(Base64.getEncoder().encodeToString(outside)))
        .contains("has a trie that leads out of itself");
    // 256 units without children.
    byte[] empty = new byte[4 + 1024 + 2];
    empty[1] = 4;
    assertThat(PrecompiledCharsmap.defect(Base64.getEncoder().encodeToString(empty))).isEmpty();
    // 'a' is a leaf; its value leads behind the replacements.
    byte[] leaf = empty.clone();
    int a = 4 + 4 * 'a';
    leaf[a] = 'a';
    leaf[a + 1] = 1;
    leaf[4 + 4 * 'a'] = 'a';
    // offset 1: the value is at the neighbour.
    leaf[a + 1] |= 4;
    int value = 4 + 4 * ('a' ^ 1);
    leaf[value] = 9;
    assertThat(PrecompiledCharsmap.defect(Base64.getEncoder().encodeToString(leaf)))
        .contains("has a trie that leads out of its replacements");
    leaf[value] = 1;
    assertThat(PrecompiledCharsmap.defect(Base64.getEncoder().encodeToString(leaf))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tokenizer.json",
        "tokenizer_config.json",
        "generation_config.json",
        "config.json",
        "chat_template.jinja",
        "chat_template.json"
      })
  void aPipeOrADevice_isNotOpened(String name) throws Exception {
    write("normalizer", "null");
    Path file = folder.resolve(name);
    Files.deleteIfExists(file);
    boolean made;
    try {
      made = new ProcessBuilder("mkfifo", file.toString()).start().waitFor() == 0;
    } catch (IOException e) {
      made = false;
    }
    assumeTrue(made, "needs mkfifo");
    assertTimeoutPreemptively(AT_ONCE, () -> assertRefused(name));
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of("/dev/zero"));
    assertTimeoutPreemptively(AT_ONCE, () -> assertRefused(name));
  }

  private void assertRefused(String name) {
    assertThatThrownBy(
            () -> {
              try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
                ChatTemplate.read(folder, tokenizer.specialTokens());
              }
            })
        .isInstanceOf(TokenizerException.class)
        .hasMessage(
            "cannot read %s: it is a folder, a pipe or a device and not a file; check the path",
            folder.resolve(name));
  }
}
