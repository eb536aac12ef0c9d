package org.score4j.checkpoints;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * What is read is a regular file, or a link to one. A folder that was downloaded may hold a pipe,
 * whose opening waits for a writer, or a device such as {@code /dev/zero}, which never ends.
 */
final class RegularFiles {
  private RegularFiles() {}

  /** Refuses whatever else has that name, before it is opened. */
  static void require(Path file) {
    if (!Files.exists(file)) {
      throw IoFailures.reading(file, new NoSuchFileException(file.toString()));
    }
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          "cannot read " + file + ": it is not a file but " + kind(file) + "; check the path");
    }
  }

  private static String kind(Path file) {
    return Files.isDirectory(file) ? "a folder" : "a pipe, a socket or a device";
  }
}
