package org.score4j.training.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code score4j generate}. */
@Command(
    name = "generate",
    description = "Lets a model answer a prompt, then look at its answer again.",
    customSynopsis = "score4j generate --model DIR [--turns 2] [--temperature T] [options] PROMPT",
    mixinStandardHelpOptions = true)
final class GenerateCommand extends ModelCommand implements Callable<Integer> {
  private final Engine engine;

  @Option(
      names = "--turns",
      paramLabel = "N",
      defaultValue = "2",
      description = "1, or 2 with a second attempt; 2 unless given")
  private int turns;

  @Parameters(paramLabel = "PROMPT", description = "such as 7+5*8-4=")
  private String prompt = "";

  GenerateCommand(Engine engine) {
    this.engine = engine;
  }

  @Override
  public Integer call() {
    if (turns != 1 && turns != 2) {
      throw new ParameterException(
          spec().commandLine(), "--turns is %d; use 1 or 2".formatted(turns));
    }
    PrintWriter out = spec().commandLine().getOut();
    List<String> responses =
        engine.generate(config(), model(), prompt, turns, temperature, common.execution());
    if (common.json) {
      Map<String, @Nullable Object> document = new LinkedHashMap<>();
      document.put("model", model().toString());
      document.put("prompt", prompt);
      document.put("temperature", temperature);
      document.put("responses", responses);
      JsonOutput.print(out, document);
    } else {
      responses.forEach(out::println);
      out.flush();
    }
    return 0;
  }
}
