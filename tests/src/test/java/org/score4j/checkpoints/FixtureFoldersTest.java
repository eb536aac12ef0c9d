package org.score4j.checkpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The parity fixtures, written by other programs, read by our readers. */
class FixtureFoldersTest {
  @TempDir Path temporary;

  private static Path fixture(String family) throws URISyntaxException {
    URL config = FixtureFoldersTest.class.getResource("/fixtures/" + family + "/config.json");
    assertThat(config).as("fixture %s", family).isNotNull();
    return Path.of(config.toURI()).resolveSibling("");
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "llama_bf16_sharded", "qwen2", "qwen3"})
  void everyTensorOfAFixture_isReadFiniteAndExpected(String family) throws Exception {
    Path folder = fixture(family);
    JsonNode expected = new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
    List<String> expectedNames = new ArrayList<>();
    expected.path("grad_norms").fieldNames().forEachRemaining(expectedNames::add);
    HfConfig config = HfConfig.read(folder);
    try (SafetensorsFolder weights = SafetensorsFolder.open(folder)) {
      assertThat(weights.names()).containsExactlyInAnyOrderElementsOf(expectedNames);
      for (String name : weights.names()) {
        StoredTensor tensor = weights.tensor(name).requireType(config.torchDtype());
        assertThat(tensor.firstNonFinite()).as(name).isEmpty();
      }
      weights
          .tensor("model.embed_tokens.weight")
          .requireShape(config.vocabSize(), config.hiddenSize());
      String attention = "model.layers." + (config.numLayers() - 1) + ".self_attn.";
      weights
          .tensor(attention + "q_proj.weight")
          .requireShape((long) config.numHeads() * config.headDim(), config.hiddenSize());
      weights
          .tensor(attention + "k_proj.weight")
          .requireShape((long) config.numKvHeads() * config.headDim(), config.hiddenSize());
      assertThat(weights.contains(attention + "k_proj.bias")).isEqualTo(config.qkvBias());
      assertThat(weights.contains(attention + "k_norm.weight")).isEqualTo(config.qkNorm());
      assertThat(weights.contains("lm_head.weight")).isEqualTo(!config.tieWordEmbeddings());
      assertThatThrownBy(() -> weights.tensor("model.norm.bias"))
          .isInstanceOf(CheckpointException.class);
    }
  }

  @Test
  void configs_sayWhatTheFoldersHold() throws Exception {
    assertThat(HfConfig.read(fixture("llama")))
        .isEqualTo(
            new HfConfig(
                "llama",
                List.of("LlamaForCausalLM"),
                199,
                64,
                176,
                3,
                4,
                2,
                16,
                512,
                1e-5,
                10_000,
                null,
                false,
                false,
                false,
                "silu",
                1,
                List.of(2),
                StoredType.F32,
                HfConfig.Options.NONE));
    HfConfig llama3 = HfConfig.read(fixture("llama3"));
    assertThat(llama3.ropeScaling()).isEqualTo(new HfConfig.Llama3RopeScaling(8, 1, 4, 64));
    assertThat(llama3.ropeTheta()).isEqualTo(500_000);
    assertThat(HfConfig.read(fixture("llama_bf16_sharded")).torchDtype())
        .isEqualTo(StoredType.BF16);
    assertThat(HfConfig.read(fixture("qwen3")).headDim()).isEqualTo(24);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama3", "qwen2", "qwen3"})
  void fixtureReadWrittenAndRead_hasIdenticalTensors(String family) throws Exception {
    Path first = temporary.resolve("first");
    Path second = temporary.resolve("second");
    copy(fixture(family).resolve(SafetensorsFolder.SINGLE_FILE), first);
    copy(first, second);
    assertThat(Files.mismatch(first, second)).isEqualTo(-1);
    try (SafetensorsFile original =
            SafetensorsFile.open(fixture(family).resolve(SafetensorsFolder.SINGLE_FILE));
        SafetensorsFile copy = SafetensorsFile.open(second)) {
      assertThat(copy.names()).isEqualTo(original.names());
      assertThat(copy.metadata()).isEqualTo(Map.of("format", "pt"));
      for (String name : original.names()) {
        assertThat(copy.tensor(name).shape()).isEqualTo(original.tensor(name).shape());
        assertThat(copy.tensor(name).data().mismatch(original.tensor(name).data()))
            .as(name)
            .isEqualTo(-1);
      }
    }
  }

  private static void copy(Path from, Path to) {
    try (SafetensorsFile file = SafetensorsFile.open(from)) {
      SafetensorsWriter.write(
          to, file.names().stream().map(file::tensor).map(NamedData::ofStored).toList());
    }
  }
}
