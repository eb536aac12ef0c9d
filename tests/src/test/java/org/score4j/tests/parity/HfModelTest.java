package org.score4j.tests.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.NamedData;
import org.score4j.checkpoints.SafetensorsFile;
import org.score4j.checkpoints.SafetensorsWriter;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.checkpoints.StoredTensor;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;

/** Folders saved by us are those we loaded; damaged ones are refused by name. */
class HfModelTest {
  private static final String FILE = "model.safetensors";

  private final Ops ops = new Ops(Backends.open("cpu", 1));
  @TempDir private Path temporary;

  @ParameterizedTest
  @CsvSource({"llama", "llama3", "qwen2", "qwen3", "mistral", "mistral_window", "gemma2"})
  void loadAndSave_givesTheSameTensorBytesAndASecondTimeTheSameFile(String name)
      throws IOException {
    Path first = temporary.resolve("first");
    Path second = temporary.resolve("second");
    String original = copy(Fixture.folder(name), first);
    String saved = copy(first, second);
    assertThat(saved).isEqualTo(original);
    for (String file : List.of(FILE, "config.json")) {
      assertThat(second.resolve(file)).hasSameBinaryContentAs(first.resolve(file));
    }
    // The fixtures' headers have spaces that ours have not: equal as JSON, all other bytes equal.
    Parts before = Parts.read(Fixture.folder(name).resolve(FILE));
    Parts after = Parts.read(first.resolve(FILE));
    assertThat(after.header()).isEqualTo(before.header());
    assertThat(after.data()).isEqualTo(before.data());
  }

  /** A safetensors file, read without our reader. */
  private record Parts(JsonNode header, byte[] data) {
    static Parts read(Path file) throws IOException {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      byte[] header = new byte[Math.toIntExact(bytes.getLong())];
      bytes.get(header);
      byte[] data = new byte[bytes.remaining()];
      bytes.get(data);
      return new Parts(new ObjectMapper().readTree(header), data);
    }
  }

  @Test
  void missingTensor_isRefusedByName() throws IOException {
    String name = "model.layers.1.self_attn.k_proj.weight";
    rewrite("llama", tensor -> tensor.name().equals(name) ? null : NamedData.ofStored(tensor));
    assertRefused(name, "missing");
  }

  @Test
  void missingBias_isRefusedByName() throws IOException {
    String name = "model.layers.2.self_attn.q_proj.bias";
    rewrite("qwen2", tensor -> tensor.name().equals(name) ? null : NamedData.ofStored(tensor));
    assertRefused(name, "missing");
  }

  @Test
  void wrongShape_isRefusedByNameWithBothShapes() throws IOException {
    String name = "model.layers.0.mlp.down_proj.weight";
    rewrite(
        "llama",
        tensor ->
            tensor.name().equals(name)
                ? NamedData.ofFloats(name, tensor.shape().reversed(), values(tensor))
                : NamedData.ofStored(tensor));
    assertRefused(name, "(176, 64)", "(64, 176)");
  }

  @ParameterizedTest
  @CsvSource({
    "vocab_size, 2000000000",
    "num_hidden_layers, 2000000000",
    "head_dim, 1073741824",
    "intermediate_size, 2000000000",
    "max_position_embeddings, 2000000000"
  })
  void hugeSizeInTheConfig_isRefusedBeforeAnythingIsAllocated(String key, int value)
      throws IOException {
    rewrite("llama", NamedData::ofStored);
    Path config = temporary.resolve("config.json");
    String text = Files.readString(config);
    String changed =
        text.contains("\"" + key + "\"")
            ? text.replaceFirst("\"" + key + "\": *[0-9]+", "\"" + key + "\": " + value)
            : text.replaceFirst("\\{", "{\"" + key + "\": " + value + ",");
    Files.writeString(config, changed);
    assertRefused(key, "config.json");
  }

  @Test
  void unexpectedTensor_isRefusedByName() throws IOException {
    String name = "model.layers.0.mlp.down_proj.bias";
    rewrite("llama", NamedData::ofStored, NamedData.ofFloats(name, List.of(64L), new float[64]));
    assertRefused(name, "no part of the model");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void nonFiniteWeight_isRefusedByNameAndIndex(float value) throws IOException {
    String name = "model.layers.2.input_layernorm.weight";
    rewrite(
        "llama",
        tensor -> {
          if (!tensor.name().equals(name)) {
            return NamedData.ofStored(tensor);
          }
          float[] values = values(tensor);
          values[17] = value;
          return NamedData.ofFloats(name, tensor.shape(), values);
        });
    assertRefused(name, "index 17", FILE);
  }

  @Test
  void copyOfTheEmbeddingStoredAsHead_isLeftOut() throws IOException {
    String before = sha256(ops, Fixture.folder("qwen2"));
    rewrite("qwen2", NamedData::ofStored, head(0));
    HfModel.Loaded loaded = HfModel.load(ops, temporary);
    try (Parameters weights = loaded.weights()) {
      assertThat(HfModel.sha256(ops, weights)).isEqualTo(before);
      assertThat(loaded.config().tieWordEmbeddings()).isTrue();
      assertThat(loaded.notices()).isEmpty();
    }
  }

  @Test
  void anotherHeadBesideTiedEmbedding_isUsedAndSaved() throws IOException {
    rewrite("qwen2", NamedData::ofStored, head(1));
    HfModel.Loaded loaded = HfModel.load(ops, temporary);
    Path saved = temporary.resolve("saved");
    String hash;
    try (Parameters weights = loaded.weights()) {
      hash = HfModel.sha256(ops, weights);
      assertThat(weights.config().tieWordEmbeddings()).isFalse();
      assertThat(loaded.notices())
          .containsExactly(
              temporary
                  + ": config.json says tie_word_embeddings, but lm_head.weight differs from"
                  + " model.embed_tokens.weight: the model is computed and saved with a head of its"
                  + " own");
      HfModel.save(ops, weights, loaded.source(), SaveOptions.DEFAULT, saved, folder -> {});
    }
    assertThat(hash).isNotEqualTo(sha256(ops, Fixture.folder("qwen2")));
    HfModel.Loaded again = HfModel.load(ops, saved);
    try (Parameters weights = again.weights()) {
      assertThat(HfModel.sha256(ops, weights)).isEqualTo(hash);
      assertThat(again.config().tieWordEmbeddings()).isFalse();
      assertThat(again.notices()).isEmpty();
    }
    assertThat(Files.readString(saved.resolve("config.json")))
        .isEqualTo(
            Files.readString(temporary.resolve("config.json"))
                .replace("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false"));
  }

  @Test
  void aHeadOfAnotherShapeBesideTiedEmbedding_isRefusedByName() throws IOException {
    rewrite(
        "qwen2",
        NamedData::ofStored,
        NamedData.ofFloats("lm_head.weight", List.of(198L, 64L), new float[198 * 64]));
    assertRefused("lm_head.weight", "(198, 64)", "(199, 64)");
  }

  /** The embedding of qwen2 with its last value moved, as a head. */
  private static NamedData head(float moved) {
    try (SafetensorsFile file = SafetensorsFile.open(Fixture.folder("qwen2").resolve(FILE))) {
      StoredTensor embedding = file.tensor("model.embed_tokens.weight");
      float[] values = values(embedding);
      values[values.length - 1] += moved;
      return NamedData.ofFloats("lm_head.weight", embedding.shape(), values);
    }
  }

  /** Loads a folder and saves it again; the hash of its weights. */
  private String copy(Path from, Path to) {
    HfModel.Loaded loaded = HfModel.load(ops, from);
    try (Parameters weights = loaded.weights()) {
      HfModel.save(ops, weights, loaded.config(), to, folder -> {});
      return HfModel.sha256(ops, weights);
    }
  }

  private static String sha256(Ops ops, Path folder) {
    try (Parameters weights = HfModel.load(ops, folder).weights()) {
      return HfModel.sha256(ops, weights);
    }
  }

  /** Copies a fixture with some tensors changed, left out (null) or added. */
  private void rewrite(
      String fixture, Function<StoredTensor, @Nullable NamedData> change, NamedData... added)
      throws IOException {
    Path folder = Fixture.folder(fixture);
    Files.copy(folder.resolve("config.json"), temporary.resolve("config.json"));
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve(FILE))) {
      List<NamedData> tensors = new ArrayList<>(List.of(added));
      for (String name : file.names()) {
        NamedData changed = change.apply(file.tensor(name));
        if (changed != null) {
          tensors.add(changed);
        }
      }
      SafetensorsWriter.write(temporary.resolve(FILE), tensors);
    }
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(() -> HfModel.load(ops, temporary))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll(parts);
  }

  private static float[] values(StoredTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    tensor.toFloats(0, values, 0, values.length);
    return values;
  }
}
