package org.score4j.training.algorithms;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * An algorithm by its name in configs. Those of other jars are found by {@link
 * java.util.ServiceLoader}.
 */
public interface AlgorithmProvider {
  /** The name: {@code algorithm: NAME} of a phase. */
  String name();

  /**
   * The record of its settings. Its components are the keys of a phase: int, long, double, boolean,
   * String, List of String, or a record of these.
   */
  Class<? extends PhaseSettings> settingsType();

  /**
   * A value for every key, as YAML; by default the resource {@code /configs/algorithms/NAME.yaml}
   * of the provider's jar.
   */
  default String defaults() {
    String resource = "/configs/algorithms/" + name() + ".yaml";
    try (InputStream in = getClass().getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(
            "algorithm " + name() + ": its jar lacks " + resource + "; add it to the resources");
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + resource, e);
    }
  }

  /** Whether it compares the policy with a frozen reference model. */
  boolean usesReference();

  /**
   * The algorithm of one phase.
   *
   * @param settings of {@link #settingsType}
   */
  Algorithm open(PhaseSettings settings, PhaseContext context);
}
