package org.score4j.training.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.RunConfig;

final class RunFolderTest {
  @TempDir private Path temp;
  private final RunConfig config = ConfigLoader.load("naive", Map.of("seed", "7"));

  @Test
  void newRunsOfOneName_getFoldersOfTheirOwn() {
    Path runs = temp.resolve("deep/runs");
    try (RunFolder first = RunFolder.create(runs, config);
        RunFolder second = RunFolder.create(runs, config)) {
      assertThat(first.path()).isEqualTo(runs.resolve("naive-7"));
      assertThat(second.path()).isEqualTo(runs.resolve("naive-7-2"));
    }
  }

  @Test
  void resumedRun_hasTheConfigAndTheHashItWasStartedWith() {
    String hash;
    try (RunFolder folder = RunFolder.createAt(temp.resolve("r"), config)) {
      hash = folder.configHash();
      assertThat(hash).hasSize(64);
    }
    try (RunFolder resumed = RunFolder.resume(temp.resolve("r"))) {
      assertThat(resumed.config()).isEqualTo(config);
      assertThat(resumed.configHash()).isEqualTo(hash);
    }
  }

  @Test
  void folderInUse_isRefusedUntilItIsClosed() {
    Path path = temp.resolve("r");
    try (RunFolder folder = RunFolder.createAt(path, config)) {
      assertThat(folder.path()).isEqualTo(path);
      assertThatThrownBy(() -> RunFolder.resume(path))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("run folder " + path + " is in use by this process");
    }
    RunFolder.resume(path).close();
  }

  @Test
  void folderThatHoldsARun_isNotUsedForANewOne() {
    Path path = temp.resolve("r");
    RunFolder.createAt(path, config).close();
    assertThatThrownBy(() -> RunFolder.createAt(path, config))
        .hasMessage(
            "run folder %s holds a run already; continue it with --resume %s, or choose another"
                + " folder with --run-dir",
            path, path);
  }

  @Test
  void folderWithOtherThings_orAFile_isRefused() throws IOException {
    Files.writeString(temp.resolve("thesis.tex"), "x");
    assertThatThrownBy(() -> RunFolder.createAt(temp, config))
        .hasMessage(
            "run folder %s is not empty and holds no run; choose another folder with --run-dir",
            temp);
    assertThatThrownBy(() -> RunFolder.createAt(temp.resolve("thesis.tex"), config))
        .hasMessage(
            "run folder %s/thesis.tex is a file; choose another folder with --run-dir", temp);
    assertThatThrownBy(() -> RunFolder.create(temp.resolve("thesis.tex"), config))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("there is a file of that name");
  }

  @Test
  void resumeOfAFolderThatIsNoRun_saysWhatIsExpected() {
    assertThatThrownBy(() -> RunFolder.resume(temp.resolve("nowhere")))
        .hasMessage(
            "%s is no run folder: it has no config.yaml; --resume takes the folder that a run"
                + " printed, such as runs/score-0",
            temp.resolve("nowhere"));
  }

  @Test
  void emptyFolderAndOneWithOnlyALeftLock_areUsed() throws IOException {
    Files.createDirectories(temp.resolve("r"));
    Files.writeString(temp.resolve("r/run.lock"), "");
    RunFolder.createAt(temp.resolve("r"), config).close();
    assertThat(temp.resolve("r/config.yaml")).exists();
  }

  @Test
  void aKillBeforeTheConfigIsWritten_leavesAFolderThatIsUsed() throws IOException {
    Path path = Files.createDirectories(temp.resolve("r"));
    Files.writeString(path.resolve("run.lock"), "4194000\n");
    Path unfinished = path.resolve(".tmp-4194000-0badcafe-1-config.yaml");
    Files.writeString(unfinished, "name: sc");
    assertThatThrownBy(() -> RunFolder.resume(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(
            "%s holds no run yet: it was ended before its config.yaml was written; start it with"
                + " the command that it was started with, such as score4j train --run-dir %s",
            path, path);
    RunFolder.createAt(path, config).close();
    assertThat(unfinished).doesNotExist();
    RunFolder.resume(path).close();
  }

  @Test
  void otherUnfinishedFiles_areSomebodyElses() throws IOException {
    Path path = Files.createDirectories(temp.resolve("r"));
    Files.writeString(path.resolve(".tmp-1-0badcafe-1-thesis.tex"), "x");
    assertThatThrownBy(() -> RunFolder.createAt(path, config))
        .hasMessageContaining("is not empty and holds no run");
  }

  @Test
  void refusalsOfTheOperatingSystem_areOneLineWithTheFix() {
    Path file = Path.of("runs/score-0/metrics.jsonl");
    assertThat(FileErrors.cannot("write to", file, new AccessDeniedException("x")))
        .hasMessage(
            "cannot write to runs/score-0/metrics.jsonl: permission denied; give the user of this"
                + " process write permission, or choose another --run-dir");
    assertThat(FileErrors.cannot("write to", file, new IOException("No space left on device")))
        .hasMessage(
            "cannot write to runs/score-0/metrics.jsonl: No space left on device; free some space"
                + " (old run folders, for example) and continue with --resume");
    assertThat(
            FileErrors.cannot(
                "write to", file, new FileSystemException("x", null, "Read-only file system")))
        .hasMessageContaining("Read-only file system; give the user");
  }
}
