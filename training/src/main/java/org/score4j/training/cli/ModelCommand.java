package org.score4j.training.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.score4j.checkpoints.AdapterFolder;
import org.score4j.tokenizer.HuggingFaceTokenizer;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.Presets;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.RunFolder;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Unmatched;

/** What {@code eval} and {@code generate} share: a model folder and the task it is for. */
abstract class ModelCommand extends FolderCommand {
  private static final int LEVELS_TO_RUN = 2;

  @Unmatched private List<String> leftOver = new ArrayList<>();

  @Option(
      names = "--config",
      paramLabel = "NAME|FILE",
      description = "config with the task; that of the run the model lies in unless given")
  private @Nullable String config;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "of sampling; 0, the default, is greedy")
  double temperature;

  RunConfig config() {
    return config(Map.of());
  }

  /**
   * The config.
   *
   * @param own values of the command's own options, by key
   */
  RunConfig config(Map<String, String> own) {
    Map<String, String> overrides = Overrides.parse(spec().commandLine(), leftOver);
    overrides.putAll(own);
    if (common.seed != null) {
      overrides.put("seed", common.seed.toString());
    }
    if (temperature < 0 || !Double.isFinite(temperature)) {
      throw new ParameterException(
          spec().commandLine(), "--temperature is %s; use 0 or more".formatted(temperature));
    }
    String source = config != null ? config : runConfig().map(Path::toString).orElse(Presets.ROOT);
    return ConfigLoader.load(source, overrides);
  }

  /** The config of the run the model lies in. */
  private Optional<Path> runConfig() {
    Path run = model().toAbsolutePath().normalize();
    for (int level = 0; level < LEVELS_TO_RUN && run != null; level++) {
      run = run.getParent();
    }
    return Optional.ofNullable(run)
        .map(folder -> folder.resolve(RunFolder.CONFIG))
        .filter(Files::isRegularFile);
  }

  /** Whether the model is one of text, and not of a task with a tokenizer of its own. */
  boolean isTextModel() {
    boolean ownTask = config != null || runConfig().isPresent();
    return ownTask
        ? config().task().isText()
        : HuggingFaceTokenizer.isIn(AdapterFolder.withTokenizer(model()));
  }
}
