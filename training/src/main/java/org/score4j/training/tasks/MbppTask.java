package org.score4j.training.tasks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import org.score4j.training.verifiers.code.CodeVerifiers;
import org.score4j.training.verifiers.code.PythonTests;

/**
 * MBPP in its own rows of text, code, task_id, test_setup_code and test_list. Trained on 601–974;
 * of a held-out file of MBPP its test set 11–510 is taken. SCoRe reports on HumanEval instead: a
 * held-out file of that is read as such. The prompt is the three-shot one of the MBPP paper.
 */
final class MbppTask {
  static final int SHOTS = 3;
  static final String FIRST =
      "You are an expert Python programmer, and here is your task: {problem} Your code should pass"
          + " these tests:\n\n"
          + "{tests}\n"
          + "[BEGIN]\n";
  static final String CORRECTION =
      "\n\n"
          + "There might be an error in the code above because of lack of understanding of the"
          + " question. Please correct the error, if any, and rewrite the solution. Only output the"
          + " final correct Python program!\n"
          + "[BEGIN]\n";
  static final String DONE = "[DONE]";
  // Of the few-shot set 1–10 the MBPP paper takes these first.
  private static final List<Integer> EXAMPLES = List.of(2, 3, 4, 1, 5, 6, 7, 8, 9, 10);

  private MbppTask() {}

  /** One row. */
  record Row(int taskId, String text, String code, String setup, List<String> tests) {
    /** The tests, with what they need before them as a statement that is run like a test. */
    PythonTests pythonTests() {
      List<String> statements = new ArrayList<>();
      if (!setup.isBlank()) {
        statements.add(setup);
      }
      statements.addAll(tests);
      return new PythonTests("", "", statements, entries(statements));
    }

    /** Names that the tests use and the reference program defines. */
    private List<String> entries(List<String> statements) {
      Set<String> used = new TreeSet<>();
      statements.forEach(statement -> used.addAll(List.of(statement.split("\\W+", -1))));
      return used.stream().filter(name -> defines(code, name)).toList();
    }

    private static boolean defines(String program, String name) {
      return !name.isEmpty()
          && program
              .lines()
              .anyMatch(
                  line ->
                      line.startsWith("def " + name + "(")
                          || line.startsWith("def " + name + " ")
                          || line.startsWith("class " + name + ":")
                          || line.startsWith("class " + name + "(")
                          || line.startsWith("class " + name + " ")
                          || line.startsWith(name + " = ")
                          || line.startsWith(name + "="));
    }
  }

  static TextTask open(TextTaskSettings settings, CodeVerifiers programs) {
    List<JsonlRows.Row> heldOut = JsonlRows.readOptional(settings.heldOutFile());
    boolean humanEval = !heldOut.isEmpty() && heldOut.getFirst().has("entry_point");
    List<Row> train = rows(JsonlRows.readOptional(settings.trainFile()));
    return new TextTask(
        "mbpp",
        problems(settings, train, train, id -> id > 600),
        humanEval
            ? HumanEvalTask.problems(settings, heldOut)
            : problems(settings, rows(heldOut), rows(heldOut), id -> id > 10 && id <= 510),
        settings.correctionPromptOr(CORRECTION),
        List.of(DONE),
        programs.python());
  }

  static List<Row> rows(List<JsonlRows.Row> rows) {
    return rows.stream()
        .map(
            row ->
                new Row(
                    Integer.parseInt(row.text("task_id")),
                    row.text(row.has("text") ? "text" : "prompt"),
                    plain(row.text("code")),
                    plain(row.optional("test_setup_code")),
                    row.texts("test_list").stream().map(MbppTask::plain).toList()))
        .toList();
  }

  /** MBPP has lines that end as on Windows. */
  private static String plain(String text) {
    return text.replace("\r\n", "\n").replace('\r', '\n');
  }

  static List<TextProblem> problems(
      TextTaskSettings settings, List<Row> rows, List<Row> withExamples, IntPredicate wanted) {
    PromptTemplate template = new PromptTemplate(settings.firstPromptOr(FIRST));
    String examples = examples(withExamples, template, settings.shots());
    return rows.stream()
        .filter(row -> wanted.test(row.taskId()))
        .map(
            row ->
                new TextProblem(
                    "mbpp/" + row.taskId(),
                    examples + prompt(template, row),
                    row.pythonTests().toJson(),
                    row.code().strip() + "\n" + DONE))
        .toList();
  }

  static String prompt(PromptTemplate template, Row row) {
    return template.fill(Map.of("problem", row.text(), "tests", String.join("\n", row.tests())));
  }

  static String examples(List<Row> rows, PromptTemplate template, int shots) {
    StringBuilder examples = new StringBuilder();
    int found = 0;
    for (int id : EXAMPLES) {
      for (Row row : rows) {
        if (row.taskId() == id && found < shots) {
          examples.append(prompt(template, row)).append(row.code().strip());
          examples.append('\n').append(DONE).append("\n\n");
          found++;
        }
      }
    }
    if (found < shots && !rows.isEmpty()) {
      throw new IllegalArgumentException(
          "task.shots is %d, but the file has only %d of MBPP's examples 1 to 10; use fewer or the whole file"
              .formatted(shots, found));
    }
    return examples.toString();
  }
}
