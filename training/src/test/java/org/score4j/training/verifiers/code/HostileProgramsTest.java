package org.score4j.training.verifiers.code;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.training.verifiers.Verdict;

/** Programs that attack the verifier, all given as answers to "write add(a, b)". */
class HostileProgramsTest {
  private static final String TESTS =
      new PythonTests(
              "",
              "",
              List.of(
                  "assert add(2, 3) == 5", "assert add(-1, 1) == 0", "assert add(10, 20) == 30"),
              List.of("add"))
          .toJson();
  private static final String HONEST = "def add(a, b):\n    return a + b\n";
  // Short, for a dozen of the programs use all of it.
  private static final CodeLimits LIMITS = new CodeLimits(1, 3, 512, 1, 16);

  @TempDir private Path folder;

  @Test
  void noneIsRightAndHonestProgramsGoOnBeingJudged() throws Exception {
    judge(TestWorkers.User.PRESENT, "");
  }

  /**
   * Who owns the root of the sandbox, in a user namespace. Their responses end with a fence that no
   * fence opens.
   */
  @Test
  void norForAnOrdinaryUser() throws Exception {
    judge(TestWorkers.User.ORDINARY, "```\n");
  }

  private void judge(TestWorkers.User user, String end) throws Exception {
    Map<String, String> programs = programs();
    assertThat(programs).hasSizeGreaterThanOrEqualTo(60);
    Path victim = Files.writeString(folder.resolve("victim"), "alive");
    List<String> passed = new ArrayList<>();
    List<String> honestFailed = new ArrayList<>();
    List<String> errors = new ArrayList<>();
    try (CodeWorkers workers = TestWorkers.open(user, LIMITS, 2, folder);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      PythonVerifier verifier = new PythonVerifier(workers);
      Map<String, Future<Verdict>> verdicts = new LinkedHashMap<>();
      List<Future<Verdict>> honest = new ArrayList<>();
      programs.forEach(
          (name, program) -> {
            verdicts.put(name, threads.submit(() -> verifier.verify(TESTS, program + end)));
            honest.add(threads.submit(() -> verifier.verify(TESTS, HONEST)));
          });
      for (Map.Entry<String, Future<Verdict>> entry : verdicts.entrySet()) {
        Verdict verdict = entry.getValue().get();
        if (verdict.isError()) {
          errors.add(entry.getKey() + ": " + verdict.error());
        } else if (verdict.isCorrect()) {
          passed.add(entry.getKey());
        }
      }
      for (Future<Verdict> future : honest) {
        Verdict verdict = future.get();
        if (!verdict.isError() && !verdict.isCorrect()) {
          honestFailed.add(verdict.reason());
        }
      }
      // Whatever happened before, both workers are there, and are the ones they were.
      assertThat(workers.replaced()).isZero();
      for (int i = 0; i < 4; i++) {
        assertThat(verifier.verify(TESTS, HONEST))
            .isEqualTo(Verdict.right("whole response: passed 3 tests"));
      }
    }
    assertThat(passed).as("hostile programs that passed").isEmpty();
    assertThat(honestFailed).as("honest programs called wrong").isEmpty();
    assertThat(errors).as("errors").allMatch(error -> error.contains("the machine is too busy"));
    assertThat(errors).hasSizeLessThan(programs.size() / 4);
    assertThat(victim).hasContent("alive");
  }

  /** The section of each "#### name" of the resource. */
  private static Map<String, String> programs() throws IOException {
    try (InputStream resource =
        Objects.requireNonNull(
            HostileProgramsTest.class.getResourceAsStream("/verifiers/hostile.py"))) {
      Map<String, String> programs = new LinkedHashMap<>();
      String name = "";
      StringBuilder program = new StringBuilder();
      for (String line : new String(resource.readAllBytes(), UTF_8).lines().toList()) {
        if (line.startsWith("#### ")) {
          if (!name.isEmpty()) {
            programs.put(name, program.toString());
          }
          name = line.substring(5);
          program.setLength(0);
        } else if (!name.isEmpty()) {
          program.append(line).append('\n');
        }
      }
      programs.put(name, program.toString());
      return programs;
    }
  }
}
