package org.score4j.kernels.cuda;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The folders where CUDA's libraries may be, in the order in which they are looked at. */
final class CudaLibraryFolders {
  /** What {@code score4j cuda-libraries --install} unpacks is in this folder of the cache. */
  static final String INSTALLED = "cuda-12.6";

  // The last: the folder of NVIDIA's own archives and of CUDA in /opt.
  private static final List<String> OF_TOOLKIT =
      List.of("lib64", "targets/x86_64-linux/lib", "lib");
  // WSL and NixOS keep the driver's libraries apart. lib64 first: lib may hold those for 32 bits.
  private static final List<String> OF_DISTRIBUTION =
      List.of(
          "usr/lib/x86_64-linux-gnu",
          "usr/lib64",
          "usr/lib",
          "usr/lib/wsl/lib",
          "run/opengl-driver/lib",
          "usr/local/lib");
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final int INCLUDES = 4;

  private final CudaHost host;
  private final List<Place> places = new ArrayList<>();

  /**
   * A folder to look in.
   *
   * @param source why
   */
  record Place(String source, Path folder) {}

  private CudaLibraryFolders(CudaHost host) {
    this.host = host;
  }

  /** The folders that the user named; none where nothing is configured. */
  static List<Place> configured(CudaHost host) {
    return host.paths(CudaHost.CONFIGURED).stream()
        .map(folder -> new Place(CudaHost.CONFIGURED, folder))
        .toList();
  }

  /** The usual folders. They need not exist. */
  static List<Place> usual(CudaHost host) {
    CudaLibraryFolders search = new CudaLibraryFolders(host);
    for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
      host.paths(variable).forEach(toolkit -> search.addToolkit(variable, toolkit));
    }
    host.paths("LD_LIBRARY_PATH").forEach(folder -> search.add("LD_LIBRARY_PATH", folder));
    search.addToolkit("/usr/local/cuda", host.root().resolve("usr/local/cuda"));
    for (Path toolkit : children(host.root().resolve("usr/local"), "cuda-*").reversed()) {
      search.addToolkit("/usr/local/" + toolkit.getFileName(), toolkit);
    }
    search.addToolkit("/opt/cuda", host.root().resolve("opt/cuda"));
    OF_DISTRIBUTION.forEach(folder -> search.add("the distribution", host.root().resolve(folder)));
    search.addConfiguredOfLoader(host.root().resolve("etc/ld.so.conf"), INCLUDES);
    search.addPythons();
    search.add("score4j cuda-libraries --install", host.cacheFolder().resolve(INSTALLED));
    return search.places;
  }

  private void add(String source, Path folder) {
    places.add(new Place(source, folder));
  }

  private void addToolkit(String source, Path toolkit) {
    OF_TOOLKIT.forEach(folder -> add(source, toolkit.resolve(folder)));
  }

  /** The folders of the dynamic loader's configuration: toolkits' packages add theirs there. */
  private void addConfiguredOfLoader(Path file, int includes) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      // No glibc, or not for our eyes: the loader's folders are then not ours to know.
      return;
    }
    for (String line : lines) {
      String entry = line.replaceFirst("#.*", "").strip();
      if (entry.startsWith("include") && includes > 0) {
        Path pattern = inRoot(entry.substring("include".length()).strip(), file);
        children(Objects.requireNonNull(pattern.getParent()), pattern.getFileName().toString())
            .forEach(included -> addConfiguredOfLoader(included, includes - 1));
      } else if (entry.startsWith("/")) {
        add("/etc/ld.so.conf", inRoot(entry, file));
      }
    }
  }

  /** An absolute path is one of the host's root; a relative one starts where it was read. */
  private Path inRoot(String path, Path readIn) {
    return path.startsWith("/")
        ? host.root().resolve(path.substring(1))
        : readIn.resolveSibling(path);
  }

  /** The wheels nvidia-cublas and nvidia-cuda-nvrtc, which PyTorch brings along, and Conda. */
  private void addPythons() {
    List<Path> bases = new ArrayList<>();
    bases.addAll(host.paths("VIRTUAL_ENV"));
    bases.addAll(host.paths("CONDA_PREFIX"));
    host.paths("CONDA_PREFIX").forEach(conda -> add("CONDA_PREFIX", conda.resolve("lib")));
    host.paths("HOME").forEach(home -> bases.add(home.resolve(".local")));
    for (String base : List.of("usr/local", "usr", "opt/conda")) {
      bases.add(host.root().resolve(base));
    }
    for (Path base : bases) {
      for (Path python : children(base.resolve("lib"), "python3*").reversed()) {
        for (String packages : List.of("site-packages", "dist-packages")) {
          children(python.resolve(packages).resolve("nvidia"), "*")
              .forEach(wheel -> add("Python's nvidia wheels", wheel.resolve("lib")));
        }
      }
    }
  }

  /** What is in a folder, later versions later: cuda-9, cuda-12.6, cuda-13.0. */
  static List<Path> children(Path folder, String glob) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> children = Files.newDirectoryStream(folder, glob)) {
      children.forEach(found::add);
    } catch (IOException e) {
      // Not there, no folder, or not for our eyes: nothing to find in any case.
      return found;
    }
    found.sort(Comparator.comparing(child -> padded(child.getFileName().toString())));
    return found;
  }

  /** With numbers as long as each other, so that the order of text is the order of versions. */
  private static String padded(String name) {
    return NUMBER
        .matcher(name)
        .replaceAll(
            number ->
                Matcher.quoteReplacement(
                    "0".repeat(Math.max(0, 9 - number.group().length())) + number.group()));
  }
}
