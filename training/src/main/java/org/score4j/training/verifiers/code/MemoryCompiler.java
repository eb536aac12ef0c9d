package org.score4j.training.verifiers.code;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;

/**
 * The JDK's compiler, from text to classes in memory. Nothing of the program runs: no annotation
 * processors, and no class path but the JDK's own.
 */
final class MemoryCompiler {
  private static final int SECONDS = 20;
  // A compiler cannot be stopped; one that goes on for ever costs a core.
  private static final int MAX_STUCK = 2;
  private static final long STACK_BYTES = 16 << 20;

  private final JavaCompiler compiler;
  private final Set<Thread> stuck = ConcurrentHashMap.newKeySet();

  /**
   * What came of it.
   *
   * @param classes by name, with their bytes; empty when it failed
   * @param failure of the program; empty when there is none
   * @param error why it is not known; empty when it is
   */
  record Result(Map<String, byte[]> classes, String failure, String error) {}

  MemoryCompiler() {
    JavaCompiler found = ToolProvider.getSystemJavaCompiler();
    if (found == null) {
      throw new CodeException(
          "this Java (%s) has no compiler; use a JDK to judge Java programs"
              .formatted(System.getProperty("java.home")));
    }
    compiler = found;
  }

  Result compile(Map<String, String> sources) {
    stuck.removeIf(thread -> !thread.isAlive());
    if (stuck.size() >= MAX_STUCK) {
      return new Result(
          Map.of(), "", "%d compilations do not come to an end".formatted(stuck.size()));
    }
    FutureTask<Result> task = new FutureTask<>(() -> compileNow(sources));
    Thread thread = new Thread(null, task, "compile a candidate", STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    try {
      return task.get(SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      stuck.add(thread);
      long cpu = ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.threadId());
      return cpu > TimeUnit.SECONDS.toNanos(SECONDS) / 2
          ? new Result(Map.of(), "compiling takes more than %d s".formatted(SECONDS), "")
          : new Result(Map.of(), "", "compiling took more than %d s".formatted(SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Result(Map.of(), "", "interrupted while compiling");
    } catch (ExecutionException e) {
      // Such as a StackOverflowError: the program is nested too deeply for any compiler.
      return new Result(Map.of(), "the compiler fails on it: " + e.getCause(), "");
    }
  }

  private Result compileNow(Map<String, String> sources) throws IOException {
    DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
    Map<String, ByteArrayOutputStream> written = new LinkedHashMap<>();
    try (StandardJavaFileManager files =
        compiler.getStandardFileManager(problems, Locale.ROOT, null)) {
      files.setLocation(StandardLocation.CLASS_PATH, List.of());
      boolean compiled =
          compiler
              .getTask(
                  new StringWriter(),
                  new Memory(files, written),
                  problems,
                  List.of("-proc:none", "-Xlint:none", "-nowarn", "-implicit:none"),
                  null,
                  sources.entrySet().stream()
                      .map(source -> new Source(source.getKey(), source.getValue()))
                      .toList())
              .call();
      if (!compiled) {
        return new Result(Map.of(), "does not compile: " + first(problems), "");
      }
    }
    Map<String, byte[]> classes = new LinkedHashMap<>();
    written.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
    return new Result(classes, "", "");
  }

  private static String first(DiagnosticCollector<JavaFileObject> problems) {
    return problems.getDiagnostics().stream()
        .filter(problem -> problem.getKind() == Diagnostic.Kind.ERROR)
        .findFirst()
        .map(
            problem ->
                "line %d: %s"
                    .formatted(
                        problem.getLineNumber(),
                        problem.getMessage(Locale.ROOT).lines().findFirst().orElse("")))
        .orElse("for an unknown reason");
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String name, String text) {
      super(URI.create("memory:///" + name + ".java"), Kind.SOURCE);
      this.text = text;
    }

    /** A public class may have any name. */
    @Override
    public boolean isNameCompatible(String simpleName, Kind kind) {
      return kind == Kind.SOURCE || super.isNameCompatible(simpleName, kind);
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  private static final class Memory extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, ByteArrayOutputStream> written;

    Memory(JavaFileManager files, Map<String, ByteArrayOutputStream> written) {
      super(files);
      this.written = written;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
      return new SimpleJavaFileObject(
          URI.create("memory:///" + className.replace('.', '/') + ".class"), kind) {
        @Override
        public OutputStream openOutputStream() {
          ByteArrayOutputStream bytes = new ByteArrayOutputStream();
          written.put(className, bytes);
          return bytes;
        }
      };
    }
  }
}
