package org.score4j.checkpoints;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code config.json}. Defaults for absent keys are those of Hugging Face's configuration
 * classes, as far as the families agree on them; where they differ and the tensors could not tell,
 * the key is required.
 */
final class HfConfigReader {
  private static final long MAX_BYTES = 16_000_000;

  /** What only scaled rotary embeddings have. */
  private static final List<String> SCALING_KEYS =
      List.of(
          "factor",
          "low_freq_factor",
          "high_freq_factor",
          "original_max_position_embeddings",
          "attention_factor",
          "beta_fast",
          "beta_slow",
          "short_factor",
          "long_factor");

  private static final int QWEN3_HEAD_DIM = 128;
  private static final int GEMMA_HEAD_DIM = 256;

  private final Path file;
  private final ConfigFields fields;

  private HfConfigReader(Path file) {
    this.file = file;
    this.fields = new ConfigFields(file, "", StrictJson.readConfig(file, MAX_BYTES));
  }

  static HfConfig read(Path file) {
    return new HfConfigReader(file).read();
  }

  private HfConfig read() {
    HfFamily family = family();
    refuseWhatWouldBeWrong(family);
    int hiddenSize = fields.positiveInt("hidden_size");
    int numHeads = fields.positiveInt("num_attention_heads");
    int numKvHeads = numKvHeads(family, numHeads);
    int headDim = headDim(family, hiddenSize, numHeads);
    ConfigFields outerRope = ropeFields();
    // Where local and global layers have parameters of their own, as transformers 5 writes them.
    ConfigFields globalRope = outerRope == null ? null : outerRope.object("full_attention");
    ConfigFields rope = globalRope == null ? outerRope : globalRope;
    ConfigFields localRope =
        outerRope == null || globalRope == null ? null : outerRope.object("sliding_attention");
    int numLayers = fields.positiveInt("num_hidden_layers");
    double ropeTheta = ropeTheta(family, rope);
    double linearFactor = linearFactor(rope);
    HfConfig.Llama3RopeScaling scaling = ropeScaling(rope);
    return new HfConfig(
        family.modelType(),
        List.of(family.architecture()),
        fields.positiveInt("vocab_size"),
        hiddenSize,
        fields.positiveInt("intermediate_size"),
        numLayers,
        numHeads,
        numKvHeads,
        headDim,
        fields.positiveInt("max_position_embeddings"),
        fields.positiveDouble("rms_norm_eps", 1e-6),
        ropeTheta,
        scaling,
        fields.flag("tie_word_embeddings", family.isGemma()),
        family.qkvBias(),
        family.qkNorm(),
        family.hiddenAct(),
        bosTokenId(),
        fields.tokenIds("eos_token_id"),
        torchDtype(),
        new HfOptionsReader(family, fields, numLayers)
            .read(ropeTheta, linearFactor, linearFactor != 1 || scaling != null, localRope));
  }

  private HfFamily family() {
    List<String> architectures = fields.texts("architectures");
    if (architectures.size() != 1) {
      throw fields.wrong("architectures", "one of " + HfFamily.architectures());
    }
    HfFamily family =
        HfFamily.byArchitecture(architectures.getFirst())
            .orElseThrow(
                () ->
                    fields.refused(
                        "architectures",
                        (fields.has("text_config")
                                ? "this is the wrapper of a model that reads more than text; "
                                : "")
                            + "known are "
                            + HfFamily.architectures()));
    if (!fields.text("model_type", "").equals(family.modelType())) {
      throw fields.wrong(
          "model_type",
          '"' + family.modelType() + "\" as architectures says " + family.architecture());
    }
    return family;
  }

  private void refuseWhatWouldBeWrong(HfFamily family) {
    if (fields.has("quantization_config")) {
      throw fields.refused("quantization_config", "weights must be F32, F16 or BF16");
    }
    for (String wrapped : new String[] {"text_config", "vision_config"}) {
      if (fields.has(wrapped)) {
        throw fields.refused(wrapped, "the model must be one of text alone");
      }
    }
    if (family.isGemma()) {
      for (String key : new String[] {"hidden_activation", "hidden_act"}) {
        if (fields.has(key)) {
          fields.refuseUnless(key, family.hiddenAct(), "the feed-forward block is GEGLU");
        }
      }
    } else {
      fields.refuseUnless("hidden_act", "silu", "the feed-forward block is SwiGLU");
    }
    fields.refuseUnless("use_bidirectional_attention", "", "attention is causal");
    fields.refuseUnless("mlp_bias", "", "the feed-forward block has no bias");
    fields.refuseUnless("attention_dropout", "", "training would go without it");
    fields.refuseUnless("use_sliding_window", "", "attention is full");
    fields.refuseUnless("partial_rotary_factor", "1.0", "the whole head is rotated");
    fields.refuseUnless(
        "rope_interleaved", "", "rotation pairs element i with element i + headDim / 2");
    fields.refuseUnless("use_mrope", "", "positions have one dimension");
    fields.refuseUnless("add_cross_attention", "", "there is no encoder");
    for (String layerType : fields.texts("layer_types")) {
      if (!family.isGemma() && !layerType.equals("full_attention")) {
        throw fields.refused("layer_types", "every layer has full attention");
      }
    }
    switch (family) {
      case LLAMA -> {
        fields.refuseUnless(
            "attention_bias", "", "it would put a bias on the output projection as well");
        fields.refuseUnless("sliding_window", "", "attention is full");
      }
      case QWEN2 -> {
        // Hugging Face's Qwen2 has the bias whatever this says; a config that denies it belongs to
        // other code.
        if (!fields.flag("attention_bias", true)) {
          throw fields.refused("attention_bias", "Qwen2 has a bias on query, key and value");
        }
      }
      case MISTRAL -> {
        fields.refuseUnless("attention_bias", "", "Mistral's attention has no bias");
        fields.refuseUnless("layer_types", "", "Mistral's layers are all alike");
      }
      case GEMMA2, GEMMA3, QWEN3 ->
          fields.refuseUnless(
              "attention_bias", "", "it would put a bias on the output projection as well");
    }
  }

  private int numKvHeads(HfFamily family, int numHeads) {
    // Hugging Face defaults to numHeads for Llama, to 32 for Qwen: there the key must be present.
    int numKvHeads =
        family == HfFamily.LLAMA
            ? fields.positiveInt("num_key_value_heads", numHeads)
            : fields.positiveInt("num_key_value_heads");
    if (numHeads % numKvHeads != 0) {
      throw fields.wrong("num_key_value_heads", "a divisor of num_attention_heads = " + numHeads);
    }
    return numKvHeads;
  }

  private int headDim(HfFamily family, int hiddenSize, int numHeads) {
    int headDim;
    if (fields.has("head_dim")) {
      headDim = fields.positiveInt("head_dim");
    } else if (family == HfFamily.QWEN3) {
      headDim = QWEN3_HEAD_DIM;
    } else if (family.isGemma()) {
      headDim = GEMMA_HEAD_DIM;
    } else if (hiddenSize % numHeads != 0) {
      throw fields.wrong(
          "hidden_size",
          "a multiple of num_attention_heads = " + numHeads + " as there is no head_dim");
    } else {
      headDim = hiddenSize / numHeads;
    }
    if (headDim % 2 != 0) {
      throw new CheckpointException(
          file
              + ": head width "
              + headDim
              + " is odd, rotary embeddings need pairs; correct head_dim or num_attention_heads");
    }
    return headDim;
  }

  /**
   * {@code rope_scaling}, or {@code rope_parameters} as transformers 5 writes it, theta included.
   */
  private @Nullable ConfigFields ropeFields() {
    ConfigFields scaling = notEmpty(fields.object("rope_scaling"));
    ConfigFields parameters = notEmpty(fields.object("rope_parameters"));
    if (scaling != null && parameters != null) {
      throw fields.refused(
          "rope_parameters", "there is rope_scaling as well and only one can hold");
    }
    return scaling == null ? parameters : scaling;
  }

  private static @Nullable ConfigFields notEmpty(@Nullable ConfigFields rope) {
    return rope == null || rope.isEmpty() ? null : rope;
  }

  private double ropeTheta(HfFamily family, @Nullable ConfigFields rope) {
    double theta =
        fields.positiveDouble("rope_theta", family == HfFamily.GEMMA3 ? 1_000_000 : 10_000);
    if (rope == null || !rope.has("rope_theta")) {
      return theta;
    }
    double inner = rope.positiveDouble("rope_theta");
    if (fields.has("rope_theta") && inner != theta) {
      throw rope.wrong("rope_theta", "equal to the outer rope_theta = " + theta);
    }
    return inner;
  }

  private static double linearFactor(@Nullable ConfigFields rope) {
    return rope != null && ropeType(rope).equals("linear") ? rope.positiveDouble("factor") : 1;
  }

  /** The type of rotary embeddings; {@code default} where none is named, as in transformers 5. */
  static String ropeType(ConfigFields rope) {
    if (!rope.has("rope_type") && !rope.has("type")) {
      for (String key : SCALING_KEYS) {
        if (rope.has(key)) {
          throw rope.refused(key, "there is no rope_type that says what it is for");
        }
      }
    }
    return rope.text(ropeTypeKey(rope), "default");
  }

  /** "type" is the older name; when both are there they must agree. */
  static String ropeTypeKey(ConfigFields rope) {
    return rope.has("rope_type") ? "rope_type" : "type";
  }

  private static HfConfig.@Nullable Llama3RopeScaling ropeScaling(@Nullable ConfigFields rope) {
    if (rope == null) {
      return null;
    }
    rope.refuseUnless("partial_rotary_factor", "1.0", "the whole head is rotated");
    String type = ropeType(rope);
    if (rope.has("type") && !rope.text("type", "").equals(type)) {
      throw rope.wrong("type", "equal to rope_type");
    }
    return switch (type) {
      case "default", "linear" -> null;
      case "llama3" -> {
        double low = rope.positiveDouble("low_freq_factor");
        double high = rope.positiveDouble("high_freq_factor");
        if (!(low < high)) {
          throw rope.wrong("high_freq_factor", "above low_freq_factor = " + low);
        }
        yield new HfConfig.Llama3RopeScaling(
            rope.positiveDouble("factor"),
            low,
            high,
            rope.positiveInt("original_max_position_embeddings"));
      }
      default -> throw rope.refused(ropeTypeKey(rope), "known are default, linear and llama3");
    };
  }

  private @Nullable Integer bosTokenId() {
    List<Integer> ids = fields.tokenIds("bos_token_id");
    if (ids.size() > 1) {
      throw fields.wrong("bos_token_id", "one token id");
    }
    return ids.isEmpty() ? null : ids.getFirst();
  }

  /** {@code torch_dtype}, or {@code dtype} as transformers 5 writes it. */
  private StoredType torchDtype() {
    String key = fields.has("torch_dtype") ? "torch_dtype" : "dtype";
    return switch (fields.text(key, "float32")) {
      case "float32" -> StoredType.F32;
      case "float16" -> StoredType.F16;
      case "bfloat16" -> StoredType.BF16;
      case "float64" -> StoredType.F64;
      default -> throw fields.refused(key, "known are float32, float16, bfloat16 and float64");
    };
  }
}
