package org.score4j.training.config;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.score4j.core.model.LoraConfig;
import org.score4j.core.model.LoraTarget;
import org.score4j.training.settings.ConfigException;
import org.score4j.training.settings.Ranges;

/**
 * Low-rank adapters instead of full fine-tuning (arXiv 2106.09685), in every phase of a run.
 *
 * @param rank r; 0 trains all weights
 * @param alpha α; adapters are scaled by α/r
 * @param targetModules linear layers with an adapter, separated by commas: {@code q_proj}, {@code
 *     k_proj}, {@code v_proj}, {@code o_proj}, {@code gate_proj}, {@code up_proj}, {@code
 *     down_proj}; or {@code all-linear}
 * @param dropout of the adapters' inputs; 0, as sampling and learning would part
 */
public record LoraSection(int rank, double alpha, String targetModules, double dropout) {
  /** Refuses what is not done. */
  public LoraSection {
    Ranges.atLeast("lora.rank", rank, 0);
    Ranges.positive("lora.alpha", alpha);
    if (dropout != 0) {
      throw new ConfigException(
          "lora.dropout is %s; it must be 0, or what samples would not be what learns"
              .formatted(dropout));
    }
    targets(targetModules);
  }

  /** The adapters; empty where all weights are trained. */
  public Optional<LoraConfig> adapters() {
    return rank == 0
        ? Optional.empty()
        : Optional.of(new LoraConfig(rank, alpha, targets(targetModules)));
  }

  private static Set<LoraTarget> targets(String names) {
    if (names.equals("all-linear")) {
      return EnumSet.allOf(LoraTarget.class);
    }
    Set<LoraTarget> targets = EnumSet.noneOf(LoraTarget.class);
    for (String name : names.split(",", -1)) {
      targets.add(
          LoraTarget.byName(name.strip())
              .orElseThrow(
                  () ->
                      new ConfigException(
                          "lora.targetModules is '%s'; it must be all-linear or some of %s"
                              .formatted(
                                  names,
                                  Arrays.stream(LoraTarget.values())
                                      .map(LoraTarget::moduleName)
                                      .toList()))));
    }
    return targets;
  }
}
