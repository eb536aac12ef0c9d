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
  QWEN2("qwen2", "Qwen2ForCausalLM", true, false),
  QWEN3("qwen3", "Qwen3ForCausalLM", false, true);

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

  static Optional<HfFamily> byArchitecture(String name) {
    return Arrays.stream(values()).filter(family -> family.architecture.equals(name)).findFirst();
  }

  static String architectures() {
    return Arrays.stream(values()).map(HfFamily::architecture).collect(Collectors.joining(", "));
  }
}
