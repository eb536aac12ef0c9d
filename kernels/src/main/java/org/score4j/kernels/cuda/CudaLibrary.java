package org.score4j.kernels.cuda;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A library of CUDA that was found.
 *
 * @param name as in {@code libcublas}
 * @param major of the name it is loaded by: 13 of {@code libcublas.so.13}
 * @param file of that name, often a link to a file with the whole version in its name
 * @param source why this folder was looked at, such as {@code CUDA_HOME}
 */
public record CudaLibrary(String name, int major, Path file, String source) {

  /** The version as far as the name of the file tells it, for libcuda that of the driver. */
  public String version() {
    String prefix = name + ".so.";
    try {
      String real = file.toRealPath().getFileName().toString();
      return real.startsWith(prefix) ? real.substring(prefix.length()) : Integer.toString(major);
    } catch (IOException e) {
      return Integer.toString(major);
    }
  }

  /** Name, version, file and source in one line. */
  public String description() {
    return "%s %s, %s (from %s)".formatted(name, version(), file, source);
  }
}
