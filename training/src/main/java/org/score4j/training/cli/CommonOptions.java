package org.score4j.training.cli;

import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Precision;
import picocli.CommandLine.Option;

/** Options that mean the same in every command. */
final class CommonOptions {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "auto",
      description =
          "where to compute: cuda (the first GPU), cuda:1, cpu, tornado (TornadoVM's first device),"
              + " tornado:1, reference (slow, in double precision), or auto")
  String device = "auto";

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "auto",
      description =
          "type of weights and activations: f32, bf16 (GPUs only), tf32 (f32 whose matrix products"
              + " round their inputs, GPUs only), or auto, which is bf16 on GPUs."
              + " Master weights, moments and sums are f32 always")
  String precision = "auto";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "threads that compute; all cores unless given. Never changes a result")
  @Nullable Integer threads;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "seed of everything random; the config's unless given")
  @Nullable Long seed;

  @Option(names = "--json", description = "one JSON document on stdout and nothing else there")
  boolean json;

  Engine.Execution execution() {
    return new Engine.Execution(
        device,
        Precision.byName(precision),
        threads == null ? Runtime.getRuntime().availableProcessors() : threads);
  }
}
