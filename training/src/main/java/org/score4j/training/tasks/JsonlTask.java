package org.score4j.training.tasks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.score4j.training.verifiers.ExactResponseVerifier;
import org.score4j.training.verifiers.Verifier;
import org.score4j.training.verifiers.code.CodeVerifiers;
import org.score4j.training.verifiers.code.JavaTests;
import org.score4j.training.verifiers.code.PythonTests;
import org.score4j.training.verifiers.math.ExtractionRule;

/**
 * Problems of a user's own: columns with the names of the config, and one of the verifiers. A
 * reference for {@code python} is a JSON text of before, prelude, tests and entries, one for {@code
 * java} of calls. Without prompts of the config the problem is the prompt.
 */
final class JsonlTask {
  private static final String FIRST = "{problem}";
  private static final String CORRECTION =
      "\n\n"
          + "There might be an error in the answer above because of lack of understanding of the"
          + " question. Please correct the error, if any, and rewrite the answer. Only output the"
          + " final answer!\n";

  private JsonlTask() {}

  static TextTask open(TextTaskSettings settings, CodeVerifiers programs) {
    Verifier verifier = verifier(settings, programs);
    List<TextProblem> training = problems(settings, settings.trainFile());
    TextTaskSettings.Columns columns = settings.columns();
    if (columns.haveTwoAttempts()
        && !training.isEmpty()
        && training.stream().allMatch(problem -> problem.first().isEmpty())) {
      throw new IllegalArgumentException(
          "task.text.columns.first is '%s' and revision '%s', but none of the %d rows of %s has both; check the names, or leave them empty"
              .formatted(
                  columns.first(), columns.revision(), training.size(), settings.trainFile()));
    }
    return new TextTask(
        "jsonl",
        training,
        problems(settings, settings.heldOutFile()),
        settings.correctionPromptOr(CORRECTION),
        List.of(),
        verifier);
  }

  static Verifier verifier(TextTaskSettings settings, CodeVerifiers programs) {
    return switch (settings.columns().verifier()) {
      case "math" ->
          AnswerRules.verifier(
              settings,
              ExtractionRule.FINAL_ANSWER,
              ExtractionRule.BOXED,
              ExtractionRule.HASHES,
              ExtractionRule.ANSWER_LINE);
      case "exact" -> new ExactResponseVerifier();
      case "python" -> programs.python();
      case "java" -> programs.java();
      default ->
          throw new IllegalArgumentException(
              "task.columns.verifier is '%s'; the verifiers are math, exact, python, java"
                  .formatted(settings.columns().verifier()));
    };
  }

  private static List<TextProblem> problems(TextTaskSettings settings, String file) {
    PromptTemplate template = new PromptTemplate(settings.firstPromptOr(FIRST));
    TextTaskSettings.Columns columns = settings.columns();
    List<TextProblem> problems = new ArrayList<>();
    for (JsonlRows.Row row : JsonlRows.readOptional(file)) {
      String reference = row.text(columns.reference());
      checkReference(columns.verifier(), reference, row.place());
      boolean revised = isRevised(row, columns);
      problems.add(
          new TextProblem(
              row.has(columns.id()) ? row.text(columns.id()) : row.place(),
              template.fill(Map.of("problem", row.text(columns.problem()))),
              reference,
              revised ? attempt(row, columns.revision()) : solution(row, columns, reference),
              revised ? attempt(row, columns.first()) : ""));
    }
    return problems;
  }

  /** Whether a row holds two attempts. */
  private static boolean isRevised(JsonlRows.Row row, TextTaskSettings.Columns columns) {
    if (!columns.haveTwoAttempts()) {
      return false;
    }
    boolean first = row.has(columns.first());
    if (first != row.has(columns.revision())) {
      throw new IllegalArgumentException(
          "%s: column '%s' is there, but column '%s' is missing; give both attempts or none"
              .formatted(
                  row.place(),
                  first ? columns.first() : columns.revision(),
                  first ? columns.revision() : columns.first()));
    }
    return first;
  }

  private static String attempt(JsonlRows.Row row, String column) {
    String text = row.text(column);
    if (text.isBlank()) {
      throw new IllegalArgumentException(
          "%s: column '%s' is \"%s\"; give an attempt, or leave both attempts out"
              .formatted(row.place(), column, text));
    }
    return text;
  }

  /** The column solution; where answers are compared as they are, the answer is one. */
  private static String solution(
      JsonlRows.Row row, TextTaskSettings.Columns columns, String reference) {
    return row.has("solution")
        ? row.text("solution")
        : columns.verifier().equals("exact") ? reference : "";
  }

  /** Broken tests must be found before the first step, not in the middle of a run. */
  static void checkReference(String verifier, String reference, String place) {
    try {
      switch (verifier) {
        case "python" -> PythonTests.fromJson(reference);
        case "java" -> JavaTests.fromJson(reference);
        default -> {
          if (reference.isBlank()) {
            throw new IllegalArgumentException("the reference is empty; nothing could be compared");
          }
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(place + ": " + e.getMessage(), e);
    }
  }
}
