package org.score4j.training.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.score4j.training.text.SamplingSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code score4j generate}. */
@Command(
    name = "generate",
    description =
        "Lets a model go on from a prompt or from ids; a model of chain arithmetic answers and then"
            + " looks at its answer again.",
    footer = {
      "",
      "A prompt is put into the model's chat template, if it has one, and the response ends with"
          + " the model's end token. Ids are continued as they are, for exactly --new tokens."
    },
    customSynopsis = {
      "score4j generate --model DIR [--new N] [options] [PROMPT | --file FILE | < FILE]",
      "       score4j generate --model DIR --ids 1,2,3 [--new N] [options]",
      "       score4j generate --model RUN/models/stage2 [--turns 2] [options] 7+5*8-4="
    },
    mixinStandardHelpOptions = true)
final class GenerateCommand extends ModelCommand implements Callable<Integer> {
  private final Engine engine;

  @Option(
      names = "--turns",
      paramLabel = "N",
      description = "of chain arithmetic: 1, or 2 with a second attempt; 2 unless given")
  private @Nullable Integer turns;

  @Parameters(paramLabel = "PROMPT", arity = "0..1", description = "text; stdin unless given")
  private @Nullable String prompt;

  @Option(names = "--file", paramLabel = "FILE", description = "a file with the prompt")
  private @Nullable Path file;

  @Option(names = "--ids", paramLabel = "1,2,3", description = "token ids instead of a prompt")
  private @Nullable String ids;

  @Option(
      names = "--new",
      paramLabel = "N",
      description = "most new tokens; 256 or what the model's positions leave unless given")
  private @Nullable Integer newTokens;

  @Option(
      names = "--n",
      paramLabel = "N",
      defaultValue = "1",
      description = "samples; 1 unless given")
  private int samples;

  @Mixin private SamplingOptions sampling = new SamplingOptions();

  @Option(names = "--greedy", description = "the most probable token each time; the default")
  private boolean greedy;

  @Option(names = "--plain", description = "the prompt as it is, without the chat template")
  private boolean plain;

  GenerateCommand(Engine engine) {
    this.engine = engine;
  }

  @Override
  public Integer call() {
    if (turns != null && turns != 1 && turns != 2) {
      throw usage("--turns is %d; use 1 or 2".formatted(turns));
    }
    if (greedy && temperature != 0) {
      throw usage("--greedy and --temperature %s exclude each other".formatted(temperature));
    }
    requireOnePrompt();
    boolean aboutText =
        ids != null
            || newTokens != null
            || file != null
            || plain
            || samples != 1
            || sampling.areSet();
    if (turns == null && (aboutText || isTextModel())) {
      text();
    } else {
      task();
    }
    return 0;
  }

  private void requireOnePrompt() {
    List<String> given = new ArrayList<>();
    if (prompt != null) {
      given.add("a PROMPT");
    }
    if (file != null) {
      given.add("--file");
    }
    if (ids != null) {
      given.add("--ids");
    }
    if (given.size() > 1) {
      throw usage("%s exclude each other; give one of them".formatted(String.join(" and ", given)));
    }
  }

  private void text() {
    long seed = config().seed();
    PrintWriter out = spec().commandLine().getOut();
    engine.withModel(
        model(),
        common.execution(),
        loaded -> {
          PromptInput input = PromptInput.of(loaded, ids, prompt, file, plain);
          int most = newTokens != null ? newTokens : loaded.newTokens(input.ids());
          new TextOutput(out, common.json)
              .run(
                  loaded,
                  input,
                  new SamplingSettings(temperature, sampling.truncation(), most, samples, seed));
        });
  }

  private void task() {
    if (prompt == null) {
      throw usage("no PROMPT; give one such as 7+5*8-4=");
    }
    PrintWriter out = spec().commandLine().getOut();
    List<String> responses =
        engine.generate(
            config(), model(), prompt, turns == null ? 2 : turns, temperature, common.execution());
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
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec().commandLine(), message);
  }
}
