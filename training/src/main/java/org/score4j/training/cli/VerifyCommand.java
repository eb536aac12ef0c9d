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
import org.score4j.training.evaluation.Estimate;
import org.score4j.training.evaluation.VerdictCounts;
import org.score4j.training.tasks.GivenAnswers;
import org.score4j.training.tasks.TextTaskSettings;
import org.score4j.training.tasks.TextTasks;
import org.score4j.training.verifiers.BoundedJudge;
import org.score4j.training.verifiers.Verdict;
import org.score4j.training.verifiers.code.CodeSettings;
import org.score4j.training.verifiers.code.CodeVerifiers;
import org.score4j.training.verifiers.math.AnswerForm;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code score4j verify}: judges answers that are given, without any model. */
@Command(
    name = "verify",
    description = "Judges given answers: math by value, programs by their tests.",
    footer = {
      "",
      "A line of FILE is a JSON object with 'response' and either 'reference', or the 'id' (or"
          + " 'task_id') of a problem in --data.",
      "Exit code 0 when every line could be read, however many answers are wrong."
    },
    customSynopsis = "score4j verify --task TASK --answers FILE [--data FILE] [options]",
    mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--task",
      paramLabel = "TASK",
      required = true,
      description = "gsm8k, math, mbpp, humaneval, or jsonl with --verifier")
  private String task = "";

  @Option(
      names = "--answers",
      paramLabel = "FILE",
      required = true,
      description = "answers to judge, .jsonl or .jsonl.gz")
  private @Nullable Path answers;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description = "the task's problems, for answers that name one by its id")
  private @Nullable Path data;

  @Option(
      names = "--rules",
      paramLabel = "RULES",
      defaultValue = "",
      description =
          "where a final answer is looked for, in order: final-answer, boxed, hashes, answer-line,"
              + " last-number; the task's own unless given")
  private String rules = "";

  @Option(
      names = "--answer-form",
      paramLabel = "FORM",
      defaultValue = "value",
      description =
          "value: where the reference is a value, a number, fraction, decimal, root or multiple of"
              + " π or e, a right answer is one too and no sum, product, power or function that is"
              + " still to be worked out; expression: any expression of the same value")
  private String answerForm = "";

  @Option(
      names = "--verifier",
      paramLabel = "NAME",
      defaultValue = "math",
      description = "of --task jsonl: math, exact, python or java")
  private String verifier = "math";

  @Option(
      names = "--isolation",
      paramLabel = "LEVEL",
      defaultValue = "namespaces",
      description = "the least that programs are run with: namespaces, or process for trusted ones")
  private String isolation = "";

  @Option(
      names = "--python",
      paramLabel = "COMMAND",
      defaultValue = "python3",
      description = "a Python 3.9 or newer")
  private String python = "";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "answers judged at once; as many as cores unless given")
  private @Nullable Integer threads;

  @Option(names = "--json", description = "one JSON document on stdout and nothing else there")
  private boolean json;

  VerifyCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    CommandSpec command = Objects.requireNonNull(spec);
    if (threads != null && threads < 1) {
      throw new ParameterException(
          command.commandLine(), "--threads is %d; use 1 or more".formatted(threads));
    }
    AnswerForm form = form(command);
    int atOnce = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    TextTaskSettings settings = settings(atOnce, form);
    try (CodeVerifiers programs =
        new CodeVerifiers(settings.code(), line -> terminal.out().println("score4j: " + line))) {
      List<GivenAnswers.Answer> given =
          GivenAnswers.read(Objects.requireNonNull(answers), data, settings, programs);
      List<Verdict> verdicts =
          new BoundedJudge(
                  TextTasks.verifier(settings, programs), atOnce, BoundedJudge.DEFAULT_TRIES)
              .judge(
                  given.stream()
                      .map(answer -> new BoundedJudge.Response(answer.reference(), answer.text()))
                      .toList());
      print(command.commandLine().getOut(), given, verdicts);
    }
    return 0;
  }

  private AnswerForm form(CommandSpec command) {
    try {
      return AnswerForm.byName(answerForm);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          command.commandLine(),
          "--answer-form is '%s'; use value or expression".formatted(answerForm),
          e);
    }
  }

  private TextTaskSettings settings(int atOnce, AnswerForm form) {
    CodeSettings limits = CodeSettings.DEFAULTS;
    CodeSettings code =
        new CodeSettings(
            python,
            isolation,
            atOnce,
            limits.cpuSeconds(),
            limits.wallSeconds(),
            limits.memoryMiB());
    TextTaskSettings.Columns columns = TextTaskSettings.Columns.DEFAULTS;
    return new TextTaskSettings(
        task,
        "",
        data == null ? "" : data.toString(),
        "",
        "",
        rules,
        form,
        0,
        new TextTaskSettings.Columns(
            columns.id(), columns.problem(), columns.reference(), verifier),
        code);
  }

  private void print(PrintWriter out, List<GivenAnswers.Answer> given, List<Verdict> verdicts) {
    VerdictCounts counts = VerdictCounts.of(verdicts);
    if (json) {
      Map<String, @Nullable Object> document = new LinkedHashMap<>();
      document.put("task", task);
      document.put("answers", verdicts.size());
      document.put("right", counts.right());
      document.put("wrong", counts.wrong());
      document.put("errors", counts.errors());
      document.put("accuracy", counts.accuracy().map(Estimate::value).orElse(null));
      document.put(
          "ci95", counts.accuracy().map(rate -> List.of(rate.low(), rate.high())).orElse(null));
      List<Map<String, @Nullable Object>> lines = new ArrayList<>();
      for (int i = 0; i < verdicts.size(); i++) {
        Verdict verdict = verdicts.get(i);
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        line.put("id", given.get(i).id());
        line.put("correct", verdict.isError() ? null : verdict.isCorrect());
        line.put("reason", verdict.reason());
        line.put("error", verdict.error());
        lines.add(line);
      }
      document.put("verdicts", lines);
      JsonOutput.print(out, document);
      return;
    }
    for (int i = 0; i < verdicts.size(); i++) {
      out.println(line(given.get(i).id(), verdicts.get(i)));
    }
    out.println(summary(counts));
    out.flush();
  }

  private static String line(String id, Verdict verdict) {
    String word = verdict.isError() ? "error" : verdict.isCorrect() ? "right" : "wrong";
    String reason = verdict.error() == null ? verdict.reason() : verdict.error();
    return "%s  %s  %s".formatted(word, id, reason.replaceAll("\\s*\\R\\s*", " "));
  }

  private static String summary(VerdictCounts counts) {
    String rate =
        counts
            .accuracy()
            .map(
                accuracy ->
                    "%.1f%% (95%% interval %.1f to %.1f)"
                        .formatted(accuracy.value(), accuracy.low(), accuracy.high()))
            .orElse("no rate");
    return "%d of %d judged answers are right: %s; %d could not be judged"
        .formatted(counts.right(), counts.judged(), rate, counts.errors());
  }
}
