package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Writes a file that is there as a whole or not at all: temporary sibling, sync, atomic rename,
 * sync of the folder. A file that was there before stays until the rename.
 */
public final class AtomicFile {

  /** Writes the content. */
  @FunctionalInterface
  public interface Content {
    void writeTo(WritableByteChannel out) throws IOException;
  }

  private AtomicFile() {}

  /**
   * bytesNeeded: the size the file will have, for the error message; negative when it is not known.
   */
  public static void write(Path target, long bytesNeeded, Content content) {
    @Nullable Path temporary = null;
    try {
      Path folder = Temporaries.folderOf(target);
      Temporaries.clean(folder);
      temporary = Temporaries.nameFor(target);
      try (FileChannel out =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(out);
        out.force(true);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
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

  public static void writeText(Path target, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    write(target, bytes.length, out -> writeFully(out, bytes));
  }

  static void writeFully(WritableByteChannel out, byte[] bytes) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    while (rest.hasRemaining()) {
      out.write(rest);
    }
  }
}
