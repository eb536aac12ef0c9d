package org.score4j.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.score4j.training.tasks.JsonlRows;
import org.score4j.training.verifiers.Verdict;
import org.score4j.training.verifiers.code.CodeSettings;
import org.score4j.training.verifiers.code.CodeVerifiers;
import org.score4j.training.verifiers.code.PythonInterpreter;
import org.score4j.training.verifiers.code.PythonTests;

/**
 * Programs of MBPP judged a second on two threads: by two warm workers, each candidate in
 * namespaces of its own; and the naive way, an interpreter per program, its tests appended and its
 * exit code believed. The figure to reach is 20.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Threads(2)
@Warmup(iterations = 2, time = 5)
@Measurement(iterations = 5, time = 5)
@Fork(1)
public class CodeVerdictBenchmark {
  // The first reference programs; the slowest of the whole set take seconds on their own.
  private static final int PROGRAMS = 100;

  @Param("../shared/data/code/mbpp.jsonl.gz")
  public String mbpp = "";

  private final List<String> programs = new ArrayList<>();
  private final List<PythonTests> tests = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  private @Nullable CodeVerifiers verifiers;
  private String python = "";

  @Setup
  public void load() {
    for (JsonlRows.Row row : JsonlRows.read(Path.of(mbpp)).subList(0, PROGRAMS)) {
      List<String> statements = new ArrayList<>();
      for (JsonNode test : row.object().path("test_list")) {
        statements.add(test.asText());
      }
      programs.add(row.text("code"));
      tests.add(new PythonTests("", "", statements, List.of()));
    }
    CodeSettings limits = CodeSettings.DEFAULTS;
    // The interpreter itself: a launcher such as pyenv's would make the naive way look bad.
    python = PythonInterpreter.find(limits.python()).executable().toString();
    verifiers =
        new CodeVerifiers(
            new CodeSettings(
                limits.python(),
                limits.isolation(),
                2,
                limits.cpuSeconds(),
                limits.wallSeconds(),
                limits.memoryMiB()),
            System.out::println);
  }

  @TearDown
  public void close() {
    Objects.requireNonNull(verifiers).close();
  }

  @Benchmark
  public Verdict warmWorkers() {
    int index = next.getAndIncrement() % PROGRAMS;
    Verdict verdict =
        Objects.requireNonNull(verifiers)
            .python()
            .verify(tests.get(index).toJson(), programs.get(index));
    if (verdict.isError() || !verdict.isCorrect()) {
      throw new IllegalStateException("a reference program is not right: " + verdict);
    }
    return verdict;
  }

  @Benchmark
  public int processPerProgram() throws IOException, InterruptedException {
    int index = next.getAndIncrement() % PROGRAMS;
    String source = programs.get(index) + "\n" + String.join("\n", tests.get(index).tests());
    Path file = Files.createTempFile("candidate", ".py");
    try {
      Files.writeString(file, source, UTF_8);
      int exit =
          new ProcessBuilder(python, "-I", file.toString())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor();
      if (exit != 0) {
        throw new IllegalStateException("a reference program ends with " + exit);
      }
      return exit;
    } finally {
      Files.delete(file);
    }
  }
}
