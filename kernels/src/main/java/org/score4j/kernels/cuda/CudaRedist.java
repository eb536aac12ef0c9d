package org.score4j.kernels.cuda;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * cuBLAS and NVRTC out of a Maven artifact that holds all of CUDA's libraries, for machines that
 * have only the driver.
 */
public final class CudaRedist {
  /** The artifact as Maven's dependency plugin names it; 2 GB. */
  public static final String ARTIFACT = "org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist";

  private static final List<Pattern> WANTED =
      List.of(
          Pattern.compile("libcublasLt\\.so\\.12"),
          Pattern.compile("libcublas\\.so\\.12"),
          Pattern.compile("libnvrtc-builtins\\.so\\.12\\.\\d+"),
          Pattern.compile("libnvrtc\\.so\\.12"));

  private CudaRedist() {}

  /** Where {@link #unpack} puts the libraries and {@link CudaLibraries#find} looks for them. */
  public static Path folder(CudaHost host) {
    return host.cacheFolder().resolve(CudaLibraryFolders.INSTALLED);
  }

  /**
   * Unpacks cuBLAS, NVRTC and what they need, and nothing else of the jar.
   *
   * @return the files
   */
  public static List<Path> unpack(Path jar, CudaHost host) {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      List<ZipEntry> entries = new ArrayList<>();
      for (Pattern wanted : WANTED) {
        entries.add(
            zip.stream()
                .filter(entry -> wanted.matcher(fileName(entry)).matches())
                .findFirst()
                .map(entry -> (ZipEntry) entry)
                .orElseThrow(
                    () ->
                        new IllegalArgumentException(
                            "%s holds no file %s; is it %s?".formatted(jar, wanted, ARTIFACT))));
      }
      Path folder = Files.createDirectories(folder(host));
      long bytes = entries.stream().mapToLong(ZipEntry::getSize).sum();
      long free = Files.getFileStore(folder).getUsableSpace();
      if (free < bytes) {
        throw new IllegalArgumentException(
            "the libraries need %d MiB in %s, which has %d MiB free; free some, or set XDG_CACHE_HOME to a folder elsewhere"
                .formatted(bytes >> 20, folder, free >> 20));
      }
      List<Path> files = new ArrayList<>();
      for (ZipEntry entry : entries) {
        Path file = folder.resolve(fileName(entry));
        unpack(zip, entry, file);
        files.add(file);
      }
      return files;
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "cannot unpack %s (%s); is it whole? Remove it and run the command again"
              .formatted(jar, e),
          e);
    }
  }

  private static void unpack(ZipFile zip, ZipEntry entry, Path file) throws IOException {
    CacheFile.write(
        file,
        out -> {
          try (CheckedInputStream in =
              new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
            in.transferTo(Channels.newOutputStream(out));
            // Before the rename. ZipFile itself leaves the sum unchecked.
            if (in.getChecksum().getValue() != entry.getCrc()) {
              throw new ZipException("wrong CRC");
            }
          } catch (ZipException e) {
            throw new IllegalArgumentException(
                "%s in %s is damaged (%s); remove the jar, also from Maven's local repository, and run the command again"
                    .formatted(entry.getName(), zip.getName(), e.getMessage()),
                e);
          }
        });
    if (!SharedObject.isOne(file)) {
      Files.delete(file);
      throw new IllegalArgumentException(
          "%s in %s is no shared library for Linux x86-64; is it %s?"
              .formatted(entry.getName(), zip.getName(), ARTIFACT));
    }
  }

  private static String fileName(ZipEntry entry) {
    return entry.getName().replaceFirst(".*/", "");
  }
}
