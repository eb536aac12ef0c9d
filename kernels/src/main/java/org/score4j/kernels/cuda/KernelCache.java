package org.score4j.kernels.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Optional;

/**
 * Compiled kernels on disk, a file each: SHA-256 of the code, then the code. Written under a
 * temporary name and renamed, so that programs starting together see whole files or none; a file
 * whose sum is wrong counts as none.
 */
final class KernelCache {
  private static final int SUM_BYTES = 32;
  private static final String SUFFIX = ".kernel";

  private final Path folder;

  KernelCache(Path folder) {
    this.folder = folder;
  }

  /** In the user's cache folder. */
  static KernelCache ofUser() {
    return new KernelCache(CudaHost.current().cacheFolder().resolve("kernels"));
  }

  /** The code under this key, if it is there and whole. */
  Optional<byte[]> read(String key) {
    try {
      byte[] file = Files.readAllBytes(file(key));
      if (file.length <= SUM_BYTES) {
        return Optional.empty();
      }
      byte[] code = Arrays.copyOfRange(file, SUM_BYTES, file.length);
      return MessageDigest.isEqual(sum(code), Arrays.copyOf(file, SUM_BYTES))
          ? Optional.of(code)
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Keeps the code. */
  void write(String key, byte[] code) {
    CacheFile.write(
        file(key),
        out -> {
          for (byte[] part : new byte[][] {sum(code), code}) {
            ByteBuffer rest = ByteBuffer.wrap(part);
            while (rest.hasRemaining()) {
              out.write(rest);
            }
          }
        });
  }

  private Path file(String key) {
    return folder.resolve(key + SUFFIX);
  }

  private static byte[] sum(byte[] code) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(code);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
