package org.score4j.checkpoints;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.score4j.core.model.LoraConfig;
import org.score4j.core.model.LoraTarget;

/**
 * PEFT's {@code adapter_config.json}.
 *
 * @param lora the adapters
 * @param base folder of the model they adapt
 */
record AdapterConfig(LoraConfig lora, Path base) {
  static final String FILE = "adapter_config.json";
  private static final long MAX_BYTES = 1_000_000;
  private static final String ALL = "all-linear";
  private static final String PRODUCTS = "adapters are plain products of two matrices";

  /** Names of initialisations after which the base is the one that was downloaded. */
  private static final Set<String> UNCHANGED_BASE = Set.of("gaussian", "eva", "orthogonal");

  /** Keys that are read. */
  private static final Set<String> READ =
      Set.of(
          "peft_type",
          "task_type",
          "base_model_name_or_path",
          "r",
          "lora_alpha",
          "target_modules",
          "init_lora_weights");

  /** Keys that change nothing about adapters that are trained, whatever they hold. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "auto_mapping",
          "corda_config",
          "ensure_weight_tying",
          "eva_config",
          "inference_mode",
          // Of layers_to_transform and use_qalora, which are refused.
          "layers_pattern",
          "loftq_config",
          "lora_dropout",
          "lora_ga_config",
          "megatron_core",
          "peft_version",
          "qalora_group_size",
          "revision",
          "runtime_config");

  /** Keys that change what is computed, and why only their neutral value will do. */
  private static final Map<String, String> REFUSED =
      Map.ofEntries(
          Map.entry("use_dora", "weights are not normalised"),
          Map.entry("use_rslora", "adapters are scaled by lora_alpha / r"),
          Map.entry("fan_in_fan_out", "weights are (out, in)"),
          Map.entry("bias", "biases are frozen"),
          Map.entry("lora_bias", "adapters have no bias"),
          Map.entry("modules_to_save", "everything but the adapters is frozen"),
          Map.entry("layers_to_transform", "every layer has its adapters"),
          Map.entry("exclude_modules", "every module of target_modules has its adapters"),
          Map.entry("layer_replication", "every layer is there once"),
          Map.entry("use_qalora", "weights are not quantised"),
          Map.entry("alora_invocation_tokens", "adapters are on from the first token"),
          Map.entry("use_bdlora", PRODUCTS),
          Map.entry("arrow_config", PRODUCTS),
          Map.entry("kasa_config", PRODUCTS),
          Map.entry("monteclora_config", PRODUCTS),
          Map.entry("velora_config", PRODUCTS),
          Map.entry("megatron_config", PRODUCTS),
          Map.entry("target_parameters", "adapters are of whole projections"),
          Map.entry("trainable_token_indices", "embeddings are frozen"),
          Map.entry("rank_pattern", "all adapters have one rank and one alpha"),
          Map.entry("alpha_pattern", "all adapters have one rank and one alpha"));

  /** Neutral values other than null, false, 0 and nothing. */
  private static final Map<String, String> NEUTRAL = Map.of("bias", "none");

  /** Reads it; refuses by name what would be computed wrongly, and what it does not know. */
  static AdapterConfig read(Path folder) {
    Path file = folder.resolve(FILE);
    ConfigFields fields = new ConfigFields(file, "", StrictJson.readConfig(file, MAX_BYTES));
    if (!fields.text("peft_type", "").equals("LORA")) {
      throw fields.refused("peft_type", "adapters are LORA");
    }
    if (fields.isText("task_type")) {
      fields.refuseUnless("task_type", "CAUSAL_LM", "the model continues texts");
    }
    REFUSED.forEach((key, why) -> fields.refuseUnless(key, NEUTRAL.getOrDefault(key, ""), why));
    if (fields.isText("init_lora_weights")
        && !UNCHANGED_BASE.contains(fields.text("init_lora_weights", ""))) {
      throw fields.refused("init_lora_weights", "it changes the base when the adapters are made");
    }
    for (String key : fields.keys()) {
      if (!READ.contains(key) && !WITHOUT_EFFECT.contains(key) && !REFUSED.containsKey(key)) {
        fields.refuseUnlessOff(key, "nothing here knows what it does to the adapters");
      }
    }
    String base = fields.text("base_model_name_or_path", "");
    if (base.isEmpty()) {
      throw fields.wrong("base_model_name_or_path", "the folder of the base model");
    }
    return new AdapterConfig(
        new LoraConfig(
            fields.positiveInt("r"), fields.positiveDouble("lora_alpha"), targets(fields)),
        path(fields, base));
  }

  private static Path path(ConfigFields fields, String base) {
    try {
      return Path.of(base);
    } catch (InvalidPathException e) {
      throw fields.wrong("base_model_name_or_path", "the folder of the base model");
    }
  }

  private static Set<LoraTarget> targets(ConfigFields fields) {
    Set<LoraTarget> targets = EnumSet.noneOf(LoraTarget.class);
    if (fields.isText("target_modules")) {
      if (!fields.text("target_modules", "").equals(ALL)) {
        throw fields.refused("target_modules", "it must list names, or be " + ALL);
      }
      return EnumSet.allOf(LoraTarget.class);
    }
    for (String name : fields.texts("target_modules")) {
      targets.add(
          LoraTarget.byName(name)
              .orElseThrow(
                  () ->
                      fields.refused(
                          "target_modules",
                          "adapters are of "
                              + List.of(LoraTarget.values()).stream()
                                  .map(LoraTarget::moduleName)
                                  .toList())));
    }
    if (targets.isEmpty()) {
      throw fields.wrong("target_modules", "a list of names");
    }
    return targets;
  }

  /** Writes it as PEFT does, keys sorted. */
  void write(Path folder) {
    ObjectNode root = StrictJson.MAPPER.createObjectNode();
    root.putObject("alpha_pattern");
    root.putNull("auto_mapping");
    root.put("base_model_name_or_path", base.toString());
    root.put("bias", "none");
    root.put("fan_in_fan_out", false);
    root.put("inference_mode", true);
    root.put("init_lora_weights", true);
    root.putNull("layers_pattern");
    root.putNull("layers_to_transform");
    if (lora.alpha() == Math.rint(lora.alpha()) && lora.alpha() < Integer.MAX_VALUE) {
      root.put("lora_alpha", (int) lora.alpha());
    } else {
      root.put("lora_alpha", lora.alpha());
    }
    root.put("lora_dropout", 0.0);
    root.putNull("modules_to_save");
    root.put("peft_type", "LORA");
    root.put("r", lora.rank());
    root.putObject("rank_pattern");
    root.putNull("revision");
    ArrayNode targets = root.putArray("target_modules");
    lora.targets().forEach(target -> targets.add(target.moduleName()));
    root.put("task_type", "CAUSAL_LM");
    root.put("use_dora", false);
    root.put("use_rslora", false);
    byte[] json = StrictJson.prettyBytes(root);
    AtomicFile.write(folder.resolve(FILE), json.length, out -> AtomicFile.writeFully(out, json));
  }
}
