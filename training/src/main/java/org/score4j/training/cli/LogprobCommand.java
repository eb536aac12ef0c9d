package org.score4j.training.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.score4j.training.text.TextModel;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code score4j logprob}. */
@Command(
    name = "logprob",
    description = "Log-probability of every token of a text or of ids, and the loss.",
    footer = {
      "",
      "The loss is the mean over all predicted tokens, in nats. FILE holds {\"ids\": [[…], …]}."
    },
    customSynopsis =
        "score4j logprob --model DIR (--text TEXT | --ids 1,2,3 | --file FILE) [--grad-norms]"
            + " [options]",
    mixinStandardHelpOptions = true)
final class LogprobCommand extends FolderCommand implements Callable<Integer> {
  private final Engine engine;

  @ArgGroup(exclusive = true, multiplicity = "1")
  private @Nullable Input input;

  @Option(
      names = "--grad-norms",
      description = "the L2 norm of the loss's gradient for every tensor, too")
  private boolean gradNorms;

  /** One of them. */
  static final class Input {
    @Option(
        names = "--text",
        paramLabel = "TEXT",
        description = "tokenised as a document: with what the tokenizer puts before it")
    private @Nullable String text;

    @Option(names = "--ids", paramLabel = "1,2,3", description = "token ids")
    private @Nullable String ids;

    @Option(names = "--file", paramLabel = "FILE", description = "rows of token ids, as JSON")
    private @Nullable Path file;

    List<int[]> rows(TextModel model) {
      if (text != null) {
        return List.of(model.tokenizer().encodeDocument(text));
      }
      return file == null
          ? List.of(IdsInput.parse(Objects.requireNonNull(ids)))
          : IdsInput.read(file);
    }
  }

  LogprobCommand(Engine engine) {
    this.engine = engine;
  }

  @Override
  public Integer call() {
    PrintWriter out = spec().commandLine().getOut();
    engine.withModel(
        model(),
        common.execution(),
        loaded -> {
          List<int[]> rows = Objects.requireNonNull(input).rows(loaded);
          TextModel.Scores scores = loaded.score(rows, gradNorms);
          if (common.json) {
            JsonOutput.print(out, document(rows, scores));
          } else {
            print(out, rows, scores);
          }
        });
    return 0;
  }

  private static Map<String, @Nullable Object> document(List<int[]> rows, TextModel.Scores scores) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("ids", rows.get(i));
      row.put("logprobs", scores.logProbs().get(i));
      list.add(row);
    }
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("rows", list);
    document.put("loss", scores.loss());
    if (scores.gradNorms() != null) {
      document.put("grad_norms", scores.gradNorms());
    }
    return document;
  }

  private static void print(PrintWriter out, List<int[]> rows, TextModel.Scores scores) {
    for (int r = 0; r < rows.size(); r++) {
      for (int i = 1; i < rows.get(r).length; i++) {
        out.println("%8d %10.4f".formatted(rows.get(r)[i], scores.logProbs().get(r)[i - 1]));
      }
    }
    out.println("loss %.6f".formatted(scores.loss()));
    if (scores.gradNorms() != null) {
      scores.gradNorms().forEach((name, norm) -> out.println("%-60s %12.6g".formatted(name, norm)));
    }
    out.flush();
  }
}
