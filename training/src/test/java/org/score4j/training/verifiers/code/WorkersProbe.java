package org.score4j.training.verifiers.code;

import java.util.List;
import java.util.Map;

/**
 * What {@link EndWithTheProgramTest} starts and kills: a candidate that sleeps and a compilation
 * that does not end.
 */
final class WorkersProbe {
  private WorkersProbe() {}

  /** arguments: the isolation. */
  public static void main(String[] arguments) throws Exception {
    CodeWorkers workers =
        new CodeWorkers(
            PythonInterpreter.find(System.getProperty("score4j.python", "python3")),
            Isolation.byName(arguments[0]),
            new CodeLimits(100, 100, 512, 1, 16),
            2,
            List.of());
    PythonVerifier verifier = new PythonVerifier(workers);
    String tests = new PythonTests("", "", List.of("assert f() == 1"), List.of("f")).toJson();
    Thread.ofPlatform()
        .start(
            () ->
                verifier.verify(
                    tests, "import time\nopen('left', 'w').write('x')\ndef f(): time.sleep(90)"));
    JavaCompilers compilers = new JavaCompilers(512);
    Thread.ofPlatform()
        .start(() -> compilers.compile(Map.of("Solution", JavaVerifierTest.ENDLESS_TO_COMPILE)));
    // Two workers and their tests, a candidate and a compiler; of namespaces also who started them.
    int expected = arguments[0].equals(Isolation.NAMESPACES.label()) ? 8 : 6;
    while (ProcessHandle.current().descendants().count() < expected) {
      Thread.sleep(20);
    }
    System.out.println("started");
    Thread.sleep(90_000);
  }
}
