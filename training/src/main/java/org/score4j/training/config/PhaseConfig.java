package org.score4j.training.config;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.score4j.training.algorithms.AlgorithmProvider;
import org.score4j.training.algorithms.Algorithms;
import org.score4j.training.algorithms.PhaseSettings;
import org.score4j.training.settings.ConfigException;

/**
 * A phase of a run: an algorithm with an optimiser of its own, from one model to the next.
 *
 * @param name in keys ({@code --NAME.steps=5}), logs and the folder {@code models/NAME}
 * @param algorithm one of {@link Algorithms#names}
 * @param from the model it starts from: {@code previous}, that of the phase before; {@code
 *     initial}, that of the run's {@code model} section; the name of an earlier phase; or a Hugging
 *     Face folder
 * @param reference π_ref of algorithms that have one: {@code start}, the model this phase starts
 *     from; {@code initial}; the name of an earlier phase; or a Hugging Face folder. Empty for the
 *     other algorithms
 * @param settings of the algorithm
 */
public record PhaseConfig(
    String name, String algorithm, String from, String reference, PhaseSettings settings) {
  /** {@code from}: the model of the phase before. */
  public static final String PREVIOUS = "previous";

  /** {@code from} and {@code reference}: the model the run begins with. */
  public static final String INITIAL = "initial";

  /** {@code reference}: the model the phase itself starts from. */
  public static final String START = "start";

  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,31}");

  /** Refuses names that are no keys or mean something else, and references nothing reads. */
  public PhaseConfig {
    requireName(name);
    if (!provider(algorithm).usesReference() && !reference.isEmpty()) {
      throw new ConfigException(
          "reference is \"%s\", but algorithm %s has no reference model; leave it empty"
              .formatted(reference, algorithm));
    }
    if (provider(algorithm).usesReference() && reference.isEmpty()) {
      throw new ConfigException(
          "reference is empty; algorithm %s needs one: %s, %s, the name of an earlier phase or a Hugging Face folder"
              .formatted(algorithm, START, INITIAL));
    }
    if (from.isEmpty()) {
      throw new ConfigException(
          "from is empty; it must be %s, %s, the name of an earlier phase or a Hugging Face folder"
              .formatted(PREVIOUS, INITIAL));
    }
  }

  private static AlgorithmProvider provider(String algorithm) {
    return Algorithms.byName(algorithm);
  }

  /** Refuses what cannot be the name of a phase. */
  static void requireName(String name) {
    if (!NAME.matcher(name).matches()
        || Set.of(PREVIOUS, INITIAL, START).contains(name)
        || ConfigKeys.isOutsidePhases(name)) {
      throw new ConfigException(
          "a phase is named \"%s\"; use up to 32 letters, digits, '_' and '-', beginning with a letter, and none of %s, %s, %s or the sections of a config"
              .formatted(name, PREVIOUS, INITIAL, START));
    }
  }

  /** Updates; 0 where the phase is left out. */
  public int steps() {
    return settings.steps();
  }

  /** The algorithm's provider. */
  public AlgorithmProvider provider() {
    return provider(algorithm);
  }

  /** The settings as those of one algorithm. */
  public <T extends PhaseSettings> T settings(Class<T> type) {
    return type.cast(settings);
  }

  /** Whether {@code model}, a value of {@code from} or {@code reference}, is a folder. */
  static boolean isFolder(String model, List<String> earlierPhases) {
    return !model.isEmpty()
        && !Set.of(PREVIOUS, INITIAL, START).contains(model)
        && !earlierPhases.contains(model);
  }
}
