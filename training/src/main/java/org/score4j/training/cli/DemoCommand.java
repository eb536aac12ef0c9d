package org.score4j.training.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.ConfigWriter;
import org.score4j.training.config.Presets;
import org.score4j.training.config.RunConfig;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.report.ResultTable;
import org.score4j.training.report.RunHistory;
import org.score4j.training.report.RunReport;
import org.score4j.training.run.RunFolder;
import org.score4j.training.run.RunResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code score4j demo}: one base, trained on by several methods, side by side. */
@Command(
    name = "demo",
    description =
        "Trains a small model from nothing with SCoRe and beside it without, and compares.",
    customSynopsis = "score4j demo [--arms score,naive|all] [--KEY=VALUE…] [options]",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  private static final int MAX_DEMOS = 100_000;

  private final Engine engine;
  private final Terminal terminal;

  @Spec private @Nullable CommandSpec spec;
  @Mixin private CommonOptions common = new CommonOptions();
  @Unmatched private List<String> leftOver = new ArrayList<>();

  @Option(
      names = "--arms",
      paramLabel = "ARM,…",
      defaultValue = "score,naive",
      description = "methods to compare: names of score4j configs, or all")
  private String arms = "score,naive";

  @Option(
      names = "--run-dir",
      paramLabel = "DIR",
      description = "folder for the runs; runs/demo-SEED unless given")
  private @Nullable Path runDir;

  private final Map<String, AttemptMetrics> figures = new LinkedHashMap<>();
  private final List<ResultTable.Row> rows = new ArrayList<>();
  private final List<RunHistory> histories = new ArrayList<>();
  private long sampledTokens;
  private long mismatches;

  DemoCommand(Engine engine, Terminal terminal) {
    this.engine = engine;
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    long started = System.nanoTime();
    CommandSpec command = Objects.requireNonNull(spec);
    List<String> names = Arms.parse(command.commandLine(), arms);
    Map<String, String> overrides = Overrides.parse(command.commandLine(), leftOver);
    if (common.seed != null) {
      overrides.put("seed", common.seed.toString());
    }
    engine.check(common.execution());
    RunConfig main = ConfigLoader.load(Presets.ROOT, overrides);
    Path parent = runDir == null ? newFolder("demo-" + main.seed()) : runDir;
    introduce(terminal.out(), parent);
    String hash = "";
    Path models = parent.resolve(Presets.ROOT).resolve("models");
    try (RunSession session = new RunSession(engine, common.execution(), terminal)) {
      for (String arm : names) {
        RunConfig config = ConfigLoader.load(arm, onTopOf(models, arm, main, overrides));
        try (RunFolder folder = RunFolder.createAt(parent.resolve(arm), config)) {
          RunResult result = session.train(folder, false, names.size() > 1 ? arm : "");
          if (result.stopped()) {
            return session.stopped(folder);
          }
          add(arm, folder, result);
          hash = arm.equals(Presets.ROOT) ? result.weightsSha256() : hash;
        }
      }
    }
    double seconds = (System.nanoTime() - started) / 1e9;
    finish(command.commandLine().getOut(), parent, main, hash, seconds);
    return 0;
  }

  /**
   * Every arm but the first starts from the base, or from stage I where its own is the same, and
   * makes as many steps as SCoRe. What an arm's config says itself is what makes it that arm: the
   * command line cannot change it.
   */
  private static Map<String, String> onTopOf(
      Path models, String arm, RunConfig main, Map<String, String> overrides) {
    Map<String, String> values = new LinkedHashMap<>(overrides);
    if (arm.equals(Presets.ROOT)) {
      return values;
    }
    values.keySet().removeAll(ConfigLoader.ownKeys(arm));
    boolean sameStageOne = arm.equals("no-shaping");
    int steps = main.phase("stage2").steps() + (sameStageOne ? 0 : main.phase("stage1").steps());
    values.put("base.steps", "0");
    values.put("stage1.steps", "0");
    values.put("stage2.steps", Integer.toString(steps));
    values.put("stage2.reference", models.resolve("base").toString());
    values.put("model.path", models.resolve(sameStageOne ? "stage1" : "base").toString());
    return values;
  }

  private static Path newFolder(String name) {
    for (int number = 1; number <= MAX_DEMOS; number++) {
      Path folder = TrainCommand.RUNS.resolve(number == 1 ? name : name + "-" + number);
      if (!Files.exists(folder)) {
        return folder;
      }
    }
    throw new CheckpointException(
        "%s holds %d folders named %s; remove some or use --run-dir"
            .formatted(TrainCommand.RUNS, MAX_DEMOS, name));
  }

  private static void introduce(PrintStream err, Path folder) {
    err.println(
        """
        A small transformer, trained from nothing on this machine, learns to correct itself.
        7+5*8-4= is worked from left to right keeping the last digit; the answer comes first, then the
        working (226: the answer 2, after 2 and 6). The second attempt sees the first, but not whether it was right.
        Files: %s
        """
            .formatted(folder));
  }

  private void add(String arm, RunFolder folder, RunResult result) {
    boolean main = arm.equals(Presets.ROOT);
    RunHistory history = RunHistory.read(Arms.label(arm), folder.path());
    histories.add(history);
    sampledTokens += result.sampledTokens();
    mismatches += result.logprobMismatches();
    List<ResultTable.Row> own = ResultTable.rowsOf(history, main, Arms.label(arm));
    rows.addAll(main ? own : own.subList(Math.max(0, own.size() - 1), own.size()));
    result
        .greedy()
        .forEach(
            (phase, metrics) -> {
              if (phase.equals("stage2")) {
                figures.put(arm, metrics);
              } else if (main) {
                figures.put(phase, metrics);
              }
            });
  }

  private void finish(PrintWriter out, Path parent, RunConfig main, String hash, double seconds) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("run folder", parent.toString());
    facts.put("model", parent.resolve("score/models/stage2").toString());
    facts.put("report", parent.resolve("report.html").toString());
    facts.putAll(TrainCommand.counters(sampledTokens, mismatches, seconds));
    facts.put("weights sha256", hash);
    facts.put("again", "score4j demo --arms %s --seed %d".formatted(arms, main.seed()));
    RunReport report =
        new RunReport(
            "score4j demo: a model learns to correct itself",
            new ResultTable(rows),
            histories,
            facts,
            ConfigWriter.write(main));
    report.write(parent);
    if (common.json) {
      Map<String, @Nullable Object> document = new LinkedHashMap<>();
      document.put("arms", JsonOutput.figures(figures));
      document.put("weights_sha256", hash);
      document.put("sampled_tokens", sampledTokens);
      document.put("logprob_mismatches", mismatches);
      document.put("seconds", seconds);
      JsonOutput.print(out, document);
      terminal.out().print(report.table().text());
      return;
    }
    out.println();
    out.print(report.table().text());
    out.println();
    facts.forEach((name, value) -> out.println(name + ": " + value));
    out.println();
    RunReport.CAVEATS.stream().limit(3).forEach(caveat -> out.println("note: " + caveat));
    out.flush();
  }
}
