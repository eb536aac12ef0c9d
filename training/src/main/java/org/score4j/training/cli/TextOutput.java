package org.score4j.training.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.score4j.tokenizer.StreamingDecoder;
import org.score4j.training.text.Completion;
import org.score4j.training.text.SamplingSettings;
import org.score4j.training.text.TextModel;

/** Prints responses: one as it is drawn, several one after the other, or a document. */
final class TextOutput {
  private final PrintWriter out;
  private final boolean json;

  TextOutput(PrintWriter out, boolean json) {
    this.out = out;
    this.json = json;
  }

  void run(TextModel model, PromptInput prompt, SamplingSettings settings) {
    if (json) {
      JsonOutput.print(
          out, document(prompt, model.complete(prompt.ids(), settings, prompt.isText(), id -> {})));
    } else if (!prompt.isText()) {
      for (Completion completion : model.complete(prompt.ids(), settings, false, id -> {})) {
        List<String> ids = new ArrayList<>();
        for (int id : completion.ids()) {
          ids.add(Integer.toString(id));
        }
        out.println(String.join(",", ids));
      }
    } else if (settings.samples() == 1) {
      stream(model, prompt.ids(), settings);
      out.println();
    } else {
      List<Completion> all = model.complete(prompt.ids(), settings, true, id -> {});
      for (int i = 0; i < all.size(); i++) {
        out.println("--- %d".formatted(i + 1));
        out.println(Style.text(all.get(i).text()));
      }
    }
    out.flush();
  }

  /** One response, printed as it is drawn. */
  Completion stream(TextModel model, int[] prompt, SamplingSettings settings) {
    StreamingDecoder decoder = new StreamingDecoder(model.tokenizer(), prompt);
    List<Integer> eos = model.tokenizer().specialTokens().eosIds();
    IntConsumer print =
        id -> {
          if (!eos.contains(id)) {
            out.print(Style.text(decoder.next(id)));
            out.flush();
          }
        };
    Completion completion = model.complete(prompt, settings, true, print).getFirst();
    out.print(Style.text(decoder.finish()));
    return completion;
  }

  private static Map<String, @Nullable Object> document(
      PromptInput prompt, List<Completion> completions) {
    if (completions.size() == 1) {
      return entry(prompt, completions.getFirst());
    }
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("samples", completions.stream().map(c -> entry(prompt, c)).toList());
    return document;
  }

  private static Map<String, @Nullable Object> entry(PromptInput prompt, Completion completion) {
    Map<String, @Nullable Object> entry = new LinkedHashMap<>();
    entry.put("ids", completion.ids());
    if (prompt.isText()) {
      entry.put("text", completion.text());
      entry.put("truncated", completion.truncated());
    }
    return entry;
  }
}
