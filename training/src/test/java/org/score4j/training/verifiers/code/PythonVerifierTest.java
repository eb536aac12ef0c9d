package org.score4j.training.verifiers.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.training.verifiers.Verdict;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonVerifierTest {
  private CodeWorkers workers;
  private PythonVerifier verifier;

  @BeforeAll
  void open() {
    workers = TestWorkers.open(new CodeLimits(5, 30, 512, 1, 16), List.of());
    verifier = new PythonVerifier(workers);
  }

  @AfterAll
  void close() {
    if (workers != null) {
      workers.close();
    }
  }

  @Test
  void theReasonSaysWhatFailed() {
    String tests = tests("assert f(2) == 4", "assert f(3) == 9");
    assertThat(verify(tests, "def f(x): return x * x"))
        .isEqualTo(Verdict.right("whole response: passed 2 tests"));
    assertThat(verify(tests, "def f(x): return x + x"))
        .isEqualTo(Verdict.wrong("whole response: test 2 of 2 failed: assert f(3) == 9"));
    assertThat(verify(tests, "def g(x): return 4").reason()).contains("does not define f");
    assertThat(verify(tests, "def f(x) return 4").reason()).contains("SyntaxError");
    assertThat(verify(tests, "def f(x): return [][0]").reason())
        .contains("test 1 of 2 raised IndexError: list index out of range");
    assertThat(verify(tests, "  \n").reason()).isEqualTo("no program in the response");
  }

  @Test
  void valuesCrossUnchanged() {
    String program =
        """
        import collections, datetime, decimal, fractions
        Point = collections.namedtuple("Point", "x y")
        VALUES = {
            "int": 10 ** 400, "float": 0.1, "complex": 1 + 2j, "bytes": b"\\x00\\xff", "text": "é\\ud83d\\n",
            "tuple": (1, [2, {3}], {"a": (None, True)}), "named": Point(1, 2), "set": {1, (2, 3)},
            "frozen": frozenset([1]), "counter": collections.Counter("aab"), "range": range(3),
            "deque": collections.deque([1]), "default": collections.defaultdict(list, {1: [2]}),
            "decimal": decimal.Decimal("1.10"), "fraction": fractions.Fraction(1, 3),
            "date": datetime.date(2020, 2, 29), "delta": datetime.timedelta(1, 2), "type": int, "keys": {(1, 2): 3},
        }
        def f(name): return VALUES[name]
        def same(x): return x
        """;
    String tests =
        new PythonTests(
                "",
                "import datetime, decimal, fractions, collections",
                List.of(
                    "assert f('int') == 10 ** 400",
                    "assert f('float') == 0.1 and f('complex') == 1 + 2j and f('bytes') =="
                        + " b'\\x00\\xff'",
                    "assert f('text') == 'é\\ud83d\\n'",
                    "assert f('tuple') == (1, [2, {3}], {'a': (None, True)}) and"
                        + " f('tuple')[2]['a'][1] is True",
                    "assert f('named') == (1, 2) and f('set') == {1, (2, 3)} and f('frozen') =="
                        + " frozenset([1])",
                    "assert f('counter') == {'a': 2, 'b': 1} and f('range') == range(3)",
                    "assert f('deque') == collections.deque([1]) and f('default') == {1: [2]}",
                    "assert f('decimal') == decimal.Decimal('1.10') and f('fraction') =="
                        + " fractions.Fraction(1, 3)",
                    "assert f('date') == datetime.date(2020, 2, 29) and f('delta') =="
                        + " datetime.timedelta(1, 2)",
                    "assert f('type') is int and f('keys') == {(1, 2): 3} and type(f('tuple')) is"
                        + " tuple",
                    "assert same([1, (2,)]) == [1, (2,)] and same(same(float('inf'))) =="
                        + " float('inf')"),
                List.of("f", "same"))
            .toJson();
    assertThat(verify(tests, program)).isEqualTo(Verdict.right("whole response: passed 11 tests"));
  }

  @Test
  void objectsStayWithTheCandidate() {
    String program =
        """
        class Node:
            def __init__(self, value):
                self.value, self.next = value, None
            def __len__(self):
                return 1 + (len(self.next) if self.next else 0)
        def total(node):
            return node.value + (total(node.next) if node.next else 0)
        def count(n):
            for i in range(n):
                yield i
        def apply(f, items):
            return [f(item) for item in items]
        """;
    String tests =
        new PythonTests(
                "",
                "",
                List.of(
                    "a = Node(1)\na.next = Node(2)",
                    "assert total(a) == 3 and a.next.value == 2 and len(a) == 2",
                    "assert list(count(3)) == [0, 1, 2] and sum(count(4)) == 6",
                    "assert apply(lambda x: x + 1, [1, 2]) == [2, 3] and apply(abs, [-1]) == [1]"),
                List.of("Node", "total", "count", "apply"))
            .toJson();
    assertThat(verify(tests, program)).isEqualTo(Verdict.right("whole response: passed 4 tests"));
  }

  @Test
  void onlyTheEntriesComeFromTheCandidate() {
    List<String> tests = List.of("assert abs(f(2) - 4) < 1e-6", "assert sorted(list(g())) == [1]");
    String program =
        "def f(x): return 0\ndef g(): return []\nabs = lambda x: 0\nsorted = lambda x: [1]\n";
    for (List<String> entries : List.of(List.of("f", "g"), List.<String>of())) {
      assertThat(verify(new PythonTests("", "", tests, entries).toJson(), program).reason())
          .contains("test 1 of 2 failed");
    }
    // A name that shadows a builtin can be what is asked for.
    assertThat(
            verify(
                new PythonTests("", "", List.of("assert sum(1, 2) == 3"), List.of("sum")).toJson(),
                "def sum(a, b): return a + b"))
        .isEqualTo(Verdict.right("whole response: passed 1 tests"));
  }

  @Test
  void exceptionsArriveAsThemselves() {
    String tests =
        tests(
            """
            try:
              f(0)
              assert False, 'no exception'
            except ZeroDivisionError as e:
              assert 'by zero' in str(e)
            """,
            "assert f(1) == 1");
    assertThat(verify(tests, "def f(x): return 1 // x"))
        .isEqualTo(Verdict.right("whole response: passed 2 tests"));
    assertThat(verify(tests, "def f(x): return 1").reason()).contains("no exception");
  }

  @Test
  void theProgramIsFoundInTheResponse() {
    String tests = tests("assert f() == 1");
    String program = "def f():\n    return 1\n";
    assertThat(verify(tests, "Sure:\n```python\n" + program + "```\nUse it so:\n```\nf()\n```"))
        .isEqualTo(Verdict.right("fenced block: passed 1 tests"));
    assertThat(verify(tests, "[BEGIN]\n" + program + "[DONE]\nnonsense ("))
        .isEqualTo(Verdict.right("[BEGIN] to [DONE]: passed 1 tests"));
    assertThat(verify(tests, program + "[DONE]"))
        .isEqualTo(Verdict.right("up to [DONE]: passed 1 tests"));
    PythonTests completion =
        new PythonTests(
            "def f():\n    \"\"\"One.\"\"\"\n", "", List.of("assert f() == 1"), List.of("f"));
    assertThat(verify(completion.toJson(), "    return 1\n").isCorrect()).isTrue();
    assertThat(verify(completion.toJson(), program).isCorrect()).isTrue();
  }

  @Test
  void stringSetsHaveOneOrder() {
    String program = "def f(): return list({'apple', 'pear', 'fig', 'plum', 'kiwi'})";
    String first = verify(tests("assert f() is None, str(f())"), program).reason();
    for (int i = 0; i < 4; i++) {
      assertThat(verify(tests("assert f() is None, str(f())"), program).reason()).isEqualTo(first);
    }
  }

  @Test
  void testsThatAreBrokenAreNoFaultOfTheProgram() {
    Verdict verdict = verify(tests("assert f( == 1"), "def f(): return 1");
    assertThat(verdict.isError()).isTrue();
    assertThat(verdict.error()).contains("the tests: SyntaxError");
    assertThatThrownBy(() -> verifier.verify("no JSON", "x"))
        .hasMessageContaining("the reference is no JSON");
    assertThatThrownBy(() -> new PythonTests("", "", List.of(), List.of()))
        .hasMessageContaining("nothing tests");
  }

  @Test
  void theStatementSaysWhatIsInForce() {
    assertThat(workers.statement())
        .contains("2 workers", "isolation namespaces", "process, mount, network", "read-only");
  }

  @Test
  void lessIsolationThanAskedForIsRefused(@TempDir Path folder) throws Exception {
    // Speaks as a worker does whose namespaces are refused.
    String refusal = "{\"refused\": \"unshare: Operation not permitted\"}";
    Path fake =
        Files.writeString(
            folder.resolve("python3"),
            "#!/bin/sh\nprintf '\\000\\000\\000\\%03o%s'\nexec cat > /dev/null\n"
                .formatted(refusal.length(), refusal));
    Files.setPosixFilePermissions(fake, PosixFilePermissions.fromString("rwx------"));
    PythonInterpreter python = new PythonInterpreter(fake, "3.11.0", List.of());
    assertThatThrownBy(
            () -> new CodeWorkers(python, Isolation.NAMESPACES, CodeLimits.DEFAULTS, 1, List.of()))
        .isInstanceOf(CodeException.class)
        .hasMessageContaining("isolation 'namespaces' cannot be had here")
        .hasMessageContaining("Operation not permitted")
        .hasMessageContaining("not run with less");
    assertThatThrownBy(() -> PythonInterpreter.find(folder.resolve("none").toString()))
        .hasMessageContaining("cannot start");
    assertThatThrownBy(() -> Isolation.byName("docker"))
        .hasMessageContaining("process, namespaces");
  }

  @Test
  void withoutNamespacesNothingIsLeftBehindEither(@TempDir Path folder) throws Exception {
    try (CodeWorkers plain =
        new CodeWorkers(
            PythonInterpreter.find("python3"),
            Isolation.PROCESS,
            new CodeLimits(5, 30, 512, 64, 16),
            1,
            List.of())) {
      assertThat(plain.statement()).contains("process limits only", "can read and delete");
      PythonVerifier trusting = new PythonVerifier(plain);
      Path alive = folder.resolve("alive");
      String program =
          """
          import os, time
          if os.fork() == 0:
              os.setsid()
              if os.fork() == 0:
                  while True:
                      open("%s", "a").write("x")
                      time.sleep(0.01)
              os._exit(0)
          def f(): return 1
          """
              .formatted(alive);
      assertThat(trusting.verify(tests("assert f() == 1"), program).isCorrect()).isTrue();
      long size = Files.exists(alive) ? Files.size(alive) : 0;
      Thread.sleep(200);
      assertThat(Files.exists(alive) ? Files.size(alive) : 0).isEqualTo(size);
    }
  }

  private Verdict verify(String tests, String response) {
    return verifier.verify(tests, response);
  }

  private static String tests(String... tests) {
    return new PythonTests("", "", List.of(tests), List.of("f")).toJson();
  }
}
