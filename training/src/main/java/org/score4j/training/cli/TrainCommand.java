package org.score4j.training.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.ConfigWriter;
import org.score4j.training.config.Presets;
import org.score4j.training.config.RunConfig;
import org.score4j.training.report.ResultTable;
import org.score4j.training.report.RunHistory;
import org.score4j.training.report.RunReport;
import org.score4j.training.run.RunFolder;
import org.score4j.training.run.RunResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code score4j train}. */
@Command(
    name = "train",
    description = "Trains a model by a config, or goes on with an interrupted run.",
    customSynopsis =
        "score4j train [--config NAME|FILE.yaml] [--KEY=VALUE…] [--run-dir DIR] [options]%n"
            + "       score4j train --resume RUN [options]",
    footer = {
      "",
      "Any key of the config is an option: --stage2.alpha=5. score4j configs lists them."
    },
    mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
  static final Path RUNS = Path.of("runs");

  private final Engine engine;
  private final Terminal terminal;

  @Spec private @Nullable CommandSpec spec;
  @Mixin private CommonOptions common = new CommonOptions();
  @Unmatched private List<String> leftOver = new ArrayList<>();

  @Option(
      names = "--config",
      paramLabel = "NAME|FILE",
      description = "a config of score4j configs, or a YAML file; score unless given")
  private @Nullable String config;

  @Option(
      names = "--resume",
      paramLabel = "RUN",
      description = "folder of an interrupted run; everything else is read there")
  private @Nullable Path resume;

  @Option(
      names = "--run-dir",
      paramLabel = "DIR",
      description = "folder for this run; runs/NAME-SEED unless given")
  private @Nullable Path runDir;

  TrainCommand(Engine engine, Terminal terminal) {
    this.engine = engine;
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    CommandSpec command = Objects.requireNonNull(spec);
    PrintWriter out = command.commandLine().getOut();
    Map<String, String> overrides = Overrides.parse(command.commandLine(), leftOver);
    if (common.seed != null) {
      overrides.put("seed", common.seed.toString());
    }
    if (resume != null && (config != null || runDir != null || !overrides.isEmpty())) {
      throw new ParameterException(
          command.commandLine(),
          "--resume takes config, seed and folder from the run; leave --config, --run-dir, --seed"
              + " and config keys out");
    }
    engine.check(common.execution());
    try (RunFolder folder = folder(overrides);
        RunSession session = new RunSession(engine, common.execution(), terminal)) {
      terminal.out().println("run folder: " + folder.path());
      RunResult result = session.train(folder, resume != null, "");
      if (common.json) {
        JsonOutput.print(out, document(folder, result));
      }
      if (result.stopped()) {
        return session.stopped(folder);
      }
      RunReport report = report(folder, result);
      report.write(folder.path());
      if (common.json) {
        terminal.out().print(report.table().text());
      } else {
        out.print(report.table().text());
        report.facts().forEach((name, value) -> out.println(name + ": " + value));
        out.flush();
      }
      return 0;
    }
  }

  private RunFolder folder(Map<String, String> overrides) {
    if (resume != null) {
      Path inRuns = RUNS.resolve(resume);
      boolean byName = !Files.exists(resume) && Files.isDirectory(inRuns);
      return RunFolder.resume(byName ? inRuns : resume);
    }
    RunConfig resolved = ConfigLoader.load(config == null ? Presets.ROOT : config, overrides);
    resolved.requireModels();
    return runDir == null ? RunFolder.create(RUNS, resolved) : RunFolder.createAt(runDir, resolved);
  }

  private static Map<String, @Nullable Object> document(RunFolder folder, RunResult result) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("name", folder.config().name());
    document.put("seed", folder.config().seed());
    document.put("run_dir", folder.path().toString());
    Map<String, String> models = new LinkedHashMap<>();
    result.models().forEach((phase, path) -> models.put(phase, path.toString()));
    document.put("models", models);
    document.put("arms", JsonOutput.figures(result.greedy()));
    document.put("sampled", JsonOutput.figures(result.sampled()));
    document.put("weights_sha256", result.weightsSha256());
    document.put("sampled_tokens", result.sampledTokens());
    document.put("logprob_mismatches", result.logprobMismatches());
    document.put("seconds", result.seconds());
    document.put("stopped", result.stopped());
    return document;
  }

  private static RunReport report(RunFolder folder, RunResult result) {
    RunConfig config = folder.config();
    String label = Arms.label(config.name());
    RunHistory history = RunHistory.read(label.isEmpty() ? config.name() : label, folder.path());
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("run folder", folder.path().toString());
    result.models().values().stream()
        .reduce((first, second) -> second)
        .ifPresent(model -> facts.put("model", model.toString()));
    facts.put("report", folder.path().resolve("report.html").toString());
    facts.putAll(counters(result.sampledTokens(), result.logprobMismatches(), result.seconds()));
    facts.put("weights sha256", result.weightsSha256());
    facts.put("seed", Long.toString(config.seed()));
    return new RunReport(
        "score4j: " + config.name() + ", seed " + config.seed(),
        new ResultTable(ResultTable.rowsOf(history, true, label)),
        List.of(history),
        facts,
        ConfigWriter.write(config));
  }

  static Map<String, String> counters(long tokens, long mismatches, double seconds) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("sampled tokens", String.format(Locale.ROOT, "%,d", tokens));
    facts.put(
        "log-prob mismatches",
        mismatches + " (sampled tokens whose training pass gave another bit)");
    facts.put("seconds", String.format(Locale.ROOT, "%.1f", seconds));
    return facts;
  }
}
