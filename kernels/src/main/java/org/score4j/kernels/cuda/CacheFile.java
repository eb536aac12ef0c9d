package org.score4j.kernels.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Files of the user's cache folder: there as a whole or not at all. Written to a temporary name,
 * synced, renamed, so that two processes may do it at once, and one that maps the old file keeps
 * it.
 */
final class CacheFile {

  /** Writes the content. */
  @FunctionalInterface
  interface Content {
    void writeTo(WritableByteChannel out) throws IOException;
  }

  private CacheFile() {}

  /** Makes a file hold the content; one that does already stays, a damaged one is replaced. */
  static void ensure(Path file, byte[] content) {
    try {
      // All of it and not a hash beside it: it is in memory anyway, and nothing else can be
      // damaged.
      if (Files.size(file) == content.length && Arrays.equals(Files.readAllBytes(file), content)) {
        return;
      }
    } catch (NoSuchFileException e) {
      // The first time.
    } catch (IOException e) {
      throw failed(file, e);
    }
    write(
        file,
        out -> {
          ByteBuffer rest = ByteBuffer.wrap(content);
          while (rest.hasRemaining()) {
            out.write(rest);
          }
        });
  }

  /** Writes a file, with the folders above it. */
  static void write(Path file, Content content) {
    try {
      Path folder = file.toAbsolutePath().getParent();
      if (folder == null) {
        throw new IllegalArgumentException(file + " is no file in a folder");
      }
      Files.createDirectories(folder);
      Path temporary = Files.createTempFile(folder, file.getFileName() + ".", ".tmp");
      try {
        try (FileChannel out = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
          content.writeTo(out);
          out.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static CudaUnavailableException failed(Path file, IOException e) {
    return new CudaUnavailableException(
        "cannot write %s in the cache folder (%s); free space there, or set XDG_CACHE_HOME to a folder that can be written"
            .formatted(file, e),
        e);
  }
}
