package org.score4j.checkpoints;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The model families that are read, and what Hugging Face's code fixes for each whatever its config
 * says.
 */
enum HfFamily {
  LLAMA("llama", "LlamaForCausalLM", false, false),
  MISTRAL("mistral", "MistralForCausalLM", false, false),
  QWEN2("qwen2", "Qwen2ForCausalLM", true, false),
  QWEN3("qwen3", "Qwen3ForCausalLM", false, true),
  GEMMA2("gemma2", "Gemma2ForCausalLM", false, false),
  GEMMA3("gemma3_text", "Gemma3ForCausalLM", false, true);

  private final String modelType;
  private final String architecture;
  private final boolean qkvBias;
  private final boolean qkNorm;

  HfFamily(String modelType, String architecture, boolean qkvBias, boolean qkNorm) {
    this.modelType = modelType;
    this.architecture = architecture;
    this.qkvBias = qkvBias;
    this.qkNorm = qkNorm;
  }

  String modelType() {
    return modelType;
  }

  String architecture() {
    return architecture;
  }

  boolean qkvBias() {
    return qkvBias;
  }

  boolean qkNorm() {
    return qkNorm;
  }

  /** Scaled embeddings, norms around 1 before and after each layer, GELU gates, a tied head. */
  boolean isGemma() {
    return this == GEMMA2 || this == GEMMA3;
  }

  /** {@code hidden_act} of the feed-forward gate. */
  String hiddenAct() {
    return isGemma() ? "gelu_pytorch_tanh" : "silu";
  }

  /** Of a config that has been read or made for a family. */
  static HfFamily of(HfConfig config) {
    return byArchitecture(config.architectures().getFirst())
        .orElseThrow(
            () ->
                new CheckpointException(
                    "architectures "
                        + config.architectures()
                        + " name no family; known are "
                        + architectures()));
  }

  static Optional<HfFamily> byArchitecture(String name) {
    return Arrays.stream(values()).filter(family -> family.architecture.equals(name)).findFirst();
  }

  static String architectures() {
    return Arrays.stream(values()).map(HfFamily::architecture).collect(Collectors.joining(", "));
  }
}
