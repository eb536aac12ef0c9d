package org.score4j.training.verifiers.code;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.score4j.training.verifiers.Verdict;
import org.score4j.training.verifiers.Verifier;

/**
 * Right when a Java program gives the expected value of every call; the reference is a {@link
 * JavaTests}. Compiled here, run in a JVM of its own in a worker's isolation. That JVM knows the
 * calls, not the values they must have, so nothing it does can be a pass but to compute them.
 */
public final class JavaVerifier implements Verifier, AutoCloseable {
  private static final char JOB = 'X';
  private static final int MAX_PROGRAM = 1 << 18;
  private static final int MAX_OUTPUT = 1 << 20;
  // Of a JVM: compiler, collector, signal and other threads.
  private static final int THREADS = 64;
  private static final String HARNESS = "Score4jHarness";
  private static final Pattern PACKAGE = Pattern.compile("(?m)^\\s*package\\s+[\\w.]+\\s*;");
  private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));

  private final CodeWorkers workers;
  private final JavaCompilers compiler;

  /** workers: must be able to read {@link #readable()}; closed by their owner. */
  public JavaVerifier(CodeWorkers workers) {
    this.workers = workers;
    compiler = new JavaCompilers(workers.limits().memoryMiB());
  }

  /** The folders a JVM needs. */
  public static List<String> readable() {
    return PythonInterpreter.existing(List.of(JAVA_HOME.toString()));
  }

  @Override
  public Verdict verify(String reference, String response) {
    JavaTests tests = JavaTests.fromJson(reference);
    Set<String> types = JavaCalls.types(tests);
    ProgramText program = ProgramText.of(response, ProgramLanguage.JAVA, types, false);
    if (program.isBlank()) {
      return Verdict.wrong("no program in the response");
    }
    if (program.length() > MAX_PROGRAM) {
      return Verdict.wrong(
          "a program of %d characters; at most %d".formatted(program.length(), MAX_PROGRAM));
    }
    MemoryCompiler.Result compiled = compile(program, tests);
    if (!compiled.error().isEmpty()) {
      return Verdict.failed(compiled.error());
    }
    if (!compiled.failure().isEmpty()) {
      String fault = JavaCalls.fault(tests);
      return fault.isEmpty()
          ? Verdict.wrong(program.rule() + ": " + compiled.failure())
          : Verdict.failed(fault);
    }
    if (types.stream().noneMatch(compiled.classes()::containsKey)) {
      return Verdict.failed("the tests never call the program: it could be any");
    }
    try {
      JsonNode answer = workers.run(JOB, job(compiled.classes()));
      if (answer.path("outcome").asText().equals("error")) {
        return Verdict.failed(answer.path("reason").asText());
      }
      return judge(tests, answer, program.rule());
    } catch (IOException e) {
      return Verdict.failed("the worker was lost: " + e.getMessage());
    }
  }

  /** The first of the program's texts that compiles, else what is wrong with the first one. */
  private MemoryCompiler.Result compile(ProgramText program, JavaTests tests) {
    MemoryCompiler.@Nullable Result first = null;
    for (String text : new LinkedHashSet<>(program.texts())) {
      // The harness is in no package, and could not reach a class in one.
      String source = PACKAGE.matcher(text).replaceFirst("");
      MemoryCompiler.Result result =
          compiler.compile(Map.of("Candidate", source, HARNESS, harness(tests)));
      if (result.failure().isEmpty()) {
        return result;
      }
      first = first == null ? result : first;
    }
    return Objects.requireNonNull(first);
  }

  private static Verdict judge(JavaTests tests, JsonNode answer, String rule) {
    Map<Integer, String> values = values(answer.path("output").asText());
    int count = tests.calls().size();
    for (int i = 0; i < count; i++) {
      JavaTests.Call call = tests.calls().get(i);
      String value = values.get(i);
      String label = "%s: test %d of %d: %s".formatted(rule, i + 1, count, call.call());
      if (value == null) {
        return Verdict.wrong(
            "%s gave no value (%s)".formatted(label, answer.path("ending").asText()));
      }
      if (!value.equals("=" + call.expected())) {
        return Verdict.wrong(
            "%s gave %s, expected %s".formatted(label, value.substring(1), call.expected()));
      }
    }
    return Verdict.right("%s: passed %d tests".formatted(rule, count));
  }

  /** Lines of index, tab, Base64 of "=value" or "!exception". The first line of an index counts. */
  private static Map<Integer, String> values(String output) {
    Map<Integer, String> values = new LinkedHashMap<>();
    for (String line : output.lines().toList()) {
      String[] columns = line.split("\t", -1);
      if (columns.length == 2 && columns[0].length() < 7) {
        try {
          String value = new String(Base64.getDecoder().decode(columns[1]), UTF_8);
          if (!value.isEmpty()) {
            values.putIfAbsent(Integer.parseInt(columns[0]), value);
          }
        } catch (IllegalArgumentException e) {
          // A line of the program's own, whatever it looks like.
        }
      }
    }
    return values;
  }

  private Map<String, Object> job(Map<String, byte[]> classes) {
    Map<String, String> files = new LinkedHashMap<>();
    classes.forEach(
        (name, bytes) ->
            files.put(
                name.replace('.', '/') + ".class", Base64.getEncoder().encodeToString(bytes)));
    int heap = Math.max(32, workers.limits().memoryMiB() / 2);
    return Map.of(
        "command",
        List.of(
            JAVA_HOME.resolve("bin/java").toString(),
            "-Xmx%dm".formatted(heap),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            // Its address space is limited too.
            "-XX:CompressedClassSpaceSize=128m",
            "-XX:ReservedCodeCacheSize=64m",
            "-XX:+DisableAttachMechanism",
            "--illegal-native-access=deny",
            "-Xshare:auto",
            "-cp",
            ".",
            HARNESS),
        // Without /proc the linker cannot find what lies beside the program.
        "environment",
        Map.of("LD_LIBRARY_PATH", JAVA_HOME.resolve("lib").toString(), "MALLOC_ARENA_MAX", "1"),
        "files",
        files,
        "processes",
        THREADS,
        "maxOutput",
        MAX_OUTPUT);
  }

  /** Ends the compilers; the workers are their owner's. */
  @Override
  public void close() {
    compiler.close();
  }

  private static String harness(JavaTests tests) {
    StringBuilder calls = new StringBuilder();
    for (int i = 0; i < tests.calls().size(); i++) {
      calls.append(
          "    try { put(%d, \"=\" + text(%s)); } catch (Throwable t) { put(%d, \"!\" + t); }%n"
              .formatted(i, tests.calls().get(i).call(), i));
    }
    return """
    final class %s {
      private static final java.io.PrintStream OUT =
          new java.io.PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true);
      public static void main(String[] arguments) {
        System.setOut(new java.io.PrintStream(java.io.OutputStream.nullOutputStream()));
        System.setErr(System.out);
    %s    System.exit(0);
      }
      private static void put(int index, String value) {
        byte[] bytes = value.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        OUT.println(index + "\\t" + java.util.Base64.getEncoder().encodeToString(bytes));
      }
      private static String text(Object value) {
        if (value == null || !value.getClass().isArray()) {
          return String.valueOf(value);
        }
        String inArray = java.util.Arrays.deepToString(new Object[] {value});
        return inArray.substring(1, inArray.length() - 1);
      }
    }
    """
        .formatted(HARNESS, calls);
  }
}
