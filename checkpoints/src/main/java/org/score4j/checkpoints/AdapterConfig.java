package org.score4j.checkpoints;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
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

  /** Names of initialisations after which the base is the one that was downloaded. */
  private static final Set<String> UNCHANGED_BASE = Set.of("gaussian", "eva", "orthogonal");

  /** Reads it; refuses by name what would be computed wrongly. */
  static AdapterConfig read(Path folder) {
    Path file = folder.resolve(FILE);
    ConfigFields fields = new ConfigFields(file, "", StrictJson.readObject(file, MAX_BYTES));
    if (!fields.text("peft_type", "").equals("LORA")) {
      throw fields.refused("peft_type", "adapters are LORA");
    }
    fields.refuseUnless("use_dora", "", "weights are not normalised");
    fields.refuseUnless("use_rslora", "", "adapters are scaled by lora_alpha / r");
    fields.refuseUnless("fan_in_fan_out", "", "weights are (out, in)");
    fields.refuseUnless("bias", "none", "biases are frozen");
    fields.refuseUnless("lora_bias", "", "adapters have no bias");
    fields.refuseUnless("modules_to_save", "", "everything but the adapters is frozen");
    fields.refuseUnless("layers_to_transform", "", "every layer has its adapters");
    fields.refuseUnless("layer_replication", "", "every layer is there once");
    fields.refuseUnless("use_qalora", "", "weights are not quantised");
    fields.refuseUnless("alora_invocation_tokens", "", "adapters are on from the first token");
    for (String variant :
        List.of(
            "use_bdlora", "arrow_config", "kasa_config", "monteclora_config", "velora_config")) {
      fields.refuseUnless(variant, "", "adapters are plain products of two matrices");
    }
    fields.refuseUnless("target_parameters", "", "adapters are of whole projections");
    fields.refuseUnless("trainable_token_indices", "", "embeddings are frozen");
    if (fields.isText("init_lora_weights")
        && !UNCHANGED_BASE.contains(fields.text("init_lora_weights", ""))) {
      throw fields.refused("init_lora_weights", "it changes the base when the adapters are made");
    }
    for (String pattern : List.of("rank_pattern", "alpha_pattern")) {
      ConfigFields object = fields.object(pattern);
      if (object != null && !object.isEmpty()) {
        throw fields.refused(pattern, "all adapters have one rank and one alpha");
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
