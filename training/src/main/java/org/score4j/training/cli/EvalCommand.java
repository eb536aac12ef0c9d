package org.score4j.training.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.score4j.training.config.RunConfig;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.report.ResultTable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code score4j eval}. */
@Command(
    name = "eval",
    description = "Judges both attempts of a model at held-out problems.",
    customSynopsis = "score4j eval --model DIR [--problems N] [--temperature T] [options]",
    mixinStandardHelpOptions = true)
final class EvalCommand extends ModelCommand implements Callable<Integer> {
  private final Engine engine;

  @Option(
      names = "--problems",
      paramLabel = "N",
      description = "how many held-out problems; all unless given")
  private @Nullable Integer problems;

  EvalCommand(Engine engine) {
    this.engine = engine;
  }

  @Override
  public Integer call() {
    PrintWriter out = spec().commandLine().getOut();
    RunConfig config = config();
    int count = problems == null ? config.task().heldOutProblems() : problems;
    if (count < 1) {
      throw new ParameterException(
          spec().commandLine(), "--problems is %d; use 1 or more".formatted(count));
    }
    AttemptMetrics metrics =
        engine.evaluate(config, model(), count, temperature, common.execution());
    if (common.json) {
      Map<String, @Nullable Object> document = new LinkedHashMap<>();
      document.put("model", model().toString());
      document.put("temperature", temperature);
      document.put("seed", config.seed());
      document.putAll(metrics.toMap());
      JsonOutput.print(out, document);
    } else {
      ResultTable.Row row =
          new ResultTable.Row(
              model().getFileName() == null ? "model" : model().getFileName().toString(),
              new JsonMapper().valueToTree(metrics.toMap()));
      out.print(new ResultTable(List.of(row)).text());
      out.flush();
    }
    return 0;
  }
}
