package org.score4j.checkpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HfConfigTest {
  private static final HfConfig.Llama3RopeScaling LLAMA3 =
      new HfConfig.Llama3RopeScaling(8, 1, 4, 8192);
  private static final String LLAMA3_JSON =
      "{\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,"
          + "\"original_max_position_embeddings\":8192}";

  @TempDir Path folder;

  /** The least that a config may say. */
  private static ObjectNode minimal(String modelType, String architecture) {
    ObjectNode root = StrictJson.MAPPER.createObjectNode();
    root.putArray("architectures").add(architecture);
    root.put("model_type", modelType)
        .put("vocab_size", 100)
        .put("hidden_size", 64)
        .put("intermediate_size", 172);
    root.put("num_hidden_layers", 2).put("num_attention_heads", 4).put("num_key_value_heads", 2);
    root.put("max_position_embeddings", 512);
    return root;
  }

  private HfConfig read(ObjectNode root) throws IOException {
    Files.write(folder.resolve(HfConfig.FILE), StrictJson.bytes(root));
    return HfConfig.read(folder);
  }

  @Test
  void absentKeys_takeHuggingFacesDefaults() throws IOException {
    ObjectNode root = minimal("llama", "LlamaForCausalLM");
    root.remove("num_key_value_heads");
    assertThat(read(root))
        .isEqualTo(
            new HfConfig(
                "llama",
                List.of("LlamaForCausalLM"),
                100,
                64,
                172,
                2,
                4,
                4,
                16,
                512,
                1e-6,
                10_000,
                null,
                false,
                false,
                false,
                "silu",
                null,
                List.of(),
                StoredType.F32,
                HfConfig.Options.NONE));
    assertThat(read(minimal("qwen3", "Qwen3ForCausalLM")).headDim()).isEqualTo(128);
  }

  @Test
  void families_differInBiasAndNorm() throws IOException {
    HfConfig qwen2 = read(minimal("qwen2", "Qwen2ForCausalLM"));
    assertThat(qwen2.qkvBias()).isTrue();
    assertThat(qwen2.qkNorm()).isFalse();
    HfConfig qwen3 = read(minimal("qwen3", "Qwen3ForCausalLM"));
    assertThat(qwen3.qkvBias()).isFalse();
    assertThat(qwen3.qkNorm()).isTrue();
  }

  @Test
  void ropeScaling_isReadFromBothSpellings() throws IOException {
    ObjectNode root = minimal("llama", "LlamaForCausalLM");
    root.put("rope_theta", 500000.0).set("rope_scaling", json(LLAMA3_JSON));
    assertThat(read(root).ropeScaling()).isEqualTo(LLAMA3);

    root = minimal("llama", "LlamaForCausalLM");
    root.set("rope_parameters", json(LLAMA3_JSON.replace("{", "{\"rope_theta\":500000.0,")));
    assertThat(read(root).ropeScaling()).isEqualTo(LLAMA3);
    assertThat(read(root).ropeTheta()).isEqualTo(500_000);

    root.set("rope_parameters", json("{\"rope_theta\":30000,\"rope_type\":\"default\"}"));
    assertThat(read(root).ropeScaling()).isNull();
    assertThat(read(root).ropeTheta()).isEqualTo(30_000);
  }

  @Test
  void severalEosIdsAndNewDtypeKey_areRead() throws IOException {
    ObjectNode root = minimal("llama", "LlamaForCausalLM");
    root.put("dtype", "bfloat16").put("bos_token_id", 1).putArray("eos_token_id").add(2).add(7);
    HfConfig config = read(root);
    assertThat(config.eosTokenIds()).containsExactly(2, 7);
    assertThat(config.bosTokenId()).isEqualTo(1);
    assertThat(config.torchDtype()).isEqualTo(StoredType.BF16);
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        arguments(
            "{\"architectures\":[\"MixtralForCausalLM\"]}",
            "MixtralForCausalLM",
            "known are LlamaForCausalLM, MistralForCausalLM"),
        arguments("{\"architectures\":[]}", "architectures", "must be one of"),
        arguments("{\"architectures\":null}", "architectures", "must be one of"),
        arguments("{\"model_type\":\"mistral\"}", "model_type", "must be \"llama\""),
        arguments(
            "{\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":2.0}}",
            "rope_scaling.type = \"dynamic\"",
            "known are default"),
        arguments(
            "{\"rope_scaling\":{\"rope_type\":\"yarn\"}}",
            "rope_scaling.rope_type",
            "known are default, linear and llama3"),
        arguments(
            "{\"rope_scaling\":{\"factor\":2.0}}",
            "rope_scaling.factor = 2.0 ",
            "there is no rope_type that says what it is for"),
        arguments(
            "{\"rope_parameters\":{\"rope_theta\":1e6,\"low_freq_factor\":1}}",
            "rope_parameters.low_freq_factor",
            "there is no rope_type"),
        arguments("{\"rms_norm_eps\":NaN}", "rms_norm_eps = NaN", "a number above 0"),
        arguments("{\"attention_dropout\":NaN}", "attention_dropout = NaN", "without it"),
        arguments("{\"vocab_size\":Infinity}", "vocab_size = Infinity", "a whole number"),
        arguments(
            "{\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8}}",
            "rope_scaling.low_freq_factor",
            "lacks"),
        arguments(
            "{\"rope_scaling\":{\"rope_type\":\"llama3\",\"type\":\"linear\"}}",
            "rope_scaling.type",
            "equal to rope_type"),
        arguments("{\"rope_scaling\":[1]}", "rope_scaling", "must be an object"),
        arguments(
            "{\"rope_scaling\":{\"type\":\"default\"},\"rope_parameters\":{\"rope_theta\":1}}",
            "rope_parameters",
            "only one can hold"),
        arguments(
            "{\"rope_theta\":5,\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":6}}",
            "rope_theta",
            "equal to the outer"),
        arguments("{\"hidden_act\":\"gelu\"}", "hidden_act = \"gelu\"", "SwiGLU"),
        arguments(
            "{\"quantization_config\":{\"bits\":4}}",
            "quantization_config",
            "weights must be F32, F16 or BF16"),
        arguments("{\"attention_bias\":true}", "attention_bias", "output projection"),
        arguments("{\"mlp_bias\":true}", "mlp_bias", "no bias"),
        arguments("{\"sliding_window\":4096}", "sliding_window", "attention is full"),
        arguments("{\"use_sliding_window\":true}", "use_sliding_window", "attention is full"),
        arguments(
            "{\"layer_types\":[\"full_attention\",\"sliding_attention\"]}",
            "layer_types",
            "full attention"),
        arguments("{\"partial_rotary_factor\":0.5}", "partial_rotary_factor", "whole head"),
        arguments("{\"attention_dropout\":0.1}", "attention_dropout", "without it"),
        arguments("{\"vocab_size\":0}", "vocab_size = 0,", "a whole number from 1"),
        arguments("{\"vocab_size\":-1}", "vocab_size", "a whole number from 1"),
        arguments("{\"vocab_size\":3000000000}", "vocab_size", "a whole number from 1"),
        arguments("{\"vocab_size\":\"100\"}", "vocab_size", "a whole number from 1"),
        arguments("{\"vocab_size\":1.5}", "vocab_size", "a whole number from 1"),
        arguments("{\"vocab_size\":null}", "lacks vocab_size", "download it again"),
        arguments(
            "{\"num_key_value_heads\":3}",
            "num_key_value_heads",
            "a divisor of num_attention_heads = 4"),
        arguments("{\"hidden_size\":66}", "hidden_size", "a multiple of num_attention_heads = 4"),
        arguments("{\"head_dim\":15}", "head width 15 is odd", "rotary"),
        arguments("{\"rms_norm_eps\":0}", "rms_norm_eps", "a number above 0"),
        arguments("{\"tie_word_embeddings\":\"yes\"}", "tie_word_embeddings", "true or false"),
        arguments("{\"eos_token_id\":[1,\"2\"]}", "eos_token_id", "token id"),
        arguments("{\"bos_token_id\":[1,2]}", "bos_token_id", "one token id"),
        arguments("{\"torch_dtype\":\"int8\"}", "torch_dtype", "known are float32"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void whatWouldBeComputedWrongly_isRefusedByName(String change, String name, String reason)
      throws IOException {
    assertThatThrownBy(() -> readWith(change))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(folder.resolve(HfConfig.FILE) + ": ")
        .hasMessageContaining(name)
        .hasMessageContaining(reason);
  }

  /** The least that a config may say, and more, as text: not all of it may be strict JSON. */
  private HfConfig readWith(String change) throws IOException {
    ObjectNode root = minimal("llama", "LlamaForCausalLM");
    String keys = change.strip();
    StrictJson.MAPPER
        .reader()
        .with(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
        .readTree(change)
        .fieldNames()
        .forEachRemaining(root::remove);
    String least = root.toString();
    Files.writeString(
        folder.resolve(HfConfig.FILE),
        least.substring(0, least.length() - 1) + "," + keys.substring(1));
    return HfConfig.read(folder);
  }

  @Test
  void rotaryEmbeddingsWithoutATypeAreTheDefault() throws IOException {
    HfConfig plain = readWith("{\"rope_theta\":5e5}");
    assertThat(readWith("{\"rope_parameters\":{\"rope_theta\":5e5}}")).isEqualTo(plain);
    assertThat(readWith("{\"rope_parameters\":{},\"rope_theta\":5e5}")).isEqualTo(plain);
    assertThat(readWith("{\"rope_scaling\":{},\"rope_theta\":5e5}")).isEqualTo(plain);
    assertThat(
            readWith(
                "{\"rope_scaling\":{},\"rope_parameters\":{\"rope_type\":null,\"rope_theta\":5e5}}"))
        .isEqualTo(plain);
  }

  @Test
  void numbersThatOnlyPythonWrites_areNoFaultInKeysThatNobodyReads() throws IOException {
    HfConfig plain = readWith("{\"x\":1}");
    String json =
        "{\"initializer_range\":NaN,\"x\":{\"y\":[-Infinity,Infinity]},\"dtype\":\"float32\"}";
    assertThat(readWith(json)).isEqualTo(plain);
    Path file = folder.resolve(HfConfig.FILE);
    assertThat(ConfigText.withDtype(file, Files.readString(file), StoredType.BF16))
        .contains(
            "\"initializer_range\":NaN,\"x\":{\"y\":[-Infinity,Infinity]},\"dtype\":\"bfloat16\"");
  }

  @Test
  void aTextOfItsOwnHead_saysSoAndNothingElse() {
    Path file = Path.of("config.json");
    assertThat(
            ConfigText.untied(
                file, "{\"a\": {\"tie_word_embeddings\": true},  \"tie_word_embeddings\" : true}"))
        .isEqualTo("{\"a\": {\"tie_word_embeddings\": true},  \"tie_word_embeddings\" : false}");
    assertThat(ConfigText.untied(file, "{\"tie_word_embeddings\": null, \"b\": 1}"))
        .isEqualTo("{\"tie_word_embeddings\": false, \"b\": 1}");
    // Absent is true for Gemma.
    assertThat(ConfigText.untied(file, "{\"b\": 1}"))
        .isEqualTo("{\n  \"tie_word_embeddings\": false,\"b\": 1}");
  }

  @Test
  void qwenPeculiarities_areHandled() throws IOException {
    ObjectNode qwen2 = minimal("qwen2", "Qwen2ForCausalLM");
    // As published: the window has a size but is not used.
    qwen2.put("sliding_window", 131072).put("use_sliding_window", false).put("use_mrope", false);
    assertThat(read(qwen2).qkvBias()).isTrue();
    qwen2.put("attention_bias", false);
    assertThatThrownBy(() -> read(qwen2))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("attention_bias");
    qwen2.remove("attention_bias");
    qwen2.remove("num_key_value_heads");
    assertThatThrownBy(() -> read(qwen2))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("lacks num_key_value_heads");
    ObjectNode qwen3 = minimal("qwen3", "Qwen3ForCausalLM").put("attention_bias", true);
    assertThatThrownBy(() -> read(qwen3))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("output projection");
  }

  @Test
  void missingOrBrokenFile_isRefused() throws IOException {
    assertThatThrownBy(() -> HfConfig.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no such file");
    Files.writeString(folder.resolve(HfConfig.FILE), "{\"vocab_size\": 1,");
    assertThatThrownBy(() -> HfConfig.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("bad JSON at line 1");
    Files.createDirectories(folder.resolve("sub").resolve(HfConfig.FILE));
    assertThatThrownBy(() -> HfConfig.read(folder.resolve("sub")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("is not a file");
  }

  @Test
  void writtenConfig_readsBackEqual() throws IOException {
    for (HfConfig config :
        List.of(
            own(null, 1, List.of(2)),
            own(LLAMA3, null, List.of()),
            own(LLAMA3, 0, List.of(2, 3)),
            read(minimal("qwen2", "Qwen2ForCausalLM")),
            read(minimal("qwen3", "Qwen3ForCausalLM")))) {
      config.write(folder);
      assertThat(HfConfig.read(folder)).isEqualTo(config);
    }
  }

  @Test
  void ownModel_isWrittenAsLlama() throws IOException {
    own(null, 1, List.of(2)).write(folder);
    JsonNode config = json(Files.readString(folder.resolve(HfConfig.FILE)));
    assertThat(config.path("architectures").path(0).asText()).isEqualTo("LlamaForCausalLM");
    assertThat(config.path("rms_norm_eps").asDouble()).isEqualTo(1e-5);
    assertThat(config.path("rope_scaling").isNull()).isTrue();
    assertThat(config.path("torch_dtype").asText()).isEqualTo("float32");
    JsonNode generation = json(Files.readString(folder.resolve("generation_config.json")));
    assertThat(generation.path("bos_token_id").asInt()).isEqualTo(1);
    assertThat(generation.path("eos_token_id").asInt()).isEqualTo(2);
  }

  @Test
  void modelOfNoFamily_isNotWritten() {
    HfConfig llama = own(null, 1, List.of(2));
    HfConfig biased =
        new HfConfig(
            "llama",
            llama.architectures(),
            64,
            96,
            256,
            2,
            4,
            4,
            24,
            64,
            1e-5,
            1e4,
            null,
            true,
            true,
            false,
            "silu",
            1,
            List.of(2),
            StoredType.F32,
            HfConfig.Options.NONE);
    assertThatThrownBy(() -> biased.write(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("qkvBias true")
        .hasMessageContaining("no family is like that");
  }

  private static HfConfig own(
      HfConfig.@Nullable Llama3RopeScaling rope, @Nullable Integer bos, List<Integer> eos) {
    return new HfConfig(
        "llama",
        List.of("LlamaForCausalLM"),
        64,
        96,
        256,
        2,
        4,
        4,
        24,
        64,
        1e-5,
        1e4,
        rope,
        true,
        false,
        false,
        "silu",
        bos,
        eos,
        StoredType.F32,
        HfConfig.Options.NONE);
  }

  private static JsonNode json(String text) throws IOException {
    return StrictJson.MAPPER.readTree(text);
  }
}
