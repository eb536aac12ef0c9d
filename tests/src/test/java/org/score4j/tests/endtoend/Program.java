package org.score4j.tests.endtoend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The program in a process of its own, as a user starts it. */
final class Program {
  /** Generous: these machines are slow when they are busy, and a hang must still end. */
  private static final long LIMIT_SECONDS = 300;

  /**
   * A finished process.
   *
   * @param exitCode as the shell sees it
   * @param out stdout
   * @param err stderr
   */
  record Outcome(int exitCode, String out, String err) {
    JsonNode json() throws IOException {
      return new ObjectMapper().readTree(out);
    }
  }

  private final Path folder;
  private int number;

  /** Processes with {@code folder} as their working directory. */
  Program(Path folder) {
    this.folder = folder;
  }

  Process start(List<String> arguments) throws IOException {
    return start(new ProcessBuilder(command(arguments)));
  }

  /**
   * As {@link #start}, on a terminal of its own, where {@code script} of util-linux makes one. It
   * types what comes from the pipe, and Ctrl-D at its end.
   *
   * @param before the beginning of the shell's command line
   */
  Process startOnTerminal(String before, List<String> arguments) throws IOException {
    String line =
        command(arguments).stream()
            .map(word -> "'" + word.replace("'", "'\\''") + "'")
            .collect(Collectors.joining(" "));
    ProcessBuilder script = new ProcessBuilder("script", "-qec", before + line, "/dev/null");
    script.environment().put("TERM", "xterm");
    script.environment().put("XDG_STATE_HOME", folder.toString());
    return start(script);
  }

  private Process start(ProcessBuilder builder) throws IOException {
    number++;
    return builder
        .directory(folder.toFile())
        .redirectOutput(folder.resolve("out-" + number).toFile())
        .redirectError(folder.resolve("err-" + number).toFile())
        .start();
  }

  private static List<String> command(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx512m",
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("org.score4j.training.cli.Score4j");
    command.addAll(arguments);
    return command;
  }

  Outcome finish(Process process) throws IOException, InterruptedException {
    int own = number;
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(
          "the program did not end within %d s: %s".formatted(LIMIT_SECONDS, read("err-" + own)));
    }
    return new Outcome(process.exitValue(), read("out-" + own), read("err-" + own));
  }

  Outcome run(String... arguments) throws IOException, InterruptedException {
    return finish(start(List.of(arguments)));
  }

  /** What the process started last has written to stderr so far. */
  String errorsSoFar() throws IOException {
    return read("err-" + number);
  }

  private String read(String name) throws IOException {
    return Files.readString(folder.resolve(name));
  }
}
