package org.score4j.training.tasks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.score4j.training.verifiers.Verifier;
import org.score4j.training.verifiers.math.ExtractionRule;

/**
 * MATH: rows of problem and answer. The prompts are those of SCoRe, appendix C, with the form in
 * which an answer is given. Two of SCoRe's 12,000 training rows have no answer; nothing could judge
 * them and they are left out.
 */
final class MathTask {
  private static final String FORM =
      "At the end of the Solution, when you give your final answer, write it in the form \"Final"
          + " Answer: The final answer is $answer$. I hope it is correct.\"";
  static final String FIRST =
      "You are a math expert. When you respond, respond only with the Solution of the final"
          + " Problem, thinking step by step. "
          + FORM
          + "\n\nProblem:\n{problem}\n\nSolution:\n";
  static final String CORRECTION =
      "\n\n"
          + "There might be an error in the solution above because of lack of understanding of the"
          + " question. Please correct the error, if any, and rewrite the solution. Only output the"
          + " final solution! "
          + FORM
          + "\n\nSolution:\n";
  // A model without an end of text goes on with a problem of its own.
  static final List<String> STOPS = List.of("I hope it is correct.", "\n\nProblem:");

  private MathTask() {}

  static TextTask open(TextTaskSettings settings) {
    PromptTemplate template = new PromptTemplate(settings.firstPromptOr(FIRST));
    return new TextTask(
        "math",
        problems(settings.trainFile(), template),
        problems(settings.heldOutFile(), template),
        settings.correctionPromptOr(CORRECTION),
        STOPS,
        verifier(settings));
  }

  static Verifier verifier(TextTaskSettings settings) {
    return AnswerRules.verifier(settings, ExtractionRule.FINAL_ANSWER, ExtractionRule.BOXED);
  }

  /** A worked solution in the form the prompt asks for. */
  static String solution(String worked, String answer) {
    return worked.isBlank()
        ? ""
        : "%s\nFinal Answer: The final answer is $%s$. I hope it is correct."
            .formatted(worked.strip(), answer);
  }

  private static List<TextProblem> problems(String file, PromptTemplate template) {
    List<TextProblem> problems = new ArrayList<>();
    for (JsonlRows.Row row : JsonlRows.readOptional(file)) {
      if (!row.optional("answer").isBlank()) {
        problems.add(
            new TextProblem(
                row.has("id") ? row.text("id") : row.place(),
                template.fill(Map.of("problem", row.text("problem"))),
                row.text("answer"),
                solution(row.optional("solution"), row.text("answer"))));
      }
    }
    return problems;
  }
}
