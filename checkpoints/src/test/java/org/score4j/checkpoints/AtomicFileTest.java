package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  private static final Path FULL_DEVICE = Path.of("/dev/full");

  @TempDir Path folder;

  @Test
  void content_appearsUnderTheFinalNameOnly() throws IOException {
    AtomicFile.writeText(folder.resolve("a"), "one");
    AtomicFile.writeText(folder.resolve("a"), "two");
    assertThat(folder.resolve("a")).hasContent("two");
    assertThat(names()).containsExactly("a");
  }

  @Test
  void whileWriting_theOldContentIsStillThere() throws IOException {
    Path target = folder.resolve("a");
    AtomicFile.writeText(target, "old");
    AtomicFile.write(
        target,
        3,
        out -> {
          AtomicFile.writeFully(out, "new".getBytes(UTF_8));
          assertThat(target).hasContent("old");
        });
    assertThat(target).hasContent("new");
  }

  @Test
  void fullDisk_givesOneLineWithNeedAndFixAndLeavesTheOldFile() throws IOException {
    assumeTrue(
        Files.isWritable(FULL_DEVICE),
        "this system has no /dev/full, which fails every write as a full disk does");
    Path target = folder.resolve("weights");
    AtomicFile.writeText(target, "old");
    assertThatThrownBy(
            () ->
                AtomicFile.write(
                    target,
                    123_456_789,
                    out -> {
                      AtomicFile.writeFully(out, new byte[1000]);
                      try (FileChannel full =
                          FileChannel.open(FULL_DEVICE, StandardOpenOption.WRITE)) {
                        AtomicFile.writeFully(full, new byte[1000]);
                      }
                    }))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(
            "cannot write " + target + ": No space left on device (needs 123.46 MB, ")
        .hasMessageContaining(" free)")
        .hasMessageEndingWith(
            "free some space (old checkpoints, see the keep-last setting) or choose a folder on"
                + " another disk")
        .hasCauseInstanceOf(IOException.class);
    assertThat(target).hasContent("old");
    assertThat(names()).containsExactly("weights");
  }

  @Test
  void failingProvider_leavesNothingAndIsPassedOn() throws IOException {
    assertThatThrownBy(
            () ->
                AtomicFile.write(
                    folder.resolve("a"),
                    -1,
                    out -> {
                      AtomicFile.writeFully(out, new byte[1000]);
                      throw new IllegalStateException("provider");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("provider");
    assertThat(names()).isEmpty();
  }

  @Test
  void noPermission_givesOneLineWithTheFix() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-xr-xr-x"));
    try {
      assumeFalse(Files.isWritable(folder), "this user (root?) may write everywhere");
      assertThatThrownBy(() -> AtomicFile.writeText(folder.resolve("a"), "x"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("cannot write " + folder.resolve("a") + ": permission denied")
          .hasMessageContaining("give the user of this process write permission");
    } finally {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  @Test
  void folderThatIsMissingOrAFile_givesOneLine() throws IOException {
    assertThatThrownBy(() -> AtomicFile.writeText(folder.resolve("absent/a"), "x"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no such file or folder: " + folder.resolve("absent"))
        .hasMessageContaining("create the folder first");
    Files.createDirectories(folder.resolve("target/full"));
    assertThatThrownBy(() -> AtomicFile.writeText(folder.resolve("target"), "x"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("cannot write " + folder.resolve("target"));
    assertThat(names()).containsExactly("target");
  }

  @Test
  void leftoversOfDeadProcesses_areCleanedAndOthersKept() throws IOException {
    long alive = ProcessHandle.current().parent().orElseThrow().pid();
    String dead = "999999999";
    List<String> kept =
        List.of(".tmp-" + alive + "-0a1b2c3d-1-a", ".tmp-" + dead + "-notes", "a", ".tmp-x");
    for (String name : kept) {
      Files.writeString(folder.resolve(name), name);
    }
    Files.writeString(folder.resolve(".tmp-" + dead + "-0a1b2c3d-1-a"), "half");
    // Same number, other process: a container started again.
    Files.writeString(
        folder.resolve(".tmp-" + ProcessHandle.current().pid() + "-0a1b2c3d-1-b"), "half");
    Files.createDirectories(folder.resolve(".tmp-" + dead + "-0a1b2c3d-1-ckpt-000001/sub"));

    AtomicFile.writeText(folder.resolve("new"), "x");

    assertThat(names())
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(kept.stream(), Stream.of("new")).toList());
  }

  private List<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(path -> path.getFileName().toString()).toList();
    }
  }
}
