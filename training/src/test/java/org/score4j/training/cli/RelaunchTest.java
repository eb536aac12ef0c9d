package org.score4j.training.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.training.Main;

final class RelaunchTest {
  private static final int TIMEOUT_SECONDS = 30;
  private static final int JAVA_8_CLASS_FILE = 52;

  @TempDir private Path folder;
  private final List<ProcessHandle> started = new ArrayList<>();

  @AfterEach
  void killWhatIsLeft() {
    started.forEach(ProcessHandle::destroyForcibly);
  }

  @Test
  void main_loadsOnJava8() throws IOException {
    try (var in = new DataInputStream(Main.class.getResourceAsStream("Main.class"))) {
      assertThat(in.readInt()).isEqualTo(0xCAFEBABE);
      assertThat(in.readUnsignedShort()).as("minor version").isZero();
      assertThat(in.readUnsignedShort()).as("major version").isEqualTo(JAVA_8_CLASS_FILE);
    }
  }

  @Test
  void relaunched_hasJvmArgumentsArgumentsAndExitCode() throws Exception {
    Process process =
        start(List.of("-Dprobe.property=a b", "-Xmx64m", "-XX:+UseSerialGC"), "exit", "7");

    assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
        .contains("property=a b")
        .containsPattern("maxHeap=6\\d{7}\\b")
        .contains("relaunchNeeded=false");
    assertThat(exitCode(process)).isEqualTo(7);
  }

  @Test
  void terminated_letsTheChildSave() throws Exception {
    Process process = start(List.of(), "wait", folder.toString());
    ProcessHandle child = awaitChild();

    process.destroy();

    assertThat(exitCode(process)).as("128 + SIGTERM, from the child").isEqualTo(143);
    assertThat(folder.resolve("saved")).exists();
    assertThat(child.isAlive()).isFalse();
  }

  @Test
  void killed_takesTheChildWithIt() throws Exception {
    Process process = start(List.of(), "wait", folder.toString());
    ProcessHandle child = awaitChild();

    process.destroyForcibly();

    await("the end of the orphan " + child.pid(), () -> !child.isAlive());
    assertThat(folder.resolve("saved")).doesNotExist();
  }

  @Test
  void launcherScript_passesTheSameFlags() throws IOException {
    assertThat(Files.readString(Path.of("..", "bin", "score4j")))
        .contains(Relaunch.JVM_FLAGS)
        .contains(Relaunch.COLLECTOR_FLAG);
  }

  /** The probe in a JVM without the Vector API. */
  private Process start(List<String> jvmArguments, String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmArguments);
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), RelaunchProbe.class.getName()));
    command.addAll(Arrays.asList(args));
    Process process =
        new ProcessBuilder(command).redirectError(folder.resolve("stderr").toFile()).start();
    started.add(process.toHandle());
    return process;
  }

  private ProcessHandle awaitChild() throws Exception {
    Path pid = folder.resolve("pid");
    await("the second JVM", () -> Files.exists(pid));
    ProcessHandle child = ProcessHandle.of(Long.parseLong(Files.readString(pid))).orElseThrow();
    started.add(child);
    return child;
  }

  private int exitCode(Process process) throws Exception {
    assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS))
        .as("ended; stderr: %s", Files.readString(folder.resolve("stderr")))
        .isTrue();
    return process.exitValue();
  }

  private void await(String what, BooleanSupplier condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime())
          .as("%s; stderr: %s", what, Files.readString(folder.resolve("stderr")))
          .isLessThan(deadline);
      Thread.sleep(20);
    }
  }
}
