package org.score4j.training.verifiers.code;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A Python to run workers with.
 *
 * @param executable the interpreter itself, not a launcher that needs an environment
 * @param version such as 3.11.7
 * @param readable the folders it needs
 * @param sitePackages folders of the packages installed for it, its virtual environment's included
 */
public record PythonInterpreter(
    Path executable, String version, List<String> readable, List<String> sitePackages) {
  private static final String QUESTIONS =
      "import"
          + " site,sys;print(sys.executable);print(sys.base_prefix);print('%d.%d.%d'%sys.version_info[:3]);print('\\n"
          + "'.join(site.getsitepackages()))";
  // waitstatus_to_exitcode came with 3.9.
  private static final int MINOR_VERSION = 9;
  private static final List<String> LIBRARIES =
      List.of("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64");

  /** readable, sitePackages: copied. */
  public PythonInterpreter {
    readable = List.copyOf(readable);
    sitePackages = List.copyOf(sitePackages);
  }

  /** Without installed packages. */
  public PythonInterpreter(Path executable, String version, List<String> readable) {
    this(executable, version, readable, List.of());
  }

  /**
   * Asks a command such as {@code python3} which interpreter it is.
   *
   * @throws CodeException when it is missing or too old
   */
  public static PythonInterpreter find(String command) {
    try {
      Process process =
          new ProcessBuilder(command, "-c", QUESTIONS)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.getOutputStream().close();
      List<String> answers =
          new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();
      if (!process.waitFor(30, TimeUnit.SECONDS)
          || process.exitValue() != 0
          || answers.size() < 3) {
        throw new CodeException(
            "'%s' is no working Python; install Python 3.9 or newer, or name another one with code.python"
                .formatted(command));
      }
      String version = answers.get(2);
      String[] parts = version.split("\\.", -1);
      if (Integer.parseInt(parts[0]) != 3 || Integer.parseInt(parts[1]) < MINOR_VERSION) {
        throw new CodeException(
            "'%s' is Python %s; 3.9 or newer is needed, name another one with code.python"
                .formatted(command, version));
      }
      List<String> sitePackages = existing(answers.subList(3, answers.size()));
      return new PythonInterpreter(
          Path.of(answers.get(0)).toRealPath(),
          version,
          folders(Path.of(answers.get(1)), sitePackages),
          sitePackages);
    } catch (IOException e) {
      throw new CodeException(
          "cannot start '%s' (%s); install Python 3.9 or newer, or name it with code.python"
              .formatted(command, e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CodeException(
          "interrupted while asking '%s' for its version".formatted(command), e);
    }
  }

  private static List<String> folders(Path prefix, List<String> sitePackages) {
    List<String> folders = new ArrayList<>(existing(LIBRARIES));
    if (!lieIn(folders, prefix.resolve("lib"))) {
      folders.add(prefix.toString());
    }
    for (String packages : sitePackages) {
      if (!lieIn(folders, Path.of(packages))) {
        folders.add(packages);
      }
    }
    return folders;
  }

  private static boolean lieIn(List<String> folders, Path path) {
    return folders.stream().anyMatch(path::startsWith);
  }

  static List<String> existing(List<String> folders) {
    return folders.stream().filter(folder -> Files.exists(Path.of(folder))).toList();
  }
}
