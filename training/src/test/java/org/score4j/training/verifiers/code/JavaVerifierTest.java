package org.score4j.training.verifiers.code;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.score4j.training.verifiers.Verdict;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JavaVerifierTest {
  private static final String TESTS =
      new JavaTests(
              List.of(
                  new JavaTests.Call("Solution.add(2, 3)", "5"),
                  new JavaTests.Call("Solution.add(-1, 1)", "0"),
                  new JavaTests.Call("Solution.pairs(2)", "[[0, 0], [1, 1]]")))
          .toJson();
  private static final String PAIRS =
      """
        static int[][] pairs(int n) {
          int[][] pairs = new int[n][];
          for (int i = 0; i < n; i++) pairs[i] = new int[] {i, i};
          return pairs;
        }
      """;

  /** For every level of nesting the compiler tries both methods for both branches. */
  static final String ENDLESS_TO_COMPILE =
      """
      public class Solution {
        static <T> T k(T a) { return a; }
        static <T extends Comparable<? super T>> T k(T a, Object... more) { return a; }
        static int add(int a, int b) { return %s; }
        static int[][] pairs(int n) { return null; }
      }
      """
          .formatted(nested(30));

  private CodeWorkers workers;
  private JavaVerifier verifier;

  private static String nested(int depth) {
    return depth == 0 ? "k(1)" : "k(a > 0 ? %s : k(2))".formatted(nested(depth - 1));
  }

  @BeforeAll
  void open() {
    workers = TestWorkers.open(new CodeLimits(2, 20, 512, 1, 16), JavaVerifier.readable());
    verifier = new JavaVerifier(workers);
  }

  @AfterAll
  void close() {
    if (verifier != null) {
      verifier.close();
    }
    if (workers != null) {
      workers.close();
    }
  }

  private Verdict verify(String add) {
    return verifier.verify(
        TESTS,
        "public class Solution {\n  static int add(int a, int b) { " + add + " }\n" + PAIRS + "}");
  }

  @Test
  void aProgramIsRightWhenAllItsValuesAre() {
    assertThat(verify("return a + b;")).isEqualTo(Verdict.right("whole response: passed 3 tests"));
    assertThat(verify("System.out.println(\"0\\t\"); return a + b;").isCorrect()).isTrue();
    assertThat(verify("return a - b;").reason())
        .isEqualTo("whole response: test 1 of 3: Solution.add(2, 3) gave -1, expected 5");
    assertThat(verify("return a / (b - b);").reason())
        .contains("gave java.lang.ArithmeticException: / by zero");
    assertThat(verify("return a + ;").reason()).contains("does not compile: line 2: illegal start");
  }

  @Test
  void hostileProgramsAreContainedAndNonePasses() throws Exception {
    List<String> bodies =
        List.of(
            "System.exit(0); return 0;",
            "Runtime.getRuntime().halt(0); return 0;",
            "while (true) { }",
            "byte[][] all = new byte[1 << 20][]; for (int i = 0; ; i++) all[i] = new byte[1 <<"
                + " 20];",
            "while (true) new Thread(() -> { while (true) { } }).start();",
            "try { new ProcessBuilder(\"/bin/sh\").start(); } catch (Exception e) { return -1; }"
                + " return a + b;",
            "try { new java.net.Socket(\"1.1.1.1\", 53); } catch (Exception e) { return -1; }"
                + " return a + b;",
            "return new java.io.File(\"/etc\").exists() || new java.io.File(\"/home\").exists() ? a"
                + " + b : -1;",
            "while (true) System.out.println(\"0\\tPTU=\");",
            "return ProcessHandle.allProcesses().count() > 2 ? a + b : -1;",
            "try { new ProcessBuilder(System.getProperty(\"java.home\") + \"/bin/java\").start(); }"
                + " catch (Exception e) { return -1; } return a + b;",
            "try { System.load(System.getProperty(\"java.home\") + \"/lib/libnet.so\"); }"
                + " catch (Throwable e) { return -1; } return a + b;",
            "try { java.lang.foreign.MemorySegment.NULL.reinterpret(9); }"
                + " catch (Throwable e) { return -1; } return a + b;",
            "try { java.nio.ByteBuffer[] all = new java.nio.ByteBuffer[99]; for (int i = 0; i < 99;"
                + " i++) all[i] = java.nio.ByteBuffer.allocateDirect(64 << 20); }"
                + " catch (Throwable e) { return -1; } return a + b;",
            "try { new java.net.Socket(java.net.InetAddress.getByAddress(new byte[] {127, 0, 0,"
                + " 1}), 22); } catch (java.io.IOException e) { return -1; } return a + b;",
            "return add(b, a);");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Verdict>> verdicts =
          bodies.stream().map(body -> threads.submit(() -> verify(body))).toList();
      for (int i = 0; i < bodies.size(); i++) {
        Verdict verdict = verdicts.get(i).get();
        assertThat(
                verdict.isError()
                    ? String.valueOf(verdict.error()).contains("too busy")
                    : !verdict.isCorrect())
            .as(bodies.get(i) + " → " + verdict)
            .isTrue();
      }
    }
    assertThat(verify("return a + b;").isCorrect()).isTrue();
  }

  @Test
  void whatTheCompilerDoesNotFinishIsWrongAndLeavesItAble() throws Exception {
    List<String> programs =
        List.of(
            ENDLESS_TO_COMPILE,
            ENDLESS_TO_COMPILE,
            // One constant of 2^29 characters.
            "public class Solution { static final String A0 = \"xxxxxxxxxxxxxxxx\""
                + IntStream.rangeClosed(1, 27)
                    .mapToObj(i -> ", A%1$d = A%2$d + A%2$d".formatted(i, i - 1))
                    .collect(Collectors.joining())
                + "; static int add(int a, int b) { return A27.length(); }"
                + PAIRS
                + "}",
            "public class Solution { static int add(int a, int b) { return "
                + "(".repeat(40_000)
                + "a"
                + ")".repeat(40_000)
                + "; }"
                + PAIRS
                + "}");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Verdict>> verdicts =
          programs.stream()
              .map(program -> threads.submit(() -> verifier.verify(TESTS, program)))
              .toList();
      for (Future<Verdict> future : verdicts) {
        Verdict verdict = future.get();
        assertThat(verdict.isError()).as(verdict.toString()).isFalse();
        assertThat(verdict.isCorrect()).isFalse();
        assertThat(verdict.reason()).contains("compil");
      }
      assertThat(verdicts.getFirst().get().reason()).contains("takes more than 8 s");
    }
    assertThat(verify("return a + b;").isCorrect()).isTrue();
    assertThat(burning()).as("compilers that go on").isZero();
  }

  /** How many processes of this program's use a processor for a quarter of a second. */
  private static long burning() throws InterruptedException {
    Map<ProcessHandle, Duration> before = new HashMap<>();
    ProcessHandle.current()
        .descendants()
        .forEach(each -> before.put(each, each.info().totalCpuDuration().orElse(Duration.ZERO)));
    Thread.sleep(1000);
    return before.entrySet().stream()
        .filter(
            each ->
                each.getKey()
                        .info()
                        .totalCpuDuration()
                        .orElse(Duration.ZERO)
                        .minus(each.getValue())
                        .toMillis()
                    > 250)
        .count();
  }

  @Test
  void theHarnessCannotBeReplaced() {
    String twice =
        "public class Solution { static int add(int a, int b) { return 0; }"
            + PAIRS
            + "}"
            + "class Score4jHarness { public static void main(String[] a) { } }";
    assertThat(verifier.verify(TESTS, twice).reason()).contains("does not compile");
  }
}
