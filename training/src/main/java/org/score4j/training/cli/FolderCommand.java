package org.score4j.training.cli;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What all commands share that work on a model folder. */
abstract class FolderCommand {
  @Spec private @Nullable CommandSpec spec;
  @Mixin CommonOptions common = new CommonOptions();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      required = true,
      description = "Hugging Face folder, such as runs/score-0/models/stage2")
  private @Nullable Path model;

  CommandSpec spec() {
    return Objects.requireNonNull(spec);
  }

  Path model() {
    return Objects.requireNonNull(model);
  }
}
