package org.score4j.kernels.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.util.Objects;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import org.jspecify.annotations.Nullable;

/**
 * JCuda's own native libraries, unpacked into the user's cache folder.
 *
 * <p>Left alone, JCuda unpacks them into the folder for temporary files and loads what it finds
 * there under that name, whoever has put it there; and they ask for CUDA 12.
 */
final class JCudaNatives {
  private static final String TEMPORARY_FOLDER = "java.io.tmpdir";

  private JCudaNatives() {}

  /**
   * Unpacks one, unless it is there already and whole.
   *
   * @param folder of the cache
   * @param stem such as {@code JNvrtc}
   * @param library that it shall need instead of the one of CUDA 12; null where it needs none
   * @return the file
   */
  static Path unpack(Path folder, String stem, @Nullable CudaLibrary library) {
    String name = fileName(stem);
    byte[] content = inJar(name);
    String target = name;
    if (library != null && library.major() != CudaLibraries.JCUDA_MAJOR) {
      content =
          new SharedObject(name, content)
              .withNeeded(
                  library.name() + ".so." + CudaLibraries.JCUDA_MAJOR,
                  library.name() + ".so." + library.major());
      target = "cuda-%d/%s".formatted(library.major(), name);
    }
    Path file = folder.resolve("jcuda-" + JCudaVersion.get()).resolve(target);
    CacheFile.ensure(file, content);
    return file;
  }

  /**
   * Loads an unpacked library and then the class that binds it.
   *
   * <p>The class looks in java.library.path, which is fixed when the JVM starts, and then in the
   * folder for temporary files, whose property it reads each time. There it takes a file that
   * exists; so for this one moment the property names the folder of our file.
   */
  static void load(Path file, Class<?> binding) {
    CudaLibraries.load(file);
    String before = Objects.requireNonNull(System.getProperty(TEMPORARY_FOLDER));
    System.setProperty(TEMPORARY_FOLDER, String.valueOf(file.getParent()));
    try {
      MethodHandles.publicLookup().ensureInitialized(binding);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(binding + " is public", e);
    } finally {
      System.setProperty(TEMPORARY_FOLDER, before);
    }
  }

  private static String fileName(String stem) {
    return LibUtils.createLibraryFileName(
        LibUtils.createPlatformLibraryName(stem + "-" + JCudaVersion.get()));
  }

  private static byte[] inJar(String name) {
    try (InputStream in = LibUtils.class.getResourceAsStream("/lib/" + name)) {
      if (in == null) {
        throw new CudaUnavailableException(
            "%s is not on the class path; add the jars jcuda-natives and jcublas-natives of JCuda %s"
                .formatted(name, JCudaVersion.get()));
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new CudaUnavailableException(
          "cannot read %s from its jar (%s); is the jar whole?".formatted(name, e), e);
    }
  }
}
