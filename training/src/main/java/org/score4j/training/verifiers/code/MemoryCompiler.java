package org.score4j.training.verifiers.code;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
 * The JDK's compiler, from text to classes in memory, as a process of its own: no thread that
 * compiles can be stopped, a process can. Nothing of the program runs: no annotation processors,
 * and no class path but the JDK's own. Needs no other library, nor another class of this one.
 *
 * <p>A request is a number of sources and for each its name and text; an answer a number of classes
 * and for each its name and bytes, then the failure. Numbers are 4 bytes, and say the length of
 * what follows.
 */
final class MemoryCompiler {
  private static final long STACK_BYTES = 16 << 20;

  private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();

  /**
   * What came of it.
   *
   * @param classes by name, with their bytes; empty when it failed
   * @param failure of the program; empty when there is none
   * @param error why it is not known; empty when it is
   */
  record Result(Map<String, byte[]> classes, String failure, String error) {}

  private MemoryCompiler() {}

  /** Answers one request after another; ends with the one who sends them. */
  public static void main(String[] arguments) throws IOException {
    DataInputStream requests = new DataInputStream(new BufferedInputStream(System.in));
    DataOutputStream answers = new DataOutputStream(new BufferedOutputStream(System.out));
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, UTF_8));
    MemoryCompiler compiler = new MemoryCompiler();
    while (true) {
      int count = readCount(requests);
      Map<String, String> sources = new LinkedHashMap<>();
      for (int i = 0; i < count; i++) {
        sources.put(readText(requests), readText(requests));
      }
      // This thread goes on reading, for an end of the requests ends a compilation too.
      Thread.ofPlatform()
          .stackSize(STACK_BYTES)
          .start(
              () -> {
                try {
                  write(answers, compiler.compile(sources));
                } catch (IOException e) {
                  Runtime.getRuntime().halt(1);
                }
              });
    }
  }

  private static int readCount(DataInputStream requests) throws IOException {
    try {
      return requests.readInt();
    } catch (EOFException e) {
      Runtime.getRuntime().halt(0);
      throw e;
    }
  }

  private static String readText(DataInputStream from) throws IOException {
    return new String(readBytes(from), UTF_8);
  }

  private static byte[] readBytes(DataInputStream from) throws IOException {
    byte[] bytes = new byte[from.readInt()];
    from.readFully(bytes);
    return bytes;
  }

  private static void writeBytes(DataOutputStream to, byte[] bytes) throws IOException {
    to.writeInt(bytes.length);
    to.write(bytes);
  }

  private static void write(DataOutputStream answers, Result result) throws IOException {
    answers.writeInt(result.classes().size());
    for (Map.Entry<String, byte[]> entry : result.classes().entrySet()) {
      writeBytes(answers, entry.getKey().getBytes(UTF_8));
      writeBytes(answers, entry.getValue());
    }
    writeBytes(answers, result.failure().getBytes(UTF_8));
    answers.flush();
  }

  /** For the one who asks. */
  static void writeRequest(DataOutputStream to, Map<String, String> sources) throws IOException {
    to.writeInt(sources.size());
    for (Map.Entry<String, String> source : sources.entrySet()) {
      writeBytes(to, source.getKey().getBytes(UTF_8));
      writeBytes(to, source.getValue().getBytes(UTF_8));
    }
    to.flush();
  }

  /** For the one who asks. */
  static Result readAnswer(DataInputStream from) throws IOException {
    int count = from.readInt();
    Map<String, byte[]> classes = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      classes.put(readText(from), readBytes(from));
    }
    return new Result(classes, readText(from), "");
  }

  private Result compile(Map<String, String> sources) throws IOException {
    try {
      return compileNow(sources);
    } catch (RuntimeException | StackOverflowError e) {
      // Nested too deeply for any compiler, or a defect of this one.
      return new Result(Map.of(), "the compiler fails on it: " + e, "");
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
