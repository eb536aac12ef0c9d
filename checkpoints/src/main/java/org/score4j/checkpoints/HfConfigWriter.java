package org.score4j.checkpoints;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Writes {@code config.json} and {@code generation_config.json} the way Hugging Face's own classes
 * do, keys sorted.
 */
final class HfConfigWriter {
  private static final int GEMMA3_PATTERN = 6;

  private HfConfigWriter() {}

  static void write(Path folder, HfConfig config) {
    writeJson(folder.resolve(HfConfig.FILE), modelConfig(config));
    writeJson(folder.resolve("generation_config.json"), generationConfig(config));
  }

  private static ObjectNode modelConfig(HfConfig config) {
    HfFamily family =
        HfFamily.byArchitecture(
                config.architectures().isEmpty() ? "" : config.architectures().getFirst())
            .filter(known -> known.modelType().equals(config.modelType()))
            .filter(
                known -> known.qkvBias() == config.qkvBias() && known.qkNorm() == config.qkNorm())
            .orElseThrow(
                () ->
                    new CheckpointException(
                        "cannot write "
                            + HfConfig.FILE
                            + " for model_type "
                            + config.modelType()
                            + ", architectures "
                            + config.architectures()
                            + ", qkvBias "
                            + config.qkvBias()
                            + ", qkNorm "
                            + config.qkNorm()
                            + ": no family is like that; known are "
                            + HfFamily.architectures()));
    ObjectNode root = StrictJson.MAPPER.createObjectNode();
    ArrayNode architectures = root.putArray("architectures");
    config.architectures().forEach(architectures::add);
    if (family != HfFamily.QWEN2 && family != HfFamily.MISTRAL) {
      root.put("attention_bias", false);
    }
    root.put("attention_dropout", 0.0);
    putIds(root, config);
    root.put("head_dim", config.headDim());
    root.put(family.isGemma() ? "hidden_activation" : "hidden_act", config.hiddenAct());
    root.put("hidden_size", config.hiddenSize());
    root.put("initializer_range", 0.02);
    root.put("intermediate_size", config.intermediateSize());
    root.put("max_position_embeddings", config.maxPositions());
    if (family == HfFamily.LLAMA) {
      root.put("mlp_bias", false);
    }
    root.put("model_type", config.modelType());
    root.put("num_attention_heads", config.numHeads());
    root.put("num_hidden_layers", config.numLayers());
    root.put("num_key_value_heads", config.numKvHeads());
    root.put("rms_norm_eps", config.rmsNormEps());
    HfConfig.Llama3RopeScaling scaling = config.ropeScaling();
    if (config.options().ropeLinearFactor() != 1) {
      ObjectNode rope = root.putObject("rope_scaling");
      rope.put("factor", config.options().ropeLinearFactor());
      rope.put("rope_type", "linear");
    } else if (scaling == null) {
      root.putNull("rope_scaling");
    } else {
      ObjectNode rope = root.putObject("rope_scaling");
      rope.put("factor", scaling.factor());
      rope.put("high_freq_factor", scaling.highFreqFactor());
      rope.put("low_freq_factor", scaling.lowFreqFactor());
      rope.put("original_max_position_embeddings", scaling.originalMaxPositions());
      rope.put("rope_type", "llama3");
    }
    root.put("rope_theta", config.ropeTheta());
    root.put("tie_word_embeddings", config.tieWordEmbeddings());
    root.put("torch_dtype", torchName(config.torchDtype()));
    root.put("use_cache", true);
    root.put("vocab_size", config.vocabSize());
    putOptions(root, family, config.options());
    return root;
  }

  private static void putOptions(ObjectNode root, HfFamily family, HfConfig.Options options) {
    HfConfig.LocalAttention local = options.local();
    if (family == HfFamily.MISTRAL || family.isGemma()) {
      root.put("sliding_window", local == null ? null : local.window());
    }
    if (family.isGemma()) {
      putCap(root, "attn_logit_softcapping", options.attentionSoftCap());
      putCap(root, "final_logit_softcapping", options.finalSoftCap());
      root.put("query_pre_attn_scalar", options.queryPreAttnScalar());
      ArrayNode types = root.putArray("layer_types");
      for (int l = 0; l < root.path("num_hidden_layers").intValue(); l++) {
        types.add(local != null && local.layers().get(l) ? "sliding_attention" : "full_attention");
      }
    }
    if (family == HfFamily.GEMMA3 && local != null) {
      root.put("rope_local_base_freq", local.ropeTheta());
      // What read this key before there were layer_types.
      IntStream.concat(IntStream.of(GEMMA3_PATTERN), IntStream.range(1, local.layers().size() + 2))
          .filter(n -> hasPattern(local.layers(), n))
          .findFirst()
          .ifPresent(n -> root.put("sliding_window_pattern", n));
    }
  }

  /** Whether every {@code n}th layer is global and no other. */
  private static boolean hasPattern(List<Boolean> local, int n) {
    return IntStream.range(0, local.size()).allMatch(l -> local.get(l) == ((l + 1) % n != 0));
  }

  private static void putCap(ObjectNode root, String key, double cap) {
    root.put(key, cap == 0 ? null : (Double) cap);
  }

  private static ObjectNode generationConfig(HfConfig config) {
    ObjectNode root = StrictJson.MAPPER.createObjectNode();
    root.put("_from_model_config", true);
    putIds(root, config);
    return root;
  }

  private static void putIds(ObjectNode root, HfConfig config) {
    root.put("bos_token_id", config.bosTokenId());
    List<Integer> eos = config.eosTokenIds();
    if (eos.size() == 1) {
      root.put("eos_token_id", eos.getFirst());
    } else if (eos.isEmpty()) {
      root.putNull("eos_token_id");
    } else {
      eos.forEach(root.putArray("eos_token_id")::add);
    }
  }

  static String torchName(StoredType type) {
    return switch (type) {
      case F32 -> "float32";
      case F16 -> "float16";
      case BF16 -> "bfloat16";
      case F64 -> "float64";
      case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, I32, U32, I64, U64 ->
          throw new CheckpointException(
              "cannot write "
                  + HfConfig.FILE
                  + " with weights of dtype "
                  + type
                  + "; use F32, F16, BF16 or F64");
    };
  }

  private static void writeJson(Path file, ObjectNode root) {
    byte[] bytes = StrictJson.prettyBytes(root);
    AtomicFile.write(file, bytes.length, out -> AtomicFile.writeFully(out, bytes));
  }
}
