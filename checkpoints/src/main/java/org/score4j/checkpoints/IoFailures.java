package org.score4j.checkpoints;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;

/** Turns the operating system's refusals into one line with the fix. */
final class IoFailures {
  private IoFailures() {}

  static CheckpointException reading(Path file, IOException failure) {
    String fix =
        switch (failure) {
          case NoSuchFileException e -> "check the path";
          case AccessDeniedException e -> "give the user of this process read permission";
          default -> "check the disk";
        };
    return new CheckpointException(
        "cannot read " + file + ": " + reason(failure) + "; " + fix, failure);
  }

  /** bytesNeeded: size of everything that was to be written; negative when it is not known. */
  static CheckpointException writing(Path target, long bytesNeeded, IOException failure) {
    StringBuilder line =
        new StringBuilder("cannot write ").append(target).append(": ").append(reason(failure));
    if (bytesNeeded >= 0) {
      line.append(" (needs ").append(sizeText(bytesNeeded)).append(freeSpace(target)).append(')');
    }
    line.append("; nothing half-written was left behind; ").append(writeFix(failure));
    return new CheckpointException(line.toString(), failure);
  }

  private static String writeFix(IOException failure) {
    String reason = reason(failure);
    if (reason.contains("No space left")
        || reason.contains("quota")
        || reason.contains("too large")) {
      return "free some space (old checkpoints, see the keep-last setting) or choose a folder on"
          + " another disk";
    }
    return switch (failure) {
      case AccessDeniedException e ->
          "give the user of this process write permission or choose another folder";
      case NoSuchFileException e -> "create the folder first";
      case ClosedByInterruptException e -> "run it again";
      default -> "check the disk or choose another folder";
    };
  }

  static String reason(IOException failure) {
    return switch (failure) {
      case NoSuchFileException e -> "no such file or folder: " + e.getFile();
      case AccessDeniedException e -> "permission denied: " + e.getFile();
      case FileAlreadyExistsException e -> "it exists already: " + e.getFile();
      case NotDirectoryException e -> "it is not a folder: " + e.getFile();
      case ClosedByInterruptException e -> "the thread was interrupted";
      case CharacterCodingException e -> "it is not valid UTF-8 text";
      case FileSystemException e when e.getReason() != null -> e.getReason() + ": " + e.getFile();
      default ->
          failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    };
  }

  /**
   * Free bytes beside the target, or nothing where the file system does not tell: this text goes
   * into an error that matters more.
   */
  private static String freeSpace(Path target) {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      return "";
    }
    try {
      return ", " + sizeText(Files.getFileStore(folder).getUsableSpace()) + " free";
    } catch (IOException e) {
      return ", free space unknown: " + reason(e);
    }
  }

  static String sizeText(long bytes) {
    if (bytes < 10_000) {
      return bytes + " bytes";
    }
    double megabytes = bytes / 1e6;
    return megabytes < 1000
        ? String.format(Locale.ROOT, "%.2f MB", megabytes)
        : String.format(Locale.ROOT, "%.2f GB", megabytes / 1000);
  }
}
