package org.score4j.training.cli;

import java.io.PrintWriter;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.ConfigWriter;
import org.score4j.training.config.Presets;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code score4j configs}. */
@Command(
    name = "configs",
    description = "Lists the configs in the jar, or prints one.",
    mixinStandardHelpOptions = true)
final class ConfigsCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "config to print")
  private @Nullable String name;

  @Option(names = "--resolved", description = "with every key, those it extends included")
  private boolean resolved;

  @Override
  public Integer call() {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    if (name == null) {
      for (String preset : Presets.names()) {
        out.println("%-12s %s".formatted(preset, Presets.description(preset)));
      }
    } else if (resolved) {
      out.print(ConfigWriter.write(ConfigLoader.load(name, Map.of())));
    } else {
      out.print(Presets.text(name));
    }
    out.flush();
    return 0;
  }
}
