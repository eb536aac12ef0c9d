package org.score4j.training.verifiers.code;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import org.score4j.training.verifiers.Verdict;
import org.score4j.training.verifiers.Verifier;

/** Right when a Python program passes all its tests; the reference is a {@link PythonTests}. */
public final class PythonVerifier implements Verifier {
  private static final char JOB = 'J';
  private static final int MAX_PROGRAM = 1 << 20;

  private final CodeWorkers workers;

  /** workers: closed by their owner. */
  public PythonVerifier(CodeWorkers workers) {
    this.workers = workers;
  }

  @Override
  public Verdict verify(String reference, String response) {
    PythonTests tests = PythonTests.fromJson(reference);
    ProgramText program =
        ProgramText.of(response, ProgramLanguage.PYTHON, tests.names(), !tests.before().isEmpty());
    if (program.isBlank()) {
      return Verdict.wrong("no program in the response");
    }
    if (program.length() > MAX_PROGRAM) {
      return Verdict.wrong(
          "a program of %d characters; at most %d".formatted(program.length(), MAX_PROGRAM));
    }
    try {
      JsonNode answer =
          workers.run(
              JOB,
              Map.of(
                  "codes", program.texts().stream().map(text -> joined(tests, text)).toList(),
                  "prelude", tests.prelude(),
                  "tests", tests.tests(),
                  "entries", tests.entries()));
      String reason = "%s: %s".formatted(program.rule(), answer.path("reason").asText());
      return switch (answer.path("outcome").asText()) {
        case "pass" -> Verdict.right(reason);
        case "fail" -> Verdict.wrong(reason);
        default -> Verdict.failed(reason);
      };
    } catch (IOException e) {
      return Verdict.failed("the worker was lost: " + e.getMessage());
    }
  }

  /**
   * A program that goes on where the text before it ends, as HumanEval's completions do, is put
   * right behind it; one that defines everything itself on lines of its own.
   */
  private static String joined(PythonTests tests, String program) {
    if (tests.before().isEmpty()) {
      return program;
    }
    boolean complete = ProgramText.defines(program, tests.names());
    return tests.before() + (complete ? "\n\n" : "") + program;
  }
}
