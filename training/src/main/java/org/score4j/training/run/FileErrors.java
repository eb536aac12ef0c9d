package org.score4j.training.run;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.score4j.checkpoints.CheckpointException;

/** What to say when the operating system refuses a file of a run folder. */
final class FileErrors {
  private FileErrors() {}

  /** One line: what could not be done, where, why, and the fix. */
  static CheckpointException cannot(String action, Path file, IOException failure) {
    String reason =
        switch (failure) {
          case AccessDeniedException e -> "permission denied";
          case FileAlreadyExistsException e -> "there is a file of that name";
          case NoSuchFileException e -> "it does not exist";
          case FileSystemException e when e.getReason() != null -> e.getReason();
          default ->
              failure.getMessage() == null
                  ? failure.getClass().getSimpleName()
                  : failure.getMessage();
        };
    String fix;
    if (failure instanceof AccessDeniedException || reason.contains("Read-only")) {
      fix = "give the user of this process write permission, or choose another --run-dir";
    } else if (reason.contains("No space left") || reason.contains("quota")) {
      fix = "free some space (old run folders, for example) and continue with --resume";
    } else {
      fix = "check the path and the disk, or choose another --run-dir";
    }
    return new CheckpointException(
        "cannot %s %s: %s; %s".formatted(action, file, reason.replace('\n', ' '), fix), failure);
  }
}
