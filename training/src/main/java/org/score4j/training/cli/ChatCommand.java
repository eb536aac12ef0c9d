package org.score4j.training.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.score4j.tokenizer.ChatFormat;
import org.score4j.tokenizer.TokenizerException;
import org.score4j.training.report.AttemptDiff;
import org.score4j.training.settings.ConfigException;
import org.score4j.training.text.Chat;
import org.score4j.training.text.Completion;
import org.score4j.training.text.SamplingSettings;
import org.score4j.training.text.TextModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code score4j chat}. */
@Command(
    name = "chat",
    description = "Talks with a model; /revise asks it to look at its answer again.",
    footer = {
      "",
      "/revise [WORDS]  a second attempt, and what changed in it",
      "/reset           begin again",
      "/quit            end, as Ctrl-D does"
    },
    mixinStandardHelpOptions = true)
final class ChatCommand extends FolderCommand implements Callable<Integer> {
  /** SCoRe's correction instruction without the form its tasks ask for. */
  static final String REVISE =
      "There might be an error in the solution above because of lack of understanding of the"
          + " question. Please correct the error, if any, and rewrite the solution.";

  private static final String PROMPT = "> ";

  private final Engine engine;
  private final Terminal terminal;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "of sampling; 0, the default, is greedy")
  private double temperature;

  @Mixin private SamplingOptions sampling = new SamplingOptions();

  @Option(
      names = "--new",
      paramLabel = "N",
      description =
          "most tokens of an answer; 256 or what the model's positions leave unless given")
  private @Nullable Integer newTokens;

  ChatCommand(Engine engine, Terminal terminal) {
    this.engine = engine;
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    PrintWriter out = spec().commandLine().getOut();
    engine.withModel(
        model(),
        common.execution(),
        loaded -> {
          try (ChatLines lines = ChatLines.open(terminal.live())) {
            talk(loaded, lines, out);
          }
        });
    return 0;
  }

  private void talk(TextModel loaded, ChatLines lines, PrintWriter out) {
    ChatFormat format = loaded.format();
    Chat chat = new Chat(format, this::say);
    TextOutput output = new TextOutput(out, false);
    long seed = common.seed == null ? 0 : common.seed;
    String line;
    while ((line = lines.read(PROMPT)) != null) {
      String text = line.strip();
      if (text.equals("/quit")) {
        return;
      }
      if (text.equals("/reset")) {
        chat = new Chat(format, this::say);
        continue;
      }
      boolean revise = text.equals("/revise") || text.startsWith("/revise ");
      if (text.startsWith("/") && !revise) {
        say("no command " + text + "; /revise, /reset or /quit");
        continue;
      }
      if (text.isEmpty() || (revise && !chat.hasAnswer())) {
        say("ask something first");
        continue;
      }
      String before = revise ? chat.lastAnswer() : "";
      String words = revise ? text.substring("/revise".length()).strip() : text;
      int[] prompt;
      try {
        prompt = chat.ask(revise && words.isEmpty() ? REVISE : words);
        loaded.requireRoom(prompt, newTokens == null ? 1 : newTokens);
      } catch (ConfigException | TokenizerException e) {
        if (e instanceof TokenizerException && !chat.hasAnswer()) {
          // Not even a first question can be asked.
          throw e;
        }
        say(e.getMessage() + (chat.hasAnswer() ? "; or begin again with /reset" : ""));
        continue;
      }
      SamplingSettings settings =
          new SamplingSettings(
              temperature,
              sampling.truncation(),
              newTokens != null ? newTokens : loaded.newTokens(prompt),
              1,
              seed++);
      Completion completion = output.stream(loaded, prompt, settings);
      out.println();
      chat.answered(completion);
      if (revise) {
        out.println(changes(before, completion.text()));
      }
      out.flush();
    }
  }

  private void say(String line) {
    terminal.out().println("score4j: " + line);
  }

  /** What the second attempt has and the first has not, in colour or within marks. */
  private String changes(String before, String after) {
    List<AttemptDiff.Part> parts = AttemptDiff.parts(before, after);
    if (parts.stream().noneMatch(AttemptDiff.Part::changed) && before.length() == after.length()) {
      return Style.DIM.of("(unchanged)", terminal.colour());
    }
    StringBuilder shown = new StringBuilder(Style.DIM.of("changed: ", terminal.colour()));
    for (AttemptDiff.Part part : parts) {
      String text = Style.text(part.text());
      if (!part.changed()) {
        shown.append(text);
      } else {
        shown.append(terminal.colour() ? Style.GREEN.of(text, true) : "{+" + text + "+}");
      }
    }
    return shown.toString();
  }
}
