package org.score4j.training.cli;

import org.score4j.core.generation.Truncation;
import picocli.CommandLine.Option;

/** Which tokens may be drawn when a model samples. */
final class SamplingOptions {
  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "draw from the K most probable tokens; 0, the default, for all")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description =
          "draw from the fewest tokens that hold this probability; 1, the default, for all")
  private double topP = 1;

  Truncation truncation() {
    return new Truncation(topK, topP);
  }

  boolean areSet() {
    return topK != 0 || topP != 1;
  }
}
