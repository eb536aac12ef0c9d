package org.score4j.training.verifiers.code;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.training.verifiers.Verdict;

/**
 * Whatever a program does to the tests, its verdict is wrong, at once and within its own limits. An
 * error would take it out of the gradient and of the accuracy.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultOfTheProgramTest {
  private static final int CPU_SECONDS = 2;
  private static final int WALL_SECONDS = 15;
  private static final String HONEST = "def add(a, b): return a + b";
  private static final String FORGE =
      """
      import os, time
      def forge(text):
          for fd in range(3, 256):
              try:
                  os.write(fd, len(text).to_bytes(4, "big"))
                  rest = text
                  while rest:
                      rest = rest[os.write(fd, rest):]
              except OSError:
                  pass
      """;

  private CodeWorkers workers;
  private PythonVerifier verifier;

  @BeforeAll
  void open(@TempDir Path folder) {
    workers =
        TestWorkers.open(
            TestWorkers.User.ORDINARY,
            new CodeLimits(CPU_SECONDS, WALL_SECONDS, 512, 1, 16),
            2,
            folder);
    verifier = new PythonVerifier(workers);
  }

  @AfterAll
  void close() {
    if (workers != null) {
      workers.close();
    }
  }

  /** A program, and what its verdict says. */
  private record Case(String program, String test, String reason) {
    Case(String program, String reason) {
      this(program, "assert add(2, 3) == 5", reason);
    }
  }

  private static Map<String, Case> cases() {
    Map<String, Case> cases = new LinkedHashMap<>();
    cases.put("a cycle", new Case("add = []\nadd.append(add)", "'list' object is not callable"));
    cases.put(
        "a key that is hashable only there",
        new Case(
            "class L(list):\n  __hash__ = lambda s: 1\nadd = {L(): 1}",
            "'dict' object is not callable"));
    cases.put(
        "an answer before the question, then the end",
        new Case(FORGE + "forge(b'{\"value\": null}')\nos._exit(0)", "the program ended"));
    cases.put(
        "a list in place of the names",
        new Case(
            FORGE + "forge(b'{\"value\": null}')\nforge(b'{\"value\": []}')\ntime.sleep(1)",
            "no value"));
    for (String answer :
        List.of(
            "[]",
            "5",
            "{}",
            "null",
            "{",
            "\\xff",
            "{\"raised\": 5}",
            "{\"raised\": []}",
            "{\"value\": [\"l\"]}",
            "{\"value\": [\"r\", 1, 2, 0]}",
            "{\"value\": [\"date\", [1]]}",
            "{\"value\": [\"handle\", \"x\"]}",
            "{\"value\": [\"type\", \"object\"]}",
            "{\"value\": [\"i\", \"g\"]}")) {
      cases.put(
          "the answer " + answer,
          new Case(
              FORGE
                  + "def add(a, b):\n  forge(b'%s')\n  time.sleep(100)\n"
                      .formatted(answer.replace("'", "\\'")),
              "test 1 of 1 "));
      cases.put(
          "the names " + answer,
          new Case(
              FORGE
                  + "forge(b'{\"value\": null}')\nforge(b'%s')\ntime.sleep(100)\n"
                      .formatted(answer),
              ""));
    }
    cases.put(
        "burns its time nearly up, then sleeps",
        new Case(
            "import time\nwhile time.process_time() < 1.2: pass\ntime.sleep(1000)",
            "time limit of 15 s (1."));
    cases.put(
        "an integer of eight megabytes",
        new Case(
            FORGE
                + "def add(a, b):\n  forge(b'{\"value\": ' + b'9' * ((8 << 20) - 20) + b'}')\n"
                + "  time.sleep(100)\n",
            "a number of 8388588 digits"));
    cases.put(
        "many colliding numbers",
        new Case(
            FORGE
                + "def add(a, b):\n"
                + "  forge(b'{\"value\": [\"s\", -1, [' + b','.join(b'%d' % (i * (2 ** 61 - 1)) for"
                + " i in range(1, 300000)) + b']]}')\n"
                + "  time.sleep(100)\n",
            "limit of 2 s of CPU time of the tests themselves, with what the program gave them"));
    String range = "def add(a, b): return range(10 ** 12)";
    String walked =
        "limit of 2 s of CPU time of the tests themselves, with what the program gave them";
    cases.put("a range, summed", new Case(range, "assert sum(add(2, 3)) == 5", walked));
    cases.put(
        "a range, walked", new Case(range, "for x in add(2, 3):\n  pass\nassert False", walked));
    cases.put("a range, listed", new Case(range, "assert list(add(2, 3)) == [5]", "MemoryError"));
    cases.put(
        "a range in place of a function",
        new Case("add = range(10 ** 12)", "assert sum(add) == 5", walked));
    cases.put(
        "a power",
        new Case("def add(a, b): return 10 ** 8", "assert add(1, 1) ** add(1, 1) == 1", walked));
    cases.put(
        "a text that a pattern cannot be sought in",
        new Case(
            "def add(a, b): return 'a' * 40 + 'b'",
            "import re\nassert re.match('(a+)+$', add(2, 3))",
            walked));
    cases.put(
        "an address that cannot be read",
        new Case(
            "def add(a, b): return 8",
            "import ctypes\nctypes.string_at(add(2, 3))",
            "the tests' process ended with signal 11, with what the program gave them"));
    return cases;
  }

  @Test
  void isWrongAtOnce() throws Exception {
    Map<String, Case> cases = cases();
    List<String> unexpected = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Map<String, Future<Verdict>> verdicts = new LinkedHashMap<>();
      Map<String, Duration> times = new LinkedHashMap<>();
      cases.forEach(
          (name, given) ->
              verdicts.put(
                  name,
                  threads.submit(
                      () -> {
                        long start = System.nanoTime();
                        Verdict verdict = verify(given.test(), given.program());
                        synchronized (times) {
                          times.put(name, Duration.ofNanos(System.nanoTime() - start));
                        }
                        return verdict;
                      })));
      for (Map.Entry<String, Case> entry : cases.entrySet()) {
        Verdict verdict = Objects.requireNonNull(verdicts.get(entry.getKey())).get();
        if (verdict.isError()
            || verdict.isCorrect()
            || !verdict.reason().contains(entry.getValue().reason())) {
          unexpected.add(entry.getKey() + ": " + verdict);
        }
      }
      assertThat(unexpected).isEmpty();
      times.forEach(
          (name, time) ->
              assertThat(time).as(name).isLessThan(Duration.ofSeconds(2 * WALL_SECONDS)));
    }
    assertThat(workers.replaced()).isZero();
    for (int i = 0; i < 4; i++) {
      assertThat(verify("assert add(2, 3) == 5", HONEST).isCorrect()).isTrue();
    }
  }

  @Test
  void whatTheTestsDoByThemselvesIsAnError() {
    for (String test :
        List.of(
            "while True:\n  pass",
            "import os\nos._exit(3)",
            "import sys\nsys.exit(3)",
            "import ctypes\nctypes.string_at(0)")) {
      Verdict verdict = verify(test, HONEST);
      assertThat(verdict.isError()).as(test + " → " + verdict).isTrue();
      assertThat(verdict.error()).contains("the tests");
    }
    assertThat(verify("assert add(2, 3) == 5", HONEST).isCorrect()).isTrue();
  }

  @Test
  void hugeNumbersCross() {
    String program = "def add(a, b): return 7 ** 100000 * (1 if a > 0 else -1)";
    assertThat(
            verify(
                    "assert add(1, 0) == 7 ** 100000 and add(-1, 0) == -(7 ** 100000)\n"
                        + "assert add(add(1, 0), 0) == 7 ** 100000",
                    program)
                .isCorrect())
        .isTrue();
  }

  private Verdict verify(String test, String program) {
    return verifier.verify(
        new PythonTests("", "", List.of(test), List.of("add")).toJson(), program);
  }
}
