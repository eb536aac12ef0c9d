package org.score4j.training.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.score4j.training.settings.ConfigException;
import org.score4j.training.settings.Ranges;

/**
 * A whole run: a model, and phases that train it one after the other.
 *
 * @param name of the run, first part of its folder's name
 * @param seed of everything random
 * @param task what is learnt
 * @param model the transformer, new or from a folder
 * @param lora low-rank adapters instead of full fine-tuning
 * @param gradientShards S: how many parts the gradient of a step is summed of, in a fixed tree; 1
 *     is one chain (docs/adr/0013). Another S is another run
 * @param phases in order; those of 0 steps are left out
 * @param generation limits of sampling
 * @param evaluation on held-out problems
 * @param checkpoints when the training state is saved
 */
public record RunConfig(
    String name,
    long seed,
    TaskConfig task,
    ModelSection model,
    LoraSection lora,
    int gradientShards,
    List<PhaseConfig> phases,
    GenerationConfig generation,
    EvaluationConfig evaluation,
    CheckpointConfig checkpoints) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  /** Refuses names that are no part of a folder's name, and adapters without a model. */
  public RunConfig {
    phases = List.copyOf(phases);
    Ranges.atLeast("gradientShards", gradientShards, 1);
    if (!NAME.matcher(name).matches()) {
      throw new ConfigException(
          "name is \"%s\"; it is part of the run folder's name: use at most 64 letters, digits, '.', '_' and '-', beginning with a letter or digit"
              .formatted(name));
    }
    if (lora.rank() > 0 && model.path().isEmpty()) {
      throw new ConfigException(
          "lora.rank is %d, but model.path is empty; adapters need a model to adapt"
              .formatted(lora.rank()));
    }
  }

  /**
   * Refuses phases that start from, or are compared with, what is neither an earlier phase nor a
   * folder.
   */
  public void requireModels() {
    List<String> earlier = new ArrayList<>();
    for (PhaseConfig phase : phases) {
      requireModel(phase.name() + ".from", phase.from(), earlier, lora.rank() > 0);
      requireModel(phase.name() + ".reference", phase.reference(), earlier, lora.rank() > 0);
      earlier.add(phase.name());
    }
  }

  private static void requireModel(
      String key, String model, List<String> earlier, boolean adapters) {
    if (!PhaseConfig.isFolder(model, earlier)) {
      return;
    }
    if (adapters) {
      throw new ConfigException(
          "%s is %s, but with lora.rank above 0 every model of the run is model.path with adapters; name %s or an earlier phase"
              .formatted(key, model, PhaseConfig.INITIAL));
    }
    if (!Files.isDirectory(Path.of(model))) {
      throw new ConfigException(
          "%s is %s, which is neither a folder nor an earlier phase%s"
              .formatted(
                  key,
                  model,
                  earlier.isEmpty()
                      ? "; this is the first phase"
                      : "; the earlier phases are " + String.join(", ", earlier)));
    }
  }

  /**
   * The folder that a value of {@code from} or {@code reference} names; empty for models of the
   * run.
   */
  public Optional<String> folderOf(String model) {
    List<String> names = phases.stream().map(PhaseConfig::name).toList();
    return PhaseConfig.isFolder(model, names) ? Optional.of(model) : Optional.empty();
  }

  /** The phase of that name. */
  public PhaseConfig phase(String phaseName) {
    return phases.stream()
        .filter(phase -> phase.name().equals(phaseName))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigException(
                    "no phase %s; the config has %s"
                        .formatted(
                            phaseName,
                            String.join(", ", phases.stream().map(PhaseConfig::name).toList()))));
  }

  /** The phases that have steps, in order; at least one. */
  public List<PhaseConfig> phasesWithSteps() {
    List<PhaseConfig> some = phases.stream().filter(phase -> phase.steps() > 0).toList();
    if (some.isEmpty()) {
      throw new ConfigException(
          "%s are all 0; give at least one phase some steps"
              .formatted(
                  String.join(
                      ", ", phases.stream().map(phase -> phase.name() + ".steps").toList())));
    }
    return some;
  }

  /** Most attempts at a problem, in training and evaluation. */
  public int attempts() {
    return phases.stream()
        .filter(phase -> phase.steps() > 0)
        .mapToInt(phase -> phase.settings().attempts())
        .reduce(evaluation.attempts(), Math::max);
  }
}
