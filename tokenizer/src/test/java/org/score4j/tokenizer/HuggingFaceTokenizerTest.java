package org.score4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HuggingFaceTokenizerTest {
  @TempDir private Path folder;

  @Test
  void idsOfEveryTextAreThoseOfTheReferenceEngine() throws IOException {
    compare(ReferenceVectors.ownFolder(), ReferenceVectors.own());
  }

  @ParameterizedTest
  @CsvSource({
    "tokenizers/gpt2, gpt2",
    "tokenizers/qwen2.5, qwen2.5",
    "tokenizers/llama3, llama3",
    "models/stories260K, stories260K_tok512"
  })
  void idsOfRealTokenizersAreThoseOfTheirReferenceEngines(String files, String name)
      throws IOException {
    compare(ReferenceVectors.sharedFile(files), ReferenceVectors.shared(name));
  }

  @Test
  void aTokenizerWithoutAConfigBesideItIsReadToo() throws IOException {
    Files.copy(
        ReferenceVectors.sharedFile("tokenizers/gpt_neox/20B_tokenizer.json"),
        folder.resolve("tokenizer.json"));
    compare(folder, ReferenceVectors.shared("gpt_neox_20b"));
  }

  private static void compare(Path files, ReferenceVectors vectors) {
    assertThat(vectors.texts()).hasSize(28).hasSameSizeAs(vectors.ids());
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(files)) {
      for (int i = 0; i < vectors.texts().size(); i++) {
        String text = vectors.texts().get(i);
        int[] ids = vectors.ids().get(i);
        assertThat(tokenizer.encode(text)).as(text).isEqualTo(ids);
        StringBuilder streamed = new StringBuilder();
        StreamingDecoder decoder = new StreamingDecoder(tokenizer);
        String whole = tokenizer.decode(ids);
        for (int id : ids) {
          String piece = decoder.next(id);
          assertThat(piece.contains("\uFFFD") && !whole.contains("\uFFFD"))
              .as("a split character of " + text)
              .isFalse();
          streamed.append(piece);
        }
        assertThat(streamed.append(decoder.finish()).toString()).as(text).isEqualTo(whole);
      }
    }
  }

  @Test
  void aLongTextIsNeitherCutNorPadded() {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(ReferenceVectors.ownFolder())) {
      String text = "Once upon a time. ".repeat(500).strip();
      int[] ids = tokenizer.encode(text);
      assertThat(ids).hasSizeGreaterThan(2000);
      assertThat(tokenizer.decode(ids)).isEqualTo(text);
      assertThat(tokenizer.encode("Once")).hasSizeLessThan(5);
    }
  }

  @Test
  void aDocumentBeginsWithTheTokenTheModelWasTrainedWith() throws IOException {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(ReferenceVectors.ownFolder())) {
      int[] ids = tokenizer.encode("Once upon a time");
      assertThat(tokenizer.encodeDocument("Once upon a time"))
          .startsWith(1)
          .endsWith(ids)
          .hasSize(ids.length + 1);
    }
    // add_bos_token of the config, where tokenizer.json has no such step.
    copyOwn();
    Path file = folder.resolve("tokenizer.json");
    String json = Files.readString(file);
    int from = json.indexOf("\"post_processor\":");
    int to = json.indexOf(",\"decoder\":");
    Files.writeString(
        file, json.substring(0, from) + "\"post_processor\":null" + json.substring(to));
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThat(tokenizer.encodeDocument("Once")).startsWith(1);
      assertThat(tokenizer.encode("Once")).doesNotContain(1);
    }
  }

  @Test
  void addBosTokenFalseTakesBackWhatThePostProcessorAdds() throws IOException {
    copyOwn();
    Path config = folder.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}");
    int[] ids;
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      ids = tokenizer.encode("Once");
      assertThat(tokenizer.encodeDocument("Once")).startsWith(1).hasSize(ids.length + 1);
    }
    Files.writeString(
        config, "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"add_bos_token\": false}");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThat(tokenizer.encodeDocument("Once")).isEqualTo(ids);
      // One that is written out stays.
      assertThat(tokenizer.encodeDocument("<s>Once")).isEqualTo(tokenizer.encode("<s>Once"));
      assertThat(tokenizer.encode("<s>Once")).startsWith(1);
    }
  }

  @Test
  void specialTokensMapSaysWhatTokenizerConfigDoesNot() throws IOException {
    copyOwn();
    Files.writeString(folder.resolve("config.json"), "{\"eos_token_id\": null}");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\": null}");
    Path map = folder.resolve("special_tokens_map.json");
    Files.writeString(
        map, "{\"bos_token\": {\"content\": \"<s>\", \"lstrip\": false}, \"eos_token\": \"</s>\"}");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThat(tokenizer.specialTokens().text("bos_token")).contains("<s>");
      assertThat(tokenizer.specialTokens().eosIds()).isEqualTo(List.of(2));
    }
    // tokenizer_config.json is the newer file.
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"<s>\"}");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThat(tokenizer.specialTokens().eosIds()).isEqualTo(List.of(1));
    }
    Files.delete(folder.resolve("tokenizer_config.json"));
    Files.writeString(map, "{\"eos_token\": \"<none>\"}");
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(folder))
        .hasMessageContaining("special_tokens_map.json is damaged: eos_token \"<none>\"");
  }

  @Test
  void specialTokensAboveTheEmbeddingFitAndOthersDoNot() throws IOException {
    copyOwn();
    Path file = folder.resolve("tokenizer.json");
    String json = Files.readString(file);
    int at = json.indexOf("\"added_tokens\":[") + "\"added_tokens\":[".length();
    String added =
        "{\"id\":%d,\"content\":\"<image>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":%s},";
    Files.writeString(
        file, json.substring(0, at) + added.formatted(512, true) + json.substring(at));
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThat(tokenizer.vocabSize()).isEqualTo(513);
      assertThat(tokenizer.minModelVocabSize()).isEqualTo(512);
      tokenizer.requireFits(512);
      assertThat(tokenizer.encode("an <image>")).contains(512);
      assertThatThrownBy(() -> tokenizer.requireFits(511))
          .hasMessageContaining("tokenizer.json has ids up to 512");
    }
    Files.writeString(
        file, json.substring(0, at) + added.formatted(512, false) + json.substring(at));
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThatThrownBy(() -> tokenizer.requireFits(512))
          .hasMessageContaining("tokenizer.json has ids up to 512");
    }
  }

  @Test
  void everyFileMayNameIdsThatEndAResponse() throws IOException {
    copyOwn();
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [7, 5]}");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      // 2 is </s>, the eos_token of tokenizer_config.json.
      assertThat(tokenizer.specialTokens().eosIds()).isEqualTo(List.of(2, 5, 7));
      assertThat(tokenizer.specialTokens().text("bos_token")).contains("<s>");
    }
    Files.delete(folder.resolve("generation_config.json"));
    Files.writeString(folder.resolve("config.json"), "{\"eos_token_id\": 9}");
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertThat(tokenizer.specialTokens().eosIds()).isEqualTo(List.of(2, 9));
    }
  }

  @Test
  void aModelWithFewerIdsThanItsTokenizerIsRefused() {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(ReferenceVectors.ownFolder())) {
      tokenizer.requireFits(512);
      assertThatThrownBy(() -> tokenizer.requireFits(511))
          .isInstanceOf(TokenizerException.class)
          .hasMessageContaining("ids up to 511, config.json a vocab_size of 511");
    }
  }

  @Test
  void idsWithoutATokenAreLeftOutOfTheText() {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(ReferenceVectors.ownFolder())) {
      int[] ids = tokenizer.encode("Once");
      int[] more = Arrays.copyOf(ids, ids.length + 1);
      more[ids.length] = 600;
      assertThat(tokenizer.decode(more)).isEqualTo("Once");
      assertThatThrownBy(() -> tokenizer.token(600)).hasMessageContaining("no token has id 600");
      assertThatThrownBy(() -> tokenizer.decode(-1)).hasMessageContaining("id -1 is negative");
    }
  }

  @Test
  void whatIsWrittenReadsBackEqual() throws IOException {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(ReferenceVectors.ownFolder())) {
      tokenizer.writeTo(folder);
    }
    compare(folder, ReferenceVectors.own());
    assertThat(folder.resolve("tokenizer_config.json")).exists();
  }

  @Test
  void aMissingDamagedOrForeignFileIsOneClearLine() throws IOException {
    refused("does not exist");
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, "{\"model\": {\"vocab\": {\"a\": 0");
    refused("no valid JSON at line 1");
    Files.writeString(file, "[]");
    refused("not a JSON object");
    Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE});
    refused("cannot read");
    Files.writeString(file, "{\"model\": {}}");
    refused("model.vocab is missing");
    Files.writeString(file, "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 2000000000}}}");
    refused("has id 2000000000");
    Files.writeString(file, "{\"model\": {\"type\": \"Magic\", \"vocab\": {\"a\": 0}}}");
    refused("not a tokenizer the Hugging Face engine can read");
    copyOwn();
    Path config = folder.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"eos_token\": \"<none>\"}");
    refused("eos_token \"<none>\" is not in the vocabulary");
    Files.writeString(config, "{\"eos_token\": 3}");
    refused("eos_token is 3");
    Files.writeString(config, "{}");
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [\"x\"]}");
    refused("eos_token_id is [\"x\"]");
  }

  private void refused(String message) {
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(folder))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  private void copyOwn() throws IOException {
    for (String name : List.of("tokenizer.json", "tokenizer_config.json", "config.json")) {
      Files.copy(
          ReferenceVectors.ownFolder().resolve(name),
          folder.resolve(name),
          StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
