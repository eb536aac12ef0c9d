package org.score4j.checkpoints;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads what only some families' {@code config.json} has: windows, soft caps, scales. Absent keys
 * take the defaults of Hugging Face's configuration class, null is none.
 */
final class HfOptionsReader {
  private static final int WINDOW = 4096;
  private static final double GEMMA_QUERY_SCALAR = 256;
  private static final double GEMMA2_ATTENTION_CAP = 50;
  private static final double GEMMA2_FINAL_CAP = 30;
  private static final double GEMMA3_LOCAL_THETA = 10_000;
  private static final int GEMMA3_PATTERN = 6;

  private final HfFamily family;
  private final ConfigFields fields;
  private final int numLayers;

  HfOptionsReader(HfFamily family, ConfigFields fields, int numLayers) {
    this.family = family;
    this.fields = fields;
    this.numLayers = numLayers;
  }

  /**
   * Everything of {@link HfConfig.Options}.
   *
   * @param ropeTheta base of the model's rotary frequencies
   * @param ropeLinearFactor of {@code rope_scaling}
   * @param scaled whether rotary frequencies are scaled in any way
   * @param localRope {@code rope_parameters} of the local layers; null where they are not apart
   */
  HfConfig.Options read(
      double ropeTheta, double ropeLinearFactor, boolean scaled, @Nullable ConfigFields localRope) {
    if (scaled && (family == HfFamily.GEMMA2 || hasMistralsWindow())) {
      throw fields.refused("rope_scaling", "layers with a window are not scaled");
    }
    return switch (family) {
      case LLAMA, QWEN2, QWEN3 -> new HfConfig.Options(ropeLinearFactor, 0, 0, 0, null);
      case MISTRAL -> new HfConfig.Options(ropeLinearFactor, 0, 0, 0, everywhere(ropeTheta));
      case GEMMA2 ->
          new HfConfig.Options(
              ropeLinearFactor,
              fields.positiveDouble("query_pre_attn_scalar", GEMMA_QUERY_SCALAR),
              cap("attn_logit_softcapping", GEMMA2_ATTENTION_CAP),
              cap("final_logit_softcapping", GEMMA2_FINAL_CAP),
              local(layerTypes(2), ropeTheta));
      case GEMMA3 ->
          new HfConfig.Options(
              ropeLinearFactor,
              fields.positiveDouble("query_pre_attn_scalar", GEMMA_QUERY_SCALAR),
              cap("attn_logit_softcapping", 0),
              cap("final_logit_softcapping", 0),
              local(layerTypes(pattern()), localTheta(localRope)));
    };
  }

  private double cap(String key, double absent) {
    return fields.isNull(key) ? 0 : fields.positiveDouble(key, absent);
  }

  private boolean hasMistralsWindow() {
    return family == HfFamily.MISTRAL && !fields.isNull("sliding_window");
  }

  /** Mistral's window, which every layer has. */
  private HfConfig.@Nullable LocalAttention everywhere(double theta) {
    if (!hasMistralsWindow()) {
      return null;
    }
    return new HfConfig.LocalAttention(
        fields.positiveInt("sliding_window", WINDOW), Collections.nCopies(numLayers, true), theta);
  }

  private HfConfig.@Nullable LocalAttention local(List<Boolean> layers, double theta) {
    if (!layers.contains(true)) {
      return null;
    }
    if (fields.isNull("sliding_window")) {
      throw fields.wrong("sliding_window", "a number of keys, as some layers have a window");
    }
    return new HfConfig.LocalAttention(fields.positiveInt("sliding_window", WINDOW), layers, theta);
  }

  /**
   * Whether each layer is local; where no {@code layer_types} says so, all but every {@code n}th.
   */
  private List<Boolean> layerTypes(int n) {
    List<String> types = fields.texts("layer_types");
    if (types.isEmpty()) {
      return IntStream.rangeClosed(1, numLayers).mapToObj(l -> l % n != 0).toList();
    }
    if (types.size() != numLayers) {
      throw fields.wrong("layer_types", "one type for each of num_hidden_layers = " + numLayers);
    }
    return types.stream()
        .map(
            type ->
                switch (type) {
                  case "sliding_attention" -> true;
                  case "full_attention" -> false;
                  default ->
                      throw fields.refused(
                          "layer_types", "known are sliding_attention and full_attention");
                })
        .toList();
  }

  private int pattern() {
    String key =
        fields.has("_sliding_window_pattern")
            ? "_sliding_window_pattern"
            : "sliding_window_pattern";
    return fields.positiveInt(key, GEMMA3_PATTERN);
  }

  private double localTheta(@Nullable ConfigFields rope) {
    if (rope == null) {
      return fields.positiveDouble("rope_local_base_freq", GEMMA3_LOCAL_THETA);
    }
    if (!HfConfigReader.ropeType(rope).equals("default")) {
      throw rope.refused(HfConfigReader.ropeTypeKey(rope), "local layers are not scaled");
    }
    return rope.positiveDouble("rope_theta");
  }
}
