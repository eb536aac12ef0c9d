package org.score4j.kernels.cuda;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.nvrtc.JNvrtc;
import org.jspecify.annotations.Nullable;

/**
 * The libraries that the cuda backend needs of the machine: the driver's, cuBLAS and NVRTC.
 *
 * <p>Nothing of JCuda may be called before {@link #load()} or {@link #loadDriver()}. They load the
 * libraries by their paths, so that the needed names of JCuda's natives are there already when the
 * dynamic loader looks for them, and then the natives, pointed at CUDA 13 where that was found.
 *
 * @param host that was searched
 * @param driver libcuda; null where there is none
 * @param cublas libcublas; null where there is none
 * @param nvrtc libnvrtc; null where there is none
 */
public record CudaLibraries(
    CudaHost host,
    @Nullable CudaLibrary driver,
    @Nullable CudaLibrary cublas,
    @Nullable CudaLibrary nvrtc) {
  /** The CUDA that JCuda's natives are made for. */
  static final int JCUDA_MAJOR = 12;

  /** JCuda's natives work with these: of the functions that score4j calls none has changed. */
  private static final List<Integer> MAJORS = List.of(JCUDA_MAJOR, 13);

  private static final String PLATFORM = "Linux amd64";
  private static final Object ONE_AT_A_TIME = new Object();

  /** Searches this machine. */
  public static CudaLibraries find() {
    return find(CudaHost.current());
  }

  /**
   * Searches a machine. Folders named in {@link CudaHost#CONFIGURED} are the only ones for cuBLAS
   * and NVRTC; the driver's library may be elsewhere. Otherwise CUDA 12 is taken before 13,
   * wherever it is: it runs with older drivers too, and the natives stay as they are.
   */
  public static CudaLibraries find(CudaHost host) {
    List<CudaLibraryFolders.Place> configured = CudaLibraryFolders.configured(host);
    List<CudaLibraryFolders.Place> usual = CudaLibraryFolders.usual(host);
    List<CudaLibraryFolders.Place> all =
        Stream.concat(configured.stream(), usual.stream()).toList();
    List<CudaLibraryFolders.Place> ofToolkit =
        host.get(CudaHost.CONFIGURED).isEmpty() ? usual : configured;
    return new CudaLibraries(
        host,
        first(all, "libcuda", List.of(1)),
        first(ofToolkit, "libcublas", MAJORS),
        first(ofToolkit, "libnvrtc", MAJORS));
  }

  private static @Nullable CudaLibrary first(
      List<CudaLibraryFolders.Place> places, String name, List<Integer> majors) {
    for (int major : majors) {
      for (CudaLibraryFolders.Place place : places) {
        Path file = place.folder().resolve(name + ".so." + major);
        if (SharedObject.isOne(file)) {
          return new CudaLibrary(name, major, file, place.source());
        }
      }
    }
    return null;
  }

  /** What was found. */
  public List<CudaLibrary> found() {
    return Stream.of(driver, cublas, nvrtc).filter(Objects::nonNull).toList();
  }

  /** Whether JCuda's natives are changed to fit what was found. */
  public boolean nativesPatched() {
    return Stream.of(cublas, nvrtc)
        .anyMatch(library -> library != null && library.major() != JCUDA_MAJOR);
  }

  /** What is missing and how to get it, a sentence each; empty where nothing is missing. */
  public List<String> missing() {
    String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!platform.equals(PLATFORM)) {
      return List.of(
          "JCuda has native libraries for %s only, this is %s; use --device cpu"
              .formatted(PLATFORM, platform));
    }
    List<String> missing = new ArrayList<>();
    if (driver == null) {
      missing.add(
          "no libcuda.so.1, the library of NVIDIA's driver; install the driver (Debian: apt install"
              + " nvidia-driver, Ubuntu: ubuntu-drivers install), in a container start it with"
              + " --gpus all");
    }
    List<String> names = new ArrayList<>();
    if (cublas == null) {
      names.add("libcublas.so.12 or .13");
    }
    if (nvrtc == null) {
      names.add("libnvrtc.so.12 or .13");
    }
    if (!names.isEmpty() && !host.get(CudaHost.CONFIGURED).isEmpty()) {
      missing.add(
          "no %s in the folders of %s (%s), and no others are looked at while it is set; correct it or unset it"
              .formatted(
                  String.join(" and no ", names),
                  CudaHost.CONFIGURED,
                  host.get(CudaHost.CONFIGURED)));
    } else if (!names.isEmpty()) {
      missing.add(
          "no %s; install CUDA 12 or 13 (Debian, Ubuntu: apt install libcublas12 libnvrtc12, from NVIDIA's repository libcublas-12-6 cuda-nvrtc-12-6), run score4j cuda-libraries --install, or set %s to the folder that holds them"
              .formatted(String.join(" and no ", names), CudaHost.CONFIGURED));
    }
    return missing;
  }

  /** Loads the driver's library and JCuda's binding of it, which is enough to ask for devices. */
  public void loadDriver() {
    CudaLibrary found = driver;
    if (found == null) {
      throw new CudaUnavailableException(missing().getFirst());
    }
    synchronized (ONE_AT_A_TIME) {
      load(found.file());
      JCudaNatives.load(
          JCudaNatives.unpack(host.cacheFolder(), "JCudaDriver", null), JCudaDriver.class);
    }
  }

  /** Loads everything. What is loaded already stays, so this may be called again. */
  public void load() {
    CudaLibrary blas = cublas;
    CudaLibrary compiler = nvrtc;
    if (driver == null || blas == null || compiler == null) {
      throw new CudaUnavailableException(String.join("; ", missing()));
    }
    loadDriver();
    synchronized (ONE_AT_A_TIME) {
      loadBeside(blas, "libcublasLt.so." + blas.major());
      load(blas.file());
      JCudaNatives.load(JCudaNatives.unpack(host.cacheFolder(), "JCublas2", blas), JCublas2.class);
      // NVRTC opens its built-in functions by this name when it compiles.
      loadBeside(compiler, "libnvrtc-builtins.so." + compiler.major() + "*");
      load(compiler.file());
      JCudaNatives.load(JCudaNatives.unpack(host.cacheFolder(), "JNvrtc", compiler), JNvrtc.class);
    }
  }

  /** What a library needs lies in the same folder; only its own run path may not say so. */
  private static void loadBeside(CudaLibrary library, String glob) {
    CudaLibraryFolders.children(Objects.requireNonNull(library.file().getParent()), glob).stream()
        .filter(SharedObject::isOne)
        .forEach(CudaLibraries::load);
  }

  @SuppressWarnings("restricted") // The program is started with --enable-native-access.
  static void load(Path file) {
    try {
      System.load(file.toString());
    } catch (UnsatisfiedLinkError e) {
      throw new CudaUnavailableException(
          "cannot load %s: %s; is it whole, and are the libraries it names beside it?"
              .formatted(file, e.getMessage()),
          e);
    }
  }
}
