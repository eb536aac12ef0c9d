package org.score4j.training.cli;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.score4j.checkpoints.AdapterFolder;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;
import org.score4j.training.config.CheckpointConfig;
import org.score4j.training.config.ConfigException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code score4j merge}. */
@Command(
    name = "merge",
    description =
        "Adds adapters to their base model and saves the whole, for tools that know none.",
    mixinStandardHelpOptions = true)
final class MergeCommand extends FolderCommand implements Callable<Integer> {
  @Option(names = "--out", paramLabel = "DIR", required = true, description = "new model folder")
  private @Nullable Path out;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "source",
      description = "f32, bf16 or f16; the base's unless given")
  private String dtype = "source";

  @Override
  public Integer call() {
    Path target = Objects.requireNonNull(out);
    if (!Files.isDirectory(model())) {
      throw new ConfigException(
          "--model %s is no folder; give one that holds adapters".formatted(model()));
    }
    if (!AdapterFolder.isIn(model())) {
      throw new ConfigException(
          "%s holds no adapters (it has no adapter_config.json); give a folder that training with lora.rank has made, or PEFT"
              .formatted(model()));
    }
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new ConfigException(
          "--out %s exists already; name a new folder, or delete that one".formatted(target));
    }
    SaveOptions options =
        new CheckpointConfig(0, 1, dtype, SaveOptions.DEFAULT_SHARD_BYTES).saveOptions();
    // On the CPU, in single precision: the sum is rounded once, when it is saved.
    try (Backend backend = Backends.open("cpu", common.execution().threads())) {
      merge(
          new Ops(backend),
          model(),
          options,
          target,
          line -> spec().commandLine().getErr().println("score4j: " + line));
    }
    spec().commandLine().getOut().println(target);
    return 0;
  }

  private static void merge(
      Ops ops, Path adapters, SaveOptions options, Path target, Consumer<String> notices) {
    HfModel.Loaded loaded = HfModel.load(ops, adapters);
    loaded.notices().forEach(notices);
    try (Parameters weights = loaded.weights();
        Transformer transformer = new Transformer(ops, weights.config())) {
      transformer.mergeAdapters(weights);
      HfModel.save(ops, weights.base(), loaded.source(), options, target, folder -> {});
    }
  }
}
