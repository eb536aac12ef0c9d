package org.score4j.checkpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsFolderTest {
  private static final String GOOD =
      "{\"metadata\":{},\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\",\"c\":\"one.safetensors\"}}";

  @TempDir Path parent;
  private Path folder = Path.of("");

  @BeforeEach
  void writeShards() throws IOException {
    folder = Files.createDirectory(parent.resolve("model"));
    writeTo(folder.resolve("one.safetensors"), "a", "c");
    writeTo(folder.resolve("two.safetensors"), "b");
    writeTo(parent.resolve("outside.safetensors"), "b");
  }

  private static void writeTo(Path file, String... names) {
    SafetensorsWriter.write(
        file, Stream.of(names).map(name -> NamedData.ofBytes(name, new byte[] {1})).toList());
  }

  @Test
  void shards_areResolvedByTheIndex() throws IOException {
    Files.writeString(folder.resolve(SafetensorsFolder.INDEX_FILE), GOOD);
    try (SafetensorsFolder opened = SafetensorsFolder.open(folder)) {
      assertThat(opened.names()).containsExactly("a", "c", "b");
      assertThat(opened.contains("b")).isTrue();
      assertThat(opened.tensor("b").file()).isEqualTo(folder.resolve("two.safetensors"));
      assertThatThrownBy(() -> opened.tensor("d"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("holds no tensor \"d\" among its 3");
    }
  }

  @Test
  void linkToAFileElsewhere_isFollowed() throws IOException {
    Files.writeString(folder.resolve(SafetensorsFolder.INDEX_FILE), GOOD);
    Files.delete(folder.resolve("two.safetensors"));
    Files.createSymbolicLink(folder.resolve("two.safetensors"), Path.of("../outside.safetensors"));
    try (SafetensorsFolder opened = SafetensorsFolder.open(folder)) {
      assertThat(opened.contains("b")).isTrue();
    }
  }

  @Test
  void singleFile_needsNoIndex() throws IOException {
    writeTo(folder.resolve(SafetensorsFolder.SINGLE_FILE), "x");
    try (SafetensorsFolder opened = SafetensorsFolder.open(folder)) {
      assertThat(opened.names()).isEqualTo(List.of("x"));
    }
  }

  static Stream<Arguments> badIndexes() {
    return Stream.of(
        arguments(
            GOOD.replace("two.", "three."),
            "names the shard \"three.safetensors\", which is not in the folder"),
        arguments(
            GOOD.replace("two.", "../outside."),
            "is a path, only files of the folder itself are read"),
        arguments(GOOD.replace("two.", "sub/two."), "is a path"),
        arguments(GOOD.replace("two.", "/etc/two."), "is a path"),
        arguments(GOOD.replace("two.", "..\\\\two."), "is a path"),
        arguments(GOOD.replace("two.safetensors", ".."), "is a path"),
        arguments(GOOD.replace("two.safetensors", "."), "is a path"),
        arguments(GOOD.replace("two.safetensors", ""), "is a path"),
        arguments(GOOD.replace("two.", "\\u0000."), "is no file name"),
        arguments(
            GOOD.replace("two.", "one."),
            "promises tensor \"b\" in \"one.safetensors\", which does not hold it"),
        arguments(GOOD.replace(",\"c\":\"one.safetensors\"", ""), "does not list tensor \"c\""),
        arguments(GOOD.replace("\"c\":", "\"d\":"), "promises tensor \"d\""),
        arguments(GOOD.replace("\"b\":", "\"a\":"), "Duplicate"),
        arguments(
            GOOD.replace("\"two.safetensors\"", "2"),
            "weight_map of tensor \"b\" is not a file name"),
        arguments(GOOD.replace("weight_map", "weights"), "has no object \"weight_map\""),
        arguments("[]", "holds no JSON object"),
        arguments("", "holds no JSON object but nothing"),
        arguments(GOOD + "x", "bad JSON"),
        arguments(GOOD.substring(0, 60), "bad JSON"));
  }

  @ParameterizedTest
  @MethodSource("badIndexes")
  void badIndex_isRefusedWithTheReason(String index, String reason) throws IOException {
    Files.writeString(folder.resolve(SafetensorsFolder.INDEX_FILE), index);
    assertThatThrownBy(() -> SafetensorsFolder.open(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(SafetensorsFolder.INDEX_FILE)
        .hasMessageContaining(reason);
  }

  @Test
  void tensorInTwoShards_isRefused() throws IOException {
    Files.writeString(folder.resolve(SafetensorsFolder.INDEX_FILE), GOOD);
    writeTo(folder.resolve("two.safetensors"), "b", "c");
    assertThatThrownBy(() -> SafetensorsFolder.open(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("two.safetensors: tensor \"c\" is stored in one.safetensors as well");
  }

  @Test
  void folderWithoutWeights_saysWhatIsMissing() {
    assertThatThrownBy(() -> SafetensorsFolder.open(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("has neither model.safetensors nor model.safetensors.index.json");
    assertThatThrownBy(() -> SafetensorsFolder.open(folder.resolve("absent")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no such folder");
  }
}
