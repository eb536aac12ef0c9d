package org.score4j.training.tasks;

import java.util.List;
import java.util.Map;
import org.score4j.training.verifiers.code.CodeVerifiers;
import org.score4j.training.verifiers.code.PythonTests;

/**
 * HumanEval in its own rows of task_id, prompt, entry_point and test: for evaluation, so a training
 * file is refused. Zero-shot; the words around the prompt are ours. A response may go on where the
 * prompt ends or define the whole function.
 */
final class HumanEvalTask {
  static final String FIRST =
      "You are an expert Python programmer, and here is your task: complete the following function."
          + " Only output the program.\n\n"
          + "{problem}\n"
          + "[BEGIN]\n";

  private HumanEvalTask() {}

  static TextTask open(TextTaskSettings settings, CodeVerifiers programs) {
    if (!settings.trainFile().isEmpty()) {
      throw new IllegalArgumentException(
          "task.trainFile is %s, but humaneval is never trained on; leave it empty"
              .formatted(settings.trainFile()));
    }
    return new TextTask(
        "humaneval",
        List.of(),
        problems(settings, JsonlRows.readOptional(settings.heldOutFile())),
        settings.correctionPromptOr(MbppTask.CORRECTION),
        List.of(MbppTask.DONE),
        programs.python());
  }

  static List<TextProblem> problems(TextTaskSettings settings, List<JsonlRows.Row> rows) {
    // A template of mbpp's has tests, which HumanEval shows in its prompt.
    PromptTemplate template =
        new PromptTemplate(
            settings.name().equals("humaneval") ? settings.firstPromptOr(FIRST) : FIRST);
    return rows.stream()
        .map(
            row ->
                new TextProblem(
                    row.text("task_id"),
                    template.fill(Map.of("problem", row.text("prompt"))),
                    tests(row).toJson()))
        .toList();
  }

  /** The prompt is run before the tests too, which use functions that it defines. */
  static PythonTests tests(JsonlRows.Row row) {
    String prompt = row.text("prompt");
    String entry = row.text("entry_point");
    return new PythonTests(
        prompt,
        prompt,
        List.of("%s\ncheck(%s)".formatted(row.text("test"), entry)),
        List.of(entry));
  }
}
