package org.score4j.tests.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The software CUDA device of {@code src/test/native/software-cuda}: built with g++ into {@code
 * target/software-cuda}, loaded into this JVM before JCuda. The loader takes a library that is
 * there already for one that JCuda's natives need, by its name, so no flag and no environment
 * variable is needed. With {@code SCORE4J_REQUIRE_CUDA=1} the tests are about a real GPU, and this
 * device keeps out of the way.
 */
@SuppressWarnings("restricted") // loads libraries and calls into them
public final class SoftwareDevice {
  private static final String PREFIX = "SCORE4J_SOFTWARE_CUDA_";
  private static final List<String> LIBRARIES =
      List.of("libcuda.so.1", "libcublas.so.12", "libnvrtc.so.12");

  private SoftwareDevice() {}

  /** Whether this run must use a real GPU. */
  public static boolean realGpuRequired() {
    return "1".equals(System.getenv("SCORE4J_REQUIRE_CUDA"));
  }

  /** Skips the test, with the reason, where the device cannot be had; else loads it. */
  public static void assumeLoaded() {
    Optional<String> obstacle = obstacle();
    assumeTrue(obstacle.isEmpty(), obstacle::orElseThrow);
    Loaded.load();
  }

  /** Why this host cannot have the device, as a sentence. */
  public static Optional<String> obstacle() {
    return Loaded.OBSTACLE;
  }

  /** Folder of the three libraries. */
  public static Path folder() {
    return Loaded.load();
  }

  /** What the environment of a child process needs to run on the device. */
  public static Map<String, String> environment() {
    return Map.of(
        "LD_LIBRARY_PATH", folder().toString(), PREFIX + "CACHE", kernelCache().toString());
  }

  /** Changes a setting; keys and values as in the README of the sources. */
  public static void configure(String key, String value) {
    Loaded.load();
    configureLoaded(key, value);
  }

  private static void configureLoaded(String key, String value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment nativeKey = arena.allocateFrom(key);
      MemorySegment nativeValue = arena.allocateFrom(value);
      if ((int) Native.CONFIGURE.invokeExact(nativeKey, nativeValue) != 0) {
        throw new IllegalArgumentException(
            "software CUDA device: no setting " + key + "=" + value + "; see its README.md");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** The sentence of the last error: kernel, block, thread, address, allocation. */
  public static String lastFault() {
    Loaded.load();
    try {
      MemorySegment text = (MemorySegment) Native.LAST_FAULT.invokeExact();
      return text.reinterpret(1 << 20).getString(0, StandardCharsets.UTF_8);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path module() {
    return Path.of(System.getProperty("basedir", "")).toAbsolutePath();
  }

  /** Folder of compiled kernels. */
  static Path kernelCache() {
    return module().resolve("target/software-cuda/kernels");
  }

  /** The libraries' state in this JVM; the class's initialiser runs once. */
  private static final class Loaded {
    private static final Path SOURCES = module().resolve("src/test/native/software-cuda");
    private static final String COMPILER =
        Optional.ofNullable(System.getenv(PREFIX + "CXX")).orElse("g++");
    static final Optional<String> OBSTACLE = findObstacle();
    private static final Optional<Path> FOLDER =
        OBSTACLE.isPresent() ? Optional.empty() : Optional.of(buildAndLoad());

    static Path load() {
      return FOLDER.orElseThrow(() -> new IllegalStateException(OBSTACLE.orElseThrow()));
    }

    private static Optional<String> findObstacle() {
      if (realGpuRequired()) {
        return Optional.of(
            "SCORE4J_REQUIRE_CUDA=1: this run is about a real GPU, not the software CUDA device");
      }
      String host = System.getProperty("os.name") + " " + System.getProperty("os.arch");
      if (!host.equals("Linux amd64")) {
        return Optional.of(
            "The software CUDA device needs Linux on x86-64, as JCuda's natives do; this is "
                + host);
      }
      try {
        Process process =
            new ProcessBuilder(COMPILER, "--version")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor() == 0 ? Optional.empty() : Optional.of(noCompiler());
      } catch (IOException e) {
        return Optional.of(noCompiler());
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private static String noCompiler() {
      return "The software CUDA device is built with "
          + COMPILER
          + ", which cannot be run here; install g++ (Debian: apt-get install g++)";
    }

    private static Path buildAndLoad() {
      try {
        Path folder = module().resolve("target/software-cuda").resolve(sourceHash());
        if (!Files.exists(folder)) {
          build(folder);
        }
        for (String library : LIBRARIES) {
          System.load(folder.resolve(library).toString());
        }
        configureLoaded("CACHE", kernelCache().toString());
        return folder;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static String sourceHash() throws IOException {
      try (Stream<Path> files = Files.list(SOURCES)) {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(COMPILER.getBytes(StandardCharsets.UTF_8));
        for (Path file : files.sorted().toList()) {
          digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
          digest.update(Files.readAllBytes(file));
        }
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Beside its final place first: another JVM sees all three libraries or none. */
    private static void build(Path folder) throws IOException {
      Files.createDirectories(folder.getParent());
      Path building = Files.createTempDirectory(folder.getParent(), "building-");
      Path log = building.resolve("log");
      Process process =
          new ProcessBuilder("sh", SOURCES.resolve("build.sh").toString(), building.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      try {
        if (process.waitFor() != 0) {
          throw new IllegalStateException(
              "building the software CUDA device failed:\n" + Files.readString(log));
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      try {
        Files.move(building, folder, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileSystemException e) {
        if (!Files.exists(folder)) {
          throw e;
        }
        delete(building); // another JVM was faster
      }
    }

    private static void delete(Path folder) throws IOException {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** The device's functions that are no part of CUDA. */
  private static final class Native {
    static final MethodHandle CONFIGURE =
        handle(
            "swcudaConfigure",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    static final MethodHandle LAST_FAULT =
        handle("swcudaLastFault", FunctionDescriptor.of(ValueLayout.ADDRESS));

    private static MethodHandle handle(String name, FunctionDescriptor type) {
      MemorySegment symbol = SymbolLookup.loaderLookup().find(name).orElseThrow();
      return Linker.nativeLinker().downcallHandle(symbol, type);
    }
  }
}
