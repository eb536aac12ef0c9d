package org.score4j.checkpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterConfigTest {
  private static final String LEAST =
      "{\"peft_type\": \"LORA\", \"base_model_name_or_path\": \"base\", \"r\": 2, \"lora_alpha\":"
          + " 3, \"target_modules\": [\"q_proj\"]";

  @TempDir private Path folder;

  private AdapterConfig read(String more) throws IOException {
    Files.writeString(
        folder.resolve(AdapterConfig.FILE), LEAST + (more.isEmpty() ? "" : ", " + more) + "}");
    return AdapterConfig.read(folder);
  }

  @Test
  void everyOptionOfPeftThatIsOff_changesNothing() throws IOException {
    AdapterConfig least = read("");
    assertThat(least.base()).isEqualTo(Path.of("base"));
    // As PEFT 0.18 writes the file.
    AdapterConfig all =
        read(
            """
            "alora_invocation_tokens": null, "alpha_pattern": {}, "arrow_config": null,
            "auto_mapping": {"base_model_class": "LlamaForCausalLM", "parent_library": "x"},
            "bias": "none", "corda_config": null, "ensure_weight_tying": false,
            "eva_config": {"rho": 2.0}, "exclude_modules": null, "fan_in_fan_out": false,
            "inference_mode": true, "init_lora_weights": true, "layer_replication": null,
            "layers_pattern": null, "layers_to_transform": null, "loftq_config": {},
            "lora_bias": false, "lora_dropout": 0.05, "megatron_config": null,
            "megatron_core": "megatron.core", "modules_to_save": null, "peft_version": "0.18.0",
            "qalora_group_size": 16, "rank_pattern": {}, "revision": "main",
            "target_parameters": null, "task_type": "CAUSAL_LM", "trainable_token_indices": null,
            "use_bdlora": null, "use_dora": false, "use_qalora": false, "use_rslora": false
            """);
    assertThat(all).isEqualTo(least);
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "false", "{}", "[]"})
  void anOptionOfALaterPeftThatIsOff_changesNothing(String value) throws IOException {
    assertThat(read("\"use_something\": " + value)).isEqualTo(read(""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "use_something | true",
        "use_something | 1",
        "use_something | 0",
        "use_something | \"none\"",
        "something_config | {\"a\": 1}",
        "exclude_modules | [\"q_proj\"]",
        "use_rslora | true",
        "use_dora | true",
        "bias | \"all\"",
        "rank_pattern | {\"q_proj\": 4}",
        "alpha_pattern | {\"q_proj\": 4}",
        "megatron_config | {\"a\": 1}",
        "target_parameters | [\"x\"]",
        "init_lora_weights | \"pissa\"",
        "task_type | \"SEQ_CLS\""
      })
  void whatWouldBeComputedWrongly_isRefusedByName(String key, String value) {
    assertThatThrownBy(() -> read("\"%s\": %s".formatted(key, value)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(
            "%s: %s = %s is not supported: "
                .formatted(folder.resolve(AdapterConfig.FILE), key, value.replace(": ", ":")));
  }
}
