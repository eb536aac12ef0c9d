package org.score4j.training.verifiers.code;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The seccomp filter, instruction by instruction, also that of the architecture this is not. */
class SystemCallsTest {
  @Test
  void theFilterRefusesWhatItListsOnBothArchitectures(@TempDir Path folder) throws Exception {
    PythonInterpreter python;
    try {
      python = PythonInterpreter.find(System.getProperty("score4j.python", "python3"));
    } catch (CodeException e) {
      abort("no Python here: " + e.getMessage());
      return;
    }
    for (String name : new String[] {"kernel", "syscalls", "filter"}) {
      copy("/verifiers/%s.py".formatted(name), folder.resolve(name + ".py"));
    }
    Process process =
        new ProcessBuilder(
                python.executable().toString(),
                "-B",
                folder.resolve("filter.py").toString(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(new String(process.getInputStream().readAllBytes(), UTF_8)).isEqualTo("ok\n");
  }

  private static void copy(String resource, Path to) throws IOException {
    try (InputStream stream =
        Objects.requireNonNull(SystemCallsTest.class.getResourceAsStream(resource))) {
      Files.copy(stream, to);
    }
  }
}
