package org.score4j.checkpoints;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What a file holds, in short.
 *
 * @param name of the file, as whoever asked calls it
 * @param bytes its size
 * @param sha256 of its bytes, in lower-case hex
 */
public record FileHash(String name, long bytes, String sha256) {
  private static final int BUFFER_BYTES = 1 << 20;

  /** Reads the whole file, which must be a regular one. */
  public static FileHash of(String name, Path file) {
    RegularFiles.require(file);
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      MessageDigest digest = newDigest();
      // On the heap: a digest copies what is not.
      ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
      long bytes = 0;
      while (in.read(buffer.clear()) >= 0) {
        bytes += buffer.position();
        digest.update(buffer.flip());
      }
      return new FileHash(name, bytes, hex(digest));
    } catch (IOException e) {
      throw IoFailures.reading(file, e);
    }
  }

  static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
