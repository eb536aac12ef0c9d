package org.score4j.checkpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.score4j.core.model.ModelConfig;

/** Configs of Mistral, Gemma 2 and Gemma 3 as they are published, and near misses of them. */
class HfFamiliesTest {
  private static final String SIZES =
      """
      "vocab_size": 100, "hidden_size": 32, "intermediate_size": 72, "num_hidden_layers": 7,
      "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512
      """;

  private static final String MISTRAL =
      """
      {"architectures": ["MistralForCausalLM"], "model_type": "mistral", "hidden_act": "silu",
       "rope_theta": 1000000.0, "sliding_window": null, "tie_word_embeddings": false,
       "torch_dtype": "bfloat16", %s}
      """
          .formatted(SIZES);

  private static final String GEMMA2 =
      """
      {"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2", "attention_bias": false,
       "attn_logit_softcapping": 50.0, "cache_implementation": "hybrid",
       "final_logit_softcapping": 30.0, "head_dim": 256, "hidden_act": "gelu_pytorch_tanh",
       "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 224,
       "rope_theta": 10000.0, "sliding_window": 4096, "torch_dtype": "bfloat16", %s}
      """
          .formatted(SIZES);

  private static final String GEMMA3 =
      """
      {"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text",
       "attention_bias": false, "attn_logit_softcapping": null, "cache_implementation": "hybrid",
       "final_logit_softcapping": null, "head_dim": 256,
       "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 256,
       "rope_local_base_freq": 10000, "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
       "rope_theta": 1000000, "sliding_window": 512, "sliding_window_pattern": 6,
       "torch_dtype": "bfloat16", %s}
      """
          .formatted(SIZES);

  @TempDir private Path folder;

  @Test
  void mistral_hasAWindowInEveryLayer_orNone() throws IOException {
    HfConfig without = read(MISTRAL);
    assertThat(without.options()).isEqualTo(HfConfig.Options.NONE);
    assertThat(without.tieWordEmbeddings()).isFalse();
    HfConfig.LocalAttention everywhere =
        new HfConfig.LocalAttention(4096, Collections.nCopies(7, true), 1_000_000);
    String first = MISTRAL.replace("\"sliding_window\": null", "\"sliding_window\": 4096");
    assertThat(read(first).options().local()).isEqualTo(everywhere);
    // Hugging Face's default where the key is absent.
    assertThat(read(MISTRAL.replace("\"sliding_window\": null,", "")).options().local())
        .isEqualTo(everywhere);
  }

  @Test
  void gemma2_isReadAsPublished_andWithoutTheKeysThatHaveDefaults() throws IOException {
    HfConfig config = read(GEMMA2);
    HfConfig.Options published =
        new HfConfig.Options(
            1,
            224,
            50,
            30,
            new HfConfig.LocalAttention(
                4096, List.of(true, false, true, false, true, false, true), 10_000));
    assertThat(config.options()).isEqualTo(published);
    assertThat(config.tieWordEmbeddings()).isTrue();
    assertThat(config.hiddenAct()).isEqualTo("gelu_pytorch_tanh");
    String shorter = GEMMA2;
    for (String key :
        new String[] {
          "\"attn_logit_softcapping\": 50.0,",
          "\"final_logit_softcapping\": 30.0,",
          "\"head_dim\": 256,",
          "\"sliding_window\": 4096,"
        }) {
      assertThat(shorter).contains(key);
      shorter = shorter.replace(key, "");
    }
    assertThat(read(shorter)).isEqualTo(config);
    HfConfig uncapped = read(GEMMA2.replace("50.0", "null").replace("30.0", "null"));
    assertThat(uncapped.options().attentionSoftCap()).isZero();
    assertThat(uncapped.options().finalSoftCap()).isZero();
  }

  @Test
  void gemma3_isReadInAllItsSpellings() throws IOException {
    HfConfig config = read(GEMMA3);
    assertThat(config.options())
        .isEqualTo(
            new HfConfig.Options(
                8,
                256,
                0,
                0,
                new HfConfig.LocalAttention(
                    512, List.of(true, true, true, true, true, false, true), 10_000)));
    assertThat(config.qkNorm()).isTrue();
    String types = "\"layer_types\": [" + "\"sliding_attention\", ".repeat(5);
    types += "\"full_attention\", \"sliding_attention\"],";
    assertThat(read(GEMMA3.replace("\"sliding_window_pattern\": 6,", types))).isEqualTo(config);
    String apart =
        """
        "rope_parameters": {
          "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
          "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}},
        """;
    String rope = "\"rope_scaling\": {\"factor\": 8.0, \"rope_type\": \"linear\"},";
    assertThat(GEMMA3).contains(rope);
    assertThat(read(GEMMA3.replace(rope, apart).replace("\"rope_local_base_freq\": 10000,", "")))
        .isEqualTo(config);
  }

  @Test
  void embeddingsOfGemma_areScaledInTheTypeOfTheWeights() throws IOException {
    // √32 = 5.65685…; bfloat16 has 5.65625 beside it.
    assertThat(HfModel.modelConfig(read(GEMMA2)).embedScale()).isEqualTo(5.65625);
    assertThat(HfModel.modelConfig(read(GEMMA2.replace("bfloat16", "float32"))).embedScale())
        .isEqualTo((float) Math.sqrt(32));
    ModelConfig gemma3 = HfModel.modelConfig(read(GEMMA3));
    assertThat(gemma3.attentionScale()).isEqualTo(1 / 16.0);
    assertThat(gemma3.headsOf(0).window()).isEqualTo(512);
    assertThat(gemma3.headsOf(5).window()).isZero();
    assertThat(HfModel.modelConfig(read(MISTRAL)).embedScale()).isEqualTo(1);
  }

  @Test
  void writtenConfigs_readBackEqual() throws IOException {
    for (String text :
        new String[] {
          MISTRAL,
          MISTRAL.replace("\"sliding_window\": null", "\"sliding_window\": 9"),
          GEMMA2,
          GEMMA2.replace("50.0", "null"),
          GEMMA3,
          GEMMA3.replace("\"sliding_window_pattern\": 6", "\"sliding_window_pattern\": 100")
        }) {
      HfConfig config = read(text);
      config.write(folder);
      assertThat(HfConfig.read(folder)).isEqualTo(config);
    }
    ObjectNode written = (ObjectNode) json(Files.readString(folder.resolve(HfConfig.FILE)));
    // For readers that know no layer_types: a pattern longer than the model.
    assertThat(written.path("sliding_window_pattern").asInt()).isEqualTo(8);
    written.remove("layer_types");
    Files.write(folder.resolve(HfConfig.FILE), StrictJson.bytes(written));
    assertThat(HfConfig.read(folder).options().local())
        .isEqualTo(new HfConfig.LocalAttention(512, Collections.nCopies(7, true), 10_000));
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        arguments(GEMMA2, "{\"hidden_activation\":\"gelu\"}", "hidden_activation", "GEGLU"),
        arguments(GEMMA2, "{\"hidden_act\":\"silu\"}", "hidden_act", "GEGLU"),
        arguments(GEMMA2, "{\"attention_bias\":true}", "attention_bias", "output projection"),
        arguments(GEMMA2, "{\"sliding_window\":null}", "sliding_window", "have a window"),
        arguments(GEMMA2, "{\"attn_logit_softcapping\":0}", "attn_logit_softcapping", "above 0"),
        arguments(
            GEMMA3, "{\"layer_types\":[\"full_attention\"]}", "layer_types", "num_hidden_layers"),
        arguments(
            GEMMA3.replace("\"num_hidden_layers\": 7", "\"num_hidden_layers\": 1"),
            "{\"layer_types\":[\"chunked_attention\"]}",
            "chunked_attention",
            "known are sliding_attention"),
        arguments(
            GEMMA3,
            "{\"use_bidirectional_attention\":true}",
            "use_bidirectional_attention",
            "causal"),
        arguments(
            GEMMA3, "{\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":8}}", "yarn", "linear"),
        arguments(
            GEMMA3,
            "{\"architectures\":[\"Gemma3ForConditionalGeneration\"],\"text_config\":{}}",
            "Gemma3ForConditionalGeneration",
            "more than text"),
        arguments(GEMMA3, "{\"vision_config\":{}}", "vision_config", "text alone"),
        arguments(GEMMA3, "{\"quantization_config\":{}}", "quantization_config", "F32, F16"),
        arguments(MISTRAL, "{\"hidden_act\":\"gelu_pytorch_tanh\"}", "hidden_act", "SwiGLU"),
        arguments(
            MISTRAL,
            "{\"sliding_window\":9,\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":2}}",
            "rope_scaling",
            "not scaled"),
        arguments(
            GEMMA2,
            "{\"rope_scaling\":{\"type\":\"linear\",\"factor\":2}}",
            "rope_scaling",
            "not scaled"),
        arguments(MISTRAL, "{\"num_key_value_heads\":null}", "num_key_value_heads", "lacks"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void whatWouldBeComputedWrongly_isRefusedByName(
      String config, String change, String name, String reason) throws IOException {
    ObjectNode root = (ObjectNode) json(config);
    root.setAll((ObjectNode) json(change));
    assertThatThrownBy(() -> read(root.toString()))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(folder.resolve(HfConfig.FILE) + ": ")
        .hasMessageContaining(name)
        .hasMessageContaining(reason);
  }

  private HfConfig read(String text) throws IOException {
    Files.writeString(folder.resolve(HfConfig.FILE), text);
    return HfConfig.read(folder);
  }

  private static JsonNode json(String text) throws IOException {
    return StrictJson.MAPPER.readTree(text);
  }
}
