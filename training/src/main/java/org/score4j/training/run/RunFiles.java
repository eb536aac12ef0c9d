package org.score4j.training.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.score4j.checkpoints.CheckpointException;

/** Folders inside a run folder. */
final class RunFiles {
  private RunFiles() {}

  static void createDirectories(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new CheckpointException(
          "cannot create folder %s (%s); check the permissions and the space of the run folder"
              .formatted(folder, e.getMessage()),
          e);
    }
  }
}
