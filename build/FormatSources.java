import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The formatting gate: {@code check} lists every file that google-java-format would change, {@code
 * apply} rewrites them. What stays wrong is written to a report, which the enforcer refuses; an
 * exit code would make exec-maven-plugin print its own stack trace.
 *
 * <p>A program of the JDK's source launcher and not fmt-maven-plugin, because that plugin parses
 * with the JDK that Maven runs on: on JDK 17 it rejects record patterns and pattern switches.
 */
final class FormatSources {
  private FormatSources() {}

  private enum Outcome {
    CLEAN,
    CHANGED,
    BROKEN
  }

  private record Result(Path file, Outcome outcome, String detail) {}

  public static void main(String[] args) throws IOException {
    boolean apply =
        switch (args[0]) {
          case "check" -> false;
          case "apply" -> true;
          default -> throw new IllegalArgumentException("-Dformat is check or apply: " + args[0]);
        };
    Path root = Path.of(args[1]);
    Path report = Path.of(args[2]);
    List<Path> files;
    try (Stream<Path> tree = Files.walk(root)) {
      files = tree.filter(file -> isSource(root.relativize(file))).sorted().toList();
    }
    List<Result> results = files.parallelStream().map(file -> format(root, file, apply)).toList();
    List<String> faults = new ArrayList<>();
    for (Result result : results) {
      switch (result.outcome()) {
        case CLEAN -> {}
        case CHANGED -> {
          if (apply) {
            System.out.println("formatted: " + result.file());
          } else {
            faults.add("not formatted: " + result.file());
          }
        }
        case BROKEN -> faults.add("not Java: " + result.file() + ": " + result.detail());
      }
    }
    faults.forEach(System.err::println);
    if (faults.isEmpty()) {
      Files.deleteIfExists(report);
    } else {
      Files.write(report, faults);
    }
  }

  /** Only what is under a module's src, and this file: not target, not a run folder. */
  private static boolean isSource(Path file) {
    String path = file.toString().replace('\\', '/');
    return path.endsWith(".java")
        && (path.matches("[a-z/]+/src/(main|test)/java/.*") || path.startsWith("build/"));
  }

  private static Result format(Path root, Path file, boolean apply) {
    Path shown = root.relativize(file);
    try {
      String source = Files.readString(file);
      String formatted = new Formatter().formatSourceAndFixImports(source);
      if (formatted.equals(source)) {
        return new Result(shown, Outcome.CLEAN, "");
      }
      if (apply) {
        Files.writeString(file, formatted);
      }
      return new Result(shown, Outcome.CHANGED, "");
    } catch (FormatterException e) {
      return new Result(shown, Outcome.BROKEN, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException("reading or writing " + file, e);
    }
  }
}
