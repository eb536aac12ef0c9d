package org.score4j.checkpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFolderTest {
  private static final String DEAD = "-999999999-0a1b2c3d-1-";

  @TempDir Path run;

  @Test
  void content_appearsAsAWhole() throws IOException {
    Path target = run.resolve("model");
    AtomicFolder.write(
        target,
        3,
        temporary -> {
          Files.writeString(Files.createDirectory(temporary.resolve("sub")).resolve("a"), "one");
          assertThat(target).doesNotExist();
        });
    assertThat(target.resolve("sub/a")).hasContent("one");
    assertThat(names()).containsExactly("model");
  }

  @Test
  void replacement_isCompleteAndLeavesNothingOfTheOld() throws IOException {
    Path target = run.resolve("model");
    AtomicFolder.write(target, -1, temporary -> Files.writeString(temporary.resolve("a"), "one"));
    AtomicFolder.write(target, -1, temporary -> Files.writeString(temporary.resolve("b"), "two"));
    assertThat(target).isDirectoryNotContaining("glob:**/a");
    assertThat(target.resolve("b")).hasContent("two");
    assertThat(names()).containsExactly("model");
  }

  @Test
  void failure_keepsTheOldFolder() throws IOException {
    Path target = run.resolve("model");
    AtomicFolder.write(target, -1, temporary -> Files.writeString(temporary.resolve("a"), "one"));
    assertThatThrownBy(
            () ->
                AtomicFolder.write(
                    target,
                    5_000,
                    temporary -> {
                      Files.writeString(temporary.resolve("a"), "half");
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(
            "cannot write " + target + ": No space left on device (needs 5000 bytes, ");
    assertThat(target.resolve("a")).hasContent("one");
    assertThat(names()).containsExactly("model");
  }

  @Test
  void folderMovedAsideByAKilledProcess_comesBack() throws IOException {
    Files.writeString(
        Files.createDirectory(run.resolve(".old" + DEAD + "model")).resolve("a"), "old");
    Files.writeString(
        Files.createDirectory(run.resolve(".tmp" + DEAD + "model")).resolve("a"), "new");
    AtomicFolder.cleanLeftovers(run);
    assertThat(run.resolve("model/a")).hasContent("old");
    assertThat(names()).containsExactly("model");
  }

  @Test
  void folderMovedAsideWhoseReplacementMadeIt_isDeleted() throws IOException {
    Files.writeString(
        Files.createDirectory(run.resolve(".old" + DEAD + "model")).resolve("a"), "old");
    Files.writeString(Files.createDirectory(run.resolve("model")).resolve("a"), "new");
    AtomicFolder.cleanLeftovers(run);
    assertThat(run.resolve("model/a")).hasContent("new");
    assertThat(names()).containsExactly("model");
  }

  @Test
  void deletedFolder_isGoneAndLinksInItAreNotFollowed() throws IOException {
    Path outside =
        Files.writeString(Files.createDirectory(run.resolve("outside")).resolve("a"), "kept");
    Files.createSymbolicLink(
        Files.createDirectory(run.resolve("model")).resolve("link"), outside.getParent());
    AtomicFolder.delete(run.resolve("model"));
    assertThat(names()).containsExactly("outside");
    assertThat(outside).hasContent("kept");
    assertThatThrownBy(() -> AtomicFolder.delete(run.resolve("model")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("cannot delete " + run.resolve("model") + ": no such file or folder");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(run)) {
      return entries.map(path -> path.getFileName().toString()).toList();
    }
  }
}
