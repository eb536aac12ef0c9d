package org.score4j.kernels.cuda;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the search for CUDA reads of a machine; tests make one up.
 *
 * @param root of the file system
 * @param environment variables; {@link #CONFIGURED} also from the system property of that name
 */
public record CudaHost(Path root, Map<String, String> environment) {
  /** Folders that hold the CUDA libraries, separated by colons: then no others are looked at. */
  public static final String CONFIGURED = "SCORE4J_CUDA_LIBS";

  /** The environment is copied. */
  public CudaHost {
    environment = Map.copyOf(environment);
  }

  /** This machine. The system property wins over the variable, as it is nearer to the call. */
  public static CudaHost current() {
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.putIfAbsent("HOME", System.getProperty("user.home"));
    String property = System.getProperty(CONFIGURED);
    if (property != null) {
      environment.put(CONFIGURED, property);
    }
    return new CudaHost(Path.of("/"), environment);
  }

  /** A variable's value, empty where it is not set. */
  String get(String variable) {
    return environment.getOrDefault(variable, "");
  }

  /** The absolute paths in a variable, which colons separate. */
  List<Path> paths(String variable) {
    return Stream.of(get(variable).split(":"))
        .filter(path -> path.startsWith("/"))
        .map(Path::of)
        .toList();
  }

  /** Where this user's programs keep what they can make again; the folder may not exist yet. */
  public Path cacheFolder() {
    // A relative XDG_CACHE_HOME is to be ignored, says the XDG specification.
    if (get("XDG_CACHE_HOME").startsWith("/")) {
      return Path.of(get("XDG_CACHE_HOME"), "score4j");
    }
    if (!get("HOME").startsWith("/")) {
      throw new CudaUnavailableException(
          "no folder for JCuda's unpacked natives: HOME is '%s' and XDG_CACHE_HOME is '%s'; set one to an absolute path"
              .formatted(get("HOME"), get("XDG_CACHE_HOME")));
    }
    return Path.of(get("HOME"), ".cache", "score4j");
  }
}
