package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsFileTest {
  private static final String W =
      "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}";

  @TempDir Path folder;

  @Test
  void validFile_givesNamesMetadataAndViews() throws IOException {
    Path file =
        RawSafetensors.file(
            folder,
            "{\"__metadata__\":{\"format\":\"pt\",\"nothing\":null},\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[4,7]},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},\"none\":{\"dtype\":\"I64\",\"shape\":[0,5],\"data_offsets\":[4,4]}}"
                + "   ",
            7);

    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertThat(opened.names()).containsExactly("b", "a", "none");
      assertThat(opened.metadata()).containsExactly(java.util.Map.entry("format", "pt"));
      assertThat(opened.tensor("b").shape()).containsExactly(3L);
      assertThat(opened.tensor("b").data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
          .containsExactly(4, 5, 6);
      assertThat(opened.tensor("a").elements()).isEqualTo(1);
      assertThat(opened.tensor("none").elements()).isZero();
      assertThat(opened.tensor("a").data().isNative()).isTrue();
      assertThatThrownBy(() -> opened.tensor("c"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining(file + ": holds no tensor \"c\" among its 3");
    }
  }

  @Test
  void fileWithoutTensors_isValid() throws IOException {
    try (SafetensorsFile opened = SafetensorsFile.open(RawSafetensors.file(folder, "{}", 0))) {
      assertThat(opened.names()).isEmpty();
    }
  }

  static Stream<Arguments> damagedHeaders() {
    return Stream.of(
        arguments(W, 24, "bad JSON"),
        arguments(
            W + "}", 23, "\"w\" ends at byte 24 of the data, the file holds 23: it is truncated"),
        arguments(W + "}", 25, "the tensors cover 24 of 25 data bytes"),
        arguments(W + "}x", 24, "bad JSON"),
        arguments(W + "}{}", 24, "goes on behind its closing brace"),
        arguments(" " + W + "}", 24, "does not start with '{'"),
        arguments("[]", 0, "does not start with '{'"),
        arguments("", 0, "does not start with '{'"),
        arguments(
            W + ",\"w\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[24,24]}}",
            24,
            "Duplicate"),
        arguments(
            "{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
            0,
            "Duplicate"),
        arguments(
            W + ",\"v\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[20,24]}}",
            24,
            "\"v\" overlaps another tensor"),
        arguments(
            W + ",\"v\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[25,29]}}",
            29,
            "\"v\" leaves a hole before it"),
        arguments(w("F33", "[6]", "[0,24]"), 24, "dtype \"F33\", readable are [BOOL, U8,"),
        arguments(
            w("F32", "[7]", "[0,24]"), 24, "needs 28 bytes, its data_offsets [0, 24] span 24"),
        arguments(w("F32", "[-6]", "[0,24]"), 24, "shape (-6): a negative dimension"),
        arguments(w("F32", "[-2,-3]", "[0,24]"), 24, "a negative dimension"),
        arguments(w("F32", "[4294967296,4294967296]", "[0,0]"), 0, "a size over 64 bits"),
        arguments(w("F64", "[1152921504606846976]", "[0,0]"), 0, "a size over 64 bits"),
        arguments(w("F32", "[18446744073709551622]", "[0,24]"), 24, "over 64 bits"),
        arguments(w("F32", "[6.0]", "[0,24]"), 24, "\"w.shape\" is not an array of whole numbers"),
        arguments(w("F32", "[[6]]", "[0,24]"), 24, "\"w.shape\" is not an array of whole numbers"),
        arguments(w("F32", "6", "[0,24]"), 24, "\"w.shape\" is not an array of whole numbers"),
        arguments(w("F32", "[1" + ",1".repeat(40) + "]", "[0,4]"), 4, "more than 32 numbers"),
        arguments(w("F32", "[6]", "[24,0]"), 24, "two with 0 <= begin <= end"),
        arguments(w("F32", "[6]", "[-24,0]"), 24, "two with 0 <= begin <= end"),
        arguments(w("F32", "[6]", "[0,24,24]"), 24, "two with 0 <= begin <= end"),
        arguments(w("F32", "[6]", "[0]"), 24, "two with 0 <= begin <= end"),
        arguments("{\"w\":{\"dtype\":\"F32\",\"shape\":[6]}}", 24, "\"w\" lacks data_offsets"),
        arguments("{\"w\":{\"shape\":[6],\"data_offsets\":[0,24]}}", 24, "\"w\" lacks dtype"),
        arguments(
            "{\"w\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24],\"x\":1}}",
            24,
            "the unknown field \"x\""),
        arguments("{\"w\":3}", 0, "\"w\" is not an object"),
        arguments(
            "{\"__metadata__\":{\"format\":1}}", 0, "\"__metadata__.format\" is not a string"),
        arguments("{\"__metadata__\":null}", 0, "\"__metadata__\" is not an object of strings"),
        arguments(
            "{\"\\ud800\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
            0,
            "half a surrogate pair"),
        arguments("{\"a\":" + "[".repeat(500), 0, "\"a\" is not an object"));
  }

  private static String w(String dtype, String shape, String offsets) {
    return "{\"w\":{\"dtype\":\""
        + dtype
        + "\",\"shape\":"
        + shape
        + ",\"data_offsets\":"
        + offsets
        + "}}";
  }

  @ParameterizedTest
  @MethodSource("damagedHeaders")
  void damagedHeader_isRefusedWithFileAndReason(String header, int dataBytes, String reason)
      throws IOException {
    Path file = RawSafetensors.file(folder, header, dataBytes);

    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(reason)
        .message()
        .doesNotContain("\n");
  }

  static Stream<Arguments> damagedLengths() {
    return Stream.of(
        arguments(1000L, "header of 1000 bytes is longer than the file of 100 bytes"),
        arguments(100_000_001L, "header length 100000001 is over the bound"),
        arguments(-1L, "header length 18446744073709551615 is over the bound"),
        arguments(Long.MIN_VALUE, "header length 9223372036854775808 is over the bound"),
        arguments(0L, "does not start with '{'"),
        arguments(5L, "bad JSON"));
  }

  @ParameterizedTest
  @MethodSource("damagedLengths")
  void wrongHeaderLength_isRefusedBeforeAnythingIsAllocated(long declared, String reason)
      throws IOException {
    byte[] header = (W + "}").getBytes(UTF_8);
    Path file = folder.resolve("model.safetensors");
    Files.write(file, RawSafetensors.bytes(declared, header, 100 - 8 - header.length));

    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(reason);
  }

  @Test
  void invalidUtf8_isRefused() throws IOException {
    // Latin-1's ä alone is the first byte of a longer sequence in UTF-8; 0xC0 0x80 is an overlong
    // zero.
    for (String name : List.of("ä", "\u00c0\u0080", "\u00ed\u00a0\u0080", "\u00ff")) {
      byte[] header =
          w("F32", "[0]", "[0,0]").replace("\"w\"", '"' + name + '"').getBytes(ISO_8859_1);
      Path file = Files.write(folder.resolve("model.safetensors"), RawSafetensors.bytes(header, 0));

      assertThatThrownBy(() -> SafetensorsFile.open(file))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("header: invalid UTF-8");
    }
  }

  @Test
  void tooShortMissingOrNoFile_isRefused() throws IOException {
    Path shortFile = Files.write(folder.resolve("short"), new byte[7]);
    assertThatThrownBy(() -> SafetensorsFile.open(shortFile))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("has 7 bytes");
    assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("absent")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no such file")
        .hasMessageContaining("check the path");
    assertThatThrownBy(() -> SafetensorsFile.open(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("is not a file");
  }

  @Test
  void aPipeOrADevice_isNotOpened() throws Exception {
    Path device = Files.createSymbolicLink(folder.resolve("config.json"), Path.of("/dev/zero"));
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          assertThatThrownBy(() -> SafetensorsFile.open(device))
              .isInstanceOf(CheckpointException.class)
              .hasMessageContaining("is not a file but a pipe, a socket or a device");
          assertThatThrownBy(() -> HfConfig.read(folder))
              .isInstanceOf(CheckpointException.class)
              .hasMessageContaining("is not a file but a pipe, a socket or a device");
          assertThatThrownBy(() -> FileHash.of("config", device))
              .isInstanceOf(CheckpointException.class)
              .hasMessageContaining("is not a file but a pipe, a socket or a device");
        });
  }

  @Test
  void aBaseThatNoFolderCanBe_isRefusedByItsKey() throws IOException {
    Files.writeString(
        folder.resolve("adapter_config.json"),
        """
        {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"],
         "base_model_name_or_path": "a\\u0000b"}
        """);
    assertThatThrownBy(() -> AdapterFolder.base(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("base_model_name_or_path = ")
        .hasMessageContaining("it must be the folder of the base model");
  }

  @Test
  void hostileName_staysOnOneShortLine() throws IOException {
    String name = "a\\nb\\u0000\\u2028" + "x".repeat(40_000);
    Path file =
        RawSafetensors.file(folder, w("F32", "[1]", "[0,0]").replace("\"w\"", '"' + name + '"'), 0);

    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("\"a\\u000ab\\u0000\\u2028xxx")
        .message()
        .hasSizeLessThan(600);
  }
}
