package org.score4j.training.verifiers.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers, candidates and compilers end with the program that started them, however that ends. */
class EndWithTheProgramTest {
  private static final Duration WITHIN = Duration.ofSeconds(30);

  @Test
  void namespacesKilled(@TempDir Path folder) throws Exception {
    end(Isolation.NAMESPACES, true, folder);
  }

  @Test
  void namespacesTerminated(@TempDir Path folder) throws Exception {
    end(Isolation.NAMESPACES, false, folder);
  }

  @Test
  void processKilled(@TempDir Path folder) throws Exception {
    end(Isolation.PROCESS, true, folder);
  }

  @Test
  void processTerminated(@TempDir Path folder) throws Exception {
    end(Isolation.PROCESS, false, folder);
  }

  private static void end(Isolation isolation, boolean kill, Path folder) throws Exception {
    Process program =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + folder,
                "-cp",
                System.getProperty("java.class.path"),
                WorkersProbe.class.getName(),
                isolation.label())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output = program.inputReader()) {
      assumeTrue(
          "started".equals(output.readLine()), "the program did not start; see its messages");
      List<ProcessHandle> started = program.descendants().toList();
      assertThat(started).hasSizeGreaterThanOrEqualTo(6);
      assertThat(files(folder)).isEqualTo(isolation == Isolation.NAMESPACES ? 0 : 2);
      if (kill) {
        program.destroyForcibly();
      } else {
        program.destroy();
      }
      program.waitFor();
      long until = System.nanoTime() + WITHIN.toNanos();
      while (System.nanoTime() < until
          && (started.stream().anyMatch(ProcessHandle::isAlive) || files(folder) > 0)) {
        Thread.sleep(50);
      }
      assertThat(started).noneMatch(ProcessHandle::isAlive);
      assertThat(folder).isEmptyDirectory();
    } finally {
      program.destroyForcibly();
    }
  }

  private static long files(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.count();
    }
  }
}
