package org.score4j.training.verifiers.code;

import static org.junit.jupiter.api.Assumptions.abort;

import java.util.List;

/** Workers for tests; a test is skipped, with the reason, where they cannot be had. */
final class TestWorkers {
  private TestWorkers() {}

  static CodeWorkers open(CodeLimits limits, List<String> alsoReadable) {
    try {
      return new CodeWorkers(
          PythonInterpreter.find(System.getProperty("score4j.python", "python3")),
          Isolation.NAMESPACES,
          limits,
          2,
          alsoReadable);
    } catch (CodeException e) {
      return abort("no isolated workers here: " + e.getMessage());
    }
  }
}
