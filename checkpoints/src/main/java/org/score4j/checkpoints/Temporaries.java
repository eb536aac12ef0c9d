package org.score4j.checkpoints;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names for what is being written or deleted, and the cleaning of what a killed process left.
 *
 * <p>{@code .tmp-PID-PROCESS-THREAD-name} is unfinished or being deleted: once its process is dead,
 * it is rubbish. {@code .old-PID-PROCESS-THREAD-name} is a folder that stepped aside for its
 * replacement: once its process is dead, it is put back when the replacement did not make it.
 * PROCESS tells two processes of the same number apart, as in containers where every first process
 * is 1.
 */
final class Temporaries {
  private static final String PROCESS = UUID.randomUUID().toString().substring(0, 8);
  private static final Pattern NAME =
      Pattern.compile("\\.(tmp|old)-(\\d{1,18})-([0-9a-f]{8})-\\d+-(.+)", Pattern.DOTALL);

  private Temporaries() {}

  static Path nameFor(Path target) {
    return named("tmp", target);
  }

  static Path asideFor(Path target) {
    return named("old", target);
  }

  private static Path named(String kind, Path target) {
    return target.resolveSibling(
        "."
            + kind
            + "-"
            + ProcessHandle.current().pid()
            + "-"
            + PROCESS
            + "-"
            + Thread.currentThread().threadId()
            + "-"
            + target.getFileName());
  }

  /** The folder the target lies in, which must exist. */
  static Path folderOf(Path target) throws IOException {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new NoSuchFileException(String.valueOf(folder));
    }
    return folder;
  }

  /** Deletes what dead processes left unfinished and puts back what they moved aside. */
  static void clean(Path folder) throws IOException {
    List<Path> leftovers = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, ".{tmp,old}-*")) {
      entries.forEach(leftovers::add);
    }
    for (Path leftover : leftovers) {
      Matcher name = NAME.matcher(leftover.getFileName().toString());
      if (name.matches() && isDead(Long.parseLong(name.group(2)), name.group(3))) {
        Path target = leftover.resolveSibling(name.group(4));
        if (name.group(1).equals("old") && !Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
          Files.move(leftover, target, StandardCopyOption.ATOMIC_MOVE);
        } else {
          deleteTree(leftover);
        }
      }
    }
  }

  private static boolean isDead(long pid, String process) {
    if (pid == ProcessHandle.current().pid()) {
      return !process.equals(PROCESS);
    }
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty();
  }

  /**
   * Deletes an unfinished file or folder after a failure, which gets the trouble of deleting
   * attached.
   */
  static void abandon(@Nullable Path temporary, Throwable failure) {
    if (temporary == null) {
      return;
    }
    try {
      deleteTree(temporary);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * Deletes a file or a folder with its content, links not followed. One that does not exist is
   * fine.
   */
  static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Makes every file and folder below durable, the root included. */
  static void syncTree(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (attributes.isRegularFile()) {
              sync(file, StandardOpenOption.WRITE);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            syncFolder(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** Makes renames inside the folder durable. Windows has no such call and does without. */
  static void syncFolder(Path folder) throws IOException {
    if (File.separatorChar == '/') {
      sync(folder, StandardOpenOption.READ);
    }
  }

  private static void sync(Path path, StandardOpenOption mode) throws IOException {
    try (FileChannel channel = FileChannel.open(path, mode)) {
      channel.force(true);
    }
  }
}
