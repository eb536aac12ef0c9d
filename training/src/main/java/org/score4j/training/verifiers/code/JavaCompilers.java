package org.score4j.training.verifiers.code;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;

/**
 * Processes of {@link MemoryCompiler}, each used for one compilation after another and killed over
 * one that takes too long: there are types that a Java compiler takes longer than the age of the
 * world to infer. Safe for use by any number of threads; there are as many processes as compile at
 * once.
 */
final class JavaCompilers implements AutoCloseable {
  // A compilation of an exercise takes 0.1 s, the first one of a process 1.5 s.
  private static final Duration CPU_LIMIT = Duration.ofSeconds(8);
  // Compilers never sleep: one that gets no CPU time for so long is on a busy machine.
  private static final Duration WALL_LIMIT = Duration.ofMinutes(2);
  private static final long LOOK_MILLIS = 250;
  // Of -XX:+ExitOnOutOfMemoryError.
  private static final int OUT_OF_MEMORY = 3;

  private final int memoryMiB;
  private final Deque<Compiler> idle = new ArrayDeque<>();
  private final Set<Compiler> all = new HashSet<>();
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("compiler watch").factory());
  private boolean closed;

  /** memoryMiB: heap of each process. */
  JavaCompilers(int memoryMiB) {
    if (ToolProvider.getSystemJavaCompiler() == null) {
      throw new CodeException(
          "this Java (%s) has no compiler; use a JDK to judge Java programs"
              .formatted(System.getProperty("java.home")));
    }
    this.memoryMiB = memoryMiB;
  }

  /** Texts of classes by their names. */
  MemoryCompiler.Result compile(Map<String, String> sources) {
    try {
      Compiler compiler = take();
      MemoryCompiler.Result result = compiler.compile(sources);
      putBack(compiler);
      return result;
    } catch (IOException e) {
      return failed("", "a compiler cannot be started: " + e.getMessage());
    }
  }

  private static MemoryCompiler.Result failed(String failure, String error) {
    return new MemoryCompiler.Result(Map.of(), failure, error);
  }

  private synchronized Compiler take() throws IOException {
    if (closed) {
      throw new IllegalStateException("Java compilers: used after they were closed");
    }
    Compiler compiler = idle.poll();
    if (compiler == null || !compiler.process.isAlive()) {
      compiler = new Compiler();
      all.add(compiler);
    }
    return compiler;
  }

  private synchronized void putBack(Compiler compiler) {
    if (compiler.process.isAlive() && !closed) {
      idle.push(compiler);
    } else {
      all.remove(compiler);
      compiler.process.destroyForcibly();
    }
  }

  /** How many processes there are. */
  synchronized int processes() {
    return (int) all.stream().filter(compiler -> compiler.process.isAlive()).count();
  }

  @Override
  public synchronized void close() {
    closed = true;
    watch.shutdownNow();
    all.forEach(compiler -> compiler.process.destroyForcibly());
  }

  /** One process, used by one thread at a time. */
  private final class Compiler {
    private final Process process;
    private final DataOutputStream requests;
    private final DataInputStream answers;
    private volatile String stopped = "";
    private volatile boolean busyMachine;

    Compiler() throws IOException {
      ProcessBuilder builder =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx%dm".formatted(memoryMiB),
                  "-XX:MaxMetaspaceSize=%dm".formatted(memoryMiB),
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-XX:-UsePerfData",
                  "-XX:+ExitOnOutOfMemoryError",
                  "-cp",
                  classPath(),
                  MemoryCompiler.class.getName())
              .redirectError(ProcessBuilder.Redirect.DISCARD);
      builder.environment().clear();
      process = builder.start();
      requests = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
      answers = new DataInputStream(new BufferedInputStream(process.getInputStream()));
    }

    MemoryCompiler.Result compile(Map<String, String> sources) {
      Duration before = cpu();
      long start = System.nanoTime();
      ScheduledFuture<?> look =
          watch.scheduleWithFixedDelay(
              () -> stopWhenLate(before, start), LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
      try {
        MemoryCompiler.writeRequest(requests, sources);
        return MemoryCompiler.readAnswer(answers);
      } catch (IOException e) {
        return ended();
      } finally {
        look.cancel(false);
      }
    }

    private Duration cpu() {
      return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private void stopWhenLate(Duration before, long start) {
      Duration used = cpu().minus(before);
      if (used.compareTo(CPU_LIMIT) > 0) {
        stopped = "compiling it takes more than %d s".formatted(CPU_LIMIT.toSeconds());
        process.destroyForcibly();
      } else if (System.nanoTime() - start > WALL_LIMIT.toNanos()) {
        busyMachine = true;
        stopped =
            "compiling: in %d s the machine gave the compiler %.1f s of CPU time"
                .formatted(WALL_LIMIT.toSeconds(), used.toMillis() / 1e3);
        process.destroyForcibly();
      }
    }

    private MemoryCompiler.Result ended() {
      int code = process.destroyForcibly().onExit().join().exitValue();
      if (!stopped.isEmpty()) {
        return busyMachine ? failed("", stopped) : failed(stopped, "");
      }
      return code == OUT_OF_MEMORY
          ? failed("compiling it takes more than %d MiB".formatted(memoryMiB), "")
          : failed("", "the compiler's process ended with exit code %d".formatted(code));
    }

    private static String classPath() {
      try {
        return Path.of(
                MemoryCompiler.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString();
      } catch (URISyntaxException e) {
        throw new IllegalStateException("the place of the program's own classes is no path", e);
      }
    }
  }
}
