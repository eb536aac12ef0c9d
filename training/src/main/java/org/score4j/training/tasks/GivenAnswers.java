package org.score4j.training.tasks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.code.CodeVerifiers;

/**
 * Answers of a file with what they are judged against: their own reference, or that of the problem
 * they name.
 */
public final class GivenAnswers {
  private static final String RESPONSE = "response";
  private static final String REFERENCE = "reference";
  private static final List<String> IDS = List.of("id", "task_id");

  private GivenAnswers() {}

  /**
   * One answer.
   *
   * @param id of its problem, or its place in the file
   * @param text the response
   * @param reference what the verifier compares with
   */
  public record Answer(String id, String text, String reference) {}

  /**
   * Reads a file.
   *
   * @param data the task's problems; null where every answer brings its reference
   * @throws IllegalArgumentException when a line is no answer; the message names it
   */
  public static List<Answer> read(
      Path file, @Nullable Path data, TextTaskSettings settings, CodeVerifiers programs) {
    Map<String, String> references = data == null ? Map.of() : references(data, settings, programs);
    List<Answer> answers = new ArrayList<>();
    for (JsonlRows.Row row : JsonlRows.read(file)) {
      String id = IDS.stream().filter(row::has).findFirst().map(row::text).orElse("");
      String reference = row.has(REFERENCE) ? row.text(REFERENCE) : references.get(id);
      if (reference == null) {
        throw new IllegalArgumentException(missing(row.place(), id, data));
      }
      checkTests(settings, reference, row.place());
      answers.add(new Answer(id.isEmpty() ? row.place() : id, row.text(RESPONSE), reference));
    }
    if (answers.isEmpty()) {
      throw new IllegalArgumentException("%s holds no answer".formatted(file));
    }
    return answers;
  }

  /** Tests that cannot be read would end the command at a verdict, where no line is known. */
  private static void checkTests(TextTaskSettings settings, String reference, String place) {
    String verifier =
        switch (settings.name()) {
          case "gsm8k", "math" -> "math";
          case "jsonl" -> settings.columns().verifier();
          default -> "python";
        };
    if (verifier.equals("python") || verifier.equals("java")) {
      JsonlTask.checkReference(verifier, reference, place);
    }
  }

  private static String missing(String place, String id, @Nullable Path data) {
    if (data == null) {
      return "%s: no '%s'; give one in every line, or the task's problems with --data"
          .formatted(place, REFERENCE);
    }
    return id.isEmpty()
        ? "%s: neither '%s' nor '%s'".formatted(place, REFERENCE, String.join("' nor '", IDS))
        : "%s: %s has no problem '%s' that can be judged".formatted(place, data, id);
  }

  /** By id, and by the number alone where ids are such as mbpp/11. */
  private static Map<String, String> references(
      Path data, TextTaskSettings settings, CodeVerifiers programs) {
    Map<String, String> references = new HashMap<>();
    List<TextProblem> problems =
        settings.name().startsWith("mbpp")
            ? MbppTask.problems(
                settings, MbppTask.rows(JsonlRows.read(data)), List.of(), id -> true)
            : TextTasks.open(settings, programs).heldOut();
    for (TextProblem problem : problems) {
      references.put(problem.id(), problem.reference());
      if (problem.id().startsWith("mbpp/")) {
        references.put(problem.id().substring(5), problem.reference());
      }
    }
    return references;
  }
}
