package org.score4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordLevelTokenizerTest {
  private static final WordLevelTokenizer TOKENIZER =
      WordLevelTokenizer.ofCharacters("0123456789+-*=R", "<unk>");

  @TempDir private Path folder;

  @Test
  void idsFollowTheOrderOfTheCharactersAndTheUnknownTokenIsLast() {
    assertThat(TOKENIZER.vocabSize()).isEqualTo(16);
    assertThat(TOKENIZER.encode("7+5*8-4=226R"))
        .containsExactly(7, 10, 5, 12, 8, 11, 4, 13, 2, 2, 6, 14);
    assertThat(TOKENIZER.requireId("<unk>")).isEqualTo(15);
    assertThat(TOKENIZER.idOf("x")).isEmpty();
  }

  @Test
  void unknownCharactersBecomeTheUnknownToken() {
    assertThat(TOKENIZER.encode("1x😀 2")).containsExactly(1, 15, 15, 15, 2);
    assertThat(TOKENIZER.encode("<unk>1<unk")).containsExactly(15, 1, 15, 15, 15, 15);
  }

  @Test
  void decodeJoinsCharactersWithoutSpacesAndShowsUnknownTokens() {
    assertThat(TOKENIZER.decode(2, 2, 6, 15)).isEqualTo("226<unk>");
    assertThat(TOKENIZER.decode()).isEmpty();
  }

  @Test
  void decodeRefusesAnIdOutsideTheVocabulary() {
    assertThatThrownBy(() -> TOKENIZER.decode(1, 16))
        .hasMessageContaining("id 16 is outside the vocabulary of 16");
    assertThatThrownBy(() -> TOKENIZER.requireId("x")).hasMessageContaining("no token \"x\"");
  }

  @Test
  void whatIsWrittenReadsBackEqual() throws IOException {
    TOKENIZER.writeTo(folder);
    WordLevelTokenizer read = WordLevelTokenizer.read(folder);
    assertThat(read.tokens()).isEqualTo(TOKENIZER.tokens());
    assertThat(read.specialTokens()).containsExactly("<unk>");
    assertThat(read.unknownId()).isEqualTo(15);
    assertThat(Files.readString(folder.resolve("tokenizer_config.json")))
        .contains("\"tokenizer_class\" : \"PreTrainedTokenizerFast\"", "\"unk_token\" : \"<unk>\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"vocab\" : {|\"vocab\" : {{|no valid JSON at line",
        "\"=\" : 13|\"=\" : 12|ids of 16 tokens must be 0 to 15, each once",
        "\"=\" : 13|\"=\" : 1.5|has id 1.5",
        "\"=\" : 13|\"==\" : 13|is not one character",
        "\"WordLevel\"|\"BPE\"|model.type is \"BPE\"",
        "\"Fuse\"|\"ByteLevel\"|decoder is",
        "\"Isolated\"|\"Removed\"|pre_tokenizer is",
        "\"normalizer\" : null|\"normalizer\" : {}|normalizer is {}",
        "\"id\" : 15|\"id\" : 3|is not in the vocabulary under that id",
        "\"lstrip\" : false|\"lstrip\" : true|lstrip is true",
        "\"unk_token\" : \"<unk>\"|\"unk_token\" : \"?\"|unknown token \"?\" is not in the"
            + " vocabulary",
        "\"unk_token\" : \"<unk>\"|\"unk_token\" : 3|unk_token a text",
      })
  void aDamagedOrForeignFileIsOneClearLine(String good, String bad, String message)
      throws IOException {
    TOKENIZER.writeTo(folder);
    Path file = folder.resolve("tokenizer.json");
    String text = Files.readString(file);
    assertThat(text).contains(good);
    Files.writeString(file, text.replace(good, bad));
    assertThatThrownBy(() -> WordLevelTokenizer.read(folder))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void aTruncatedEmptyBinaryOrMissingFileIsOneClearLine() throws IOException {
    Path file = folder.resolve("tokenizer.json");
    assertThatThrownBy(() -> WordLevelTokenizer.read(file))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("does not exist");
    TOKENIZER.writeTo(folder);
    String text = Files.readString(file);
    Files.writeString(file, text.substring(0, text.length() / 2));
    assertThatThrownBy(() -> WordLevelTokenizer.read(file))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("damaged");
    Files.writeString(file, "");
    assertThatThrownBy(() -> WordLevelTokenizer.read(file))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("empty");
    Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE, 0});
    assertThatThrownBy(() -> WordLevelTokenizer.read(file))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("cannot read");
  }

  @Test
  void aVocabularyWithADuplicateIsRefused() {
    assertThatThrownBy(() -> WordLevelTokenizer.ofCharacters("0120", "<unk>"))
        .hasMessageContaining("\"0\" is twice in the vocabulary");
  }
}
