package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {
  @TempDir Path run;

  /**
   * Takes the lock of the folder, says so, and holds it until its input ends; or prints the
   * refusal.
   */
  static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws IOException {
      try (RunLock _ = RunLock.acquire(Path.of(arguments[0]))) {
        System.out.println("locked");
        while (System.in.read() >= 0) {}
      } catch (CheckpointException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  @Timeout(60)
  void folderHeldByAnotherProcess_isRefusedWithItsNumberAndFreeWhenThatIsKilled() throws Exception {
    Process child = ChildJvm.start(Holder.class, run.toString());
    try (BufferedReader out = child.inputReader(UTF_8)) {
      assertThat(out.readLine()).isEqualTo("locked");
      assertThatThrownBy(() -> RunLock.acquire(run))
          .isInstanceOf(CheckpointException.class)
          .hasMessage(
              "run folder "
                  + run
                  + " is in use by process "
                  + child.pid()
                  + "; wait until it ends, stop it, or use another run folder");
    } finally {
      child.destroyForcibly().waitFor();
    }
    assertThat(run.resolve(RunLock.FILE)).hasContent(child.pid() + "\n");
    RunLock.acquire(run).close();
  }

  @Test
  @Timeout(60)
  void secondAttemptFromThisProcess_isRefusedAndDoesNotDropTheLock() throws Exception {
    try (RunLock _ = RunLock.acquire(run)) {
      assertThatThrownBy(() -> RunLock.acquire(run.resolve("../" + run.getFileName())))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("in use by this process, " + ProcessHandle.current().pid());
      Process child = ChildJvm.start(Holder.class, run.toString());
      try (BufferedReader out = child.inputReader(UTF_8)) {
        assertThat(out.readLine()).contains("in use by process " + ProcessHandle.current().pid());
      } finally {
        child.destroyForcibly().waitFor();
      }
    }
    RunLock.acquire(run).close();
  }

  @Test
  void rubbishInTheLockFile_doesNotBlock() throws IOException {
    Files.writeString(
        run.resolve(RunLock.FILE), "99999999999999999999999999999999999999999999999\n");
    RunLock.acquire(run).close();
    assertThat(run.resolve(RunLock.FILE)).isEmptyFile();
  }

  @Test
  void missingFolder_isRefused() {
    assertThatThrownBy(() -> RunLock.acquire(run.resolve("absent")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("cannot lock run folder " + run.resolve("absent"))
        .hasMessageContaining("no such file or folder");
  }
}
