package org.score4j.checkpoints;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * Writes and deletes folders that are there as a whole or not at all. Content goes to a temporary
 * sibling, everything is synced, the folder is renamed. One that is replaced steps aside first, and
 * comes back when the process is killed between the two renames.
 */
public final class AtomicFolder {

  /** Fills an empty folder that has a temporary name. */
  @FunctionalInterface
  public interface Content {
    void writeTo(Path temporary) throws IOException;
  }

  private AtomicFolder() {}

  /** bytesNeeded: the size of all files, for the error message; negative when it is not known. */
  public static void write(Path target, long bytesNeeded, Content content) {
    @Nullable Path temporary = null;
    try {
      Path folder = Temporaries.folderOf(target);
      Temporaries.clean(folder);
      temporary = Temporaries.nameFor(target);
      Files.createDirectory(temporary);
      content.writeTo(temporary);
      Temporaries.syncTree(temporary);
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        replace(target, temporary);
      } else {
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      }
      temporary = null;
      Temporaries.syncFolder(folder);
    } catch (IOException e) {
      Temporaries.abandon(temporary, e);
      throw IoFailures.writing(target, bytesNeeded, e);
    } catch (RuntimeException | Error e) {
      Temporaries.abandon(temporary, e);
      throw e;
    }
  }

  private static void replace(Path target, Path temporary) throws IOException {
    Path aside = Temporaries.asideFor(target);
    Files.move(target, aside, StandardCopyOption.ATOMIC_MOVE);
    try {
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
      throw e;
    }
    Temporaries.syncFolder(Temporaries.folderOf(target));
    Temporaries.deleteTree(aside);
  }

  /**
   * Deletes a folder: it loses its name in one step, so a kill never leaves half a folder under it.
   */
  public static void delete(Path target) {
    try {
      Path folder = Temporaries.folderOf(target);
      Path rubbish = Temporaries.nameFor(target);
      Files.move(target, rubbish, StandardCopyOption.ATOMIC_MOVE);
      Temporaries.syncFolder(folder);
      Temporaries.deleteTree(rubbish);
    } catch (IOException e) {
      throw new CheckpointException(
          "cannot delete "
              + target
              + ": "
              + IoFailures.reason(e)
              + "; delete it by hand or give this user write permission",
          e);
    }
  }

  /**
   * Deletes what killed processes left unfinished in the folder, and puts back what they had moved
   * aside.
   */
  public static void cleanLeftovers(Path folder) {
    try {
      Temporaries.clean(folder);
    } catch (IOException e) {
      throw new CheckpointException(
          "cannot clean up "
              + folder
              + ": "
              + IoFailures.reason(e)
              + "; give this user write permission",
          e);
    }
  }
}
