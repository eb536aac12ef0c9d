package org.score4j.training.tasks;

import java.util.List;
import java.util.Map;
import org.score4j.training.verifiers.Verifier;
import org.score4j.training.verifiers.math.ExtractionRule;

/**
 * GSM8K: rows of problem and answer, or its own rows of question and answer, where the answer is
 * what follows {@code ####}. SCoRe has no prompts for it; MATH's are used, and answers are also
 * found behind {@code ####} and as the last number.
 */
final class Gsm8kTask {
  private static final String MARKER = "####";

  private Gsm8kTask() {}

  static TextTask open(TextTaskSettings settings) {
    PromptTemplate template = new PromptTemplate(settings.firstPromptOr(MathTask.FIRST));
    return new TextTask(
        "gsm8k",
        problems(settings.trainFile(), template),
        problems(settings.heldOutFile(), template),
        settings.correctionPromptOr(MathTask.CORRECTION),
        MathTask.STOPS,
        verifier(settings));
  }

  static Verifier verifier(TextTaskSettings settings) {
    return AnswerRules.verifier(
        settings,
        ExtractionRule.FINAL_ANSWER,
        ExtractionRule.BOXED,
        ExtractionRule.HASHES,
        ExtractionRule.ANSWER_LINE,
        ExtractionRule.LAST_NUMBER);
  }

  private static List<TextProblem> problems(String file, PromptTemplate template) {
    return JsonlRows.readOptional(file).stream().map(row -> problem(row, template)).toList();
  }

  private static TextProblem problem(JsonlRows.Row row, PromptTemplate template) {
    String answer = row.text("answer");
    int marker = answer.lastIndexOf(MARKER);
    String reference =
        marker < 0 ? answer : answer.substring(marker + MARKER.length()).strip().replace(",", "");
    if (reference.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: nothing follows %s in the answer".formatted(row.place(), MARKER));
    }
    return new TextProblem(
        row.has("id") ? row.text("id") : row.place(),
        template.fill(Map.of("problem", row.text(row.has("problem") ? "problem" : "question"))),
        reference,
        MathTask.solution(worked(row, answer, marker), reference));
  }

  /** Normalised rows have a solution, the data set's own end theirs with the marker. */
  private static String worked(JsonlRows.Row row, String answer, int marker) {
    String text = row.has("solution") ? row.text("solution") : marker < 0 ? "" : answer;
    int end = text.lastIndexOf(MARKER);
    return end < 0 ? text : text.substring(0, end);
  }
}
