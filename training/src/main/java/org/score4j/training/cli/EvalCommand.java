package org.score4j.training.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.score4j.training.config.RunConfig;
import org.score4j.training.evaluation.Estimate;
import org.score4j.training.evaluation.EvaluationReport;
import org.score4j.training.report.ResultTable;
import org.score4j.training.run.JsonLines;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code score4j eval}. */
@Command(
    name = "eval",
    description = "Judges the attempts of a model at held-out problems.",
    footer = {
      "",
      "Any key of the config is an option: --task.text.maxNewTokens=256, --task.text.prompts=plain."
    },
    customSynopsis = {
      "score4j eval --model DIR --task TASK --data FILE [--problems N] [options]",
      "       score4j eval --model RUN/models/stage2 [--problems N] [options]"
    },
    mixinStandardHelpOptions = true)
final class EvalCommand extends ModelCommand implements Callable<Integer> {
  private final Engine engine;

  @Option(
      names = "--task",
      paramLabel = "TASK",
      description = "gsm8k, math, mbpp, mbpp-r, humaneval or jsonl; the config's unless given")
  private @Nullable String task;

  @Option(names = "--data", paramLabel = "FILE", description = "the task's problems")
  private @Nullable Path data;

  @Option(
      names = "--problems",
      paramLabel = "N",
      description = "how many held-out problems; all unless given")
  private @Nullable Integer problems;

  @Option(
      names = "--attempts",
      paramLabel = "N",
      description = "attempts at each problem; the config's, which is 2, unless given")
  private @Nullable Integer attempts;

  @Option(
      names = "--transcripts",
      paramLabel = "FILE",
      description =
          "where every conversation is appended, as JSON lines; transcripts-TASK.jsonl unless"
              + " given, of tasks on text")
  private @Nullable Path transcripts;

  EvalCommand(Engine engine) {
    this.engine = engine;
  }

  @Override
  public Integer call() {
    Map<String, String> own = new LinkedHashMap<>();
    if (attempts != null) {
      own.put("evaluation.attempts", attempts.toString());
    }
    if (task != null) {
      own.put("task.name", task);
    }
    if (data != null) {
      own.put("task.text.heldOutFile", data.toString());
    }
    PrintWriter out = spec().commandLine().getOut();
    RunConfig config = config(own);
    boolean text = config.task().isText();
    int all = text ? Integer.MAX_VALUE : config.task().heldOutProblems();
    int count = problems == null ? all : problems;
    if (count < 1) {
      throw new ParameterException(
          spec().commandLine(), "--problems is %d; use 1 or more".formatted(count));
    }
    EvaluationReport evaluated =
        engine.evaluate(config, model(), count, temperature, common.execution());
    Path written = transcripts;
    if (written == null && text) {
      written = Path.of("transcripts-" + config.task().name() + ".jsonl");
    }
    if (written != null) {
      write(written, evaluated);
    }
    print(out, config, evaluated, written);
    return 0;
  }

  private static void line(PrintWriter out, String what, Estimate estimate) {
    out.println(
        "%-18s %7.2f  95%% interval %.2f … %.2f"
            .formatted(what, estimate.value(), estimate.low(), estimate.high()));
  }

  private static void write(Path file, EvaluationReport evaluated) {
    try (JsonLines lines = JsonLines.append(file)) {
      evaluated.transcripts().forEach(lines::write);
    }
  }

  private void print(
      PrintWriter out, RunConfig config, EvaluationReport evaluated, @Nullable Path written) {
    if (common.json) {
      Map<String, @Nullable Object> document = new LinkedHashMap<>();
      document.put("model", model().toString());
      document.put("task", config.task().name());
      document.put("temperature", temperature);
      document.put("seed", config.seed());
      document.putAll(evaluated.metrics().toMap());
      document.put("transcripts", written == null ? null : written.toString());
      JsonOutput.print(out, document);
      return;
    }
    ResultTable.Row row =
        new ResultTable.Row(
            model().getFileName() == null ? "model" : model().getFileName().toString(),
            new JsonMapper().valueToTree(evaluated.metrics().toMap()));
    out.print(new ResultTable(List.of(row)).text());
    evaluated
        .metrics()
        .figures()
        .forEach(
            (name, estimate) -> {
              if (estimate != null) {
                line(out, name, estimate);
              }
            });
    if (written != null) {
      out.println("transcripts: " + written);
    }
    out.flush();
  }
}
