package org.score4j.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Shared libraries made by gcc for a test, small stand-ins of those of CUDA among them. */
final class ToyLibraries {
  private static final Path GCC = Path.of("/usr/bin/gcc");

  private ToyLibraries() {}

  /** Skips the test where there is no gcc. */
  static void assumeGcc() {
    assumeTrue(
        Files.isExecutable(GCC), "needs gcc in " + GCC + " to build small libraries; install gcc");
  }

  /**
   * Builds one whose functions all have one symbol version, as NVIDIA's have.
   *
   * @param soname its name and its file's, such as {@code libfoo.so.12}
   * @param version of the symbols; empty for none
   * @param needed libraries to link with
   */
  static Path build(Path folder, String soname, String version, String source, Path... needed)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Path code = Files.writeString(folder.resolve(soname + ".c"), source);
    Path library = folder.resolve(soname);
    List<String> command =
        new ArrayList<>(
            List.of(
                GCC.toString(),
                "-shared",
                "-fPIC",
                "-Wl,-soname," + soname,
                "-o",
                library.toString(),
                code.toString()));
    if (!version.isEmpty()) {
      Path script = folder.resolve(soname + ".map");
      Files.writeString(script, "%s { global: *; };".formatted(version));
      command.add("-Wl,--version-script=" + script);
    }
    for (Path other : needed) {
      command.add(other.toString());
    }
    output(command);
    return library;
  }

  /**
   * A folder with stand-ins: libcuda shows the devices, cuBLAS and NVRTC only tell their versions.
   *
   * @param major of cuBLAS and NVRTC
   * @param driver the CUDA of the driver, such as 12060
   * @param initResult of cuInit
   * @param devices as C initialisers of {name, major, minor, MiB}, separated by commas
   */
  static Path cuda(Path folder, int major, int driver, int initResult, String devices)
      throws IOException, InterruptedException {
    build(
        folder,
        "libcuda.so.1",
        "",
        """
        #include <string.h>
        struct device { const char *name; int major, minor; long mib; };
        static struct device devices[] = {%s};
        int cuInit(unsigned flags) { return %d; }
        int cuDriverGetVersion(int *v) { *v = %d; return 0; }
        int cuDeviceGetCount(int *n) { *n = sizeof devices / sizeof *devices; return 0; }
        int cuDeviceGet(int *d, int i) { *d = i; return 0; }
        int cuDeviceGetName(char *s, int n, int d) { strncpy(s, devices[d].name, n); return 0; }
        int cuDeviceGetAttribute(int *v, int a, int d) {
          *v = a == 75 ? devices[d].major : a == 76 ? devices[d].minor : -1;
          return 0;
        }
        int cuDeviceTotalMem_v2(size_t *n, int d) { *n = devices[d].mib << 20; return 0; }
        int cuDevicePrimaryCtxRetain(void **c, int d) { *c = &devices[d]; return devices[d].mib ? 0 : 2; }
        int cuDevicePrimaryCtxRelease_v2(int d) { return 0; }
        static struct device *current;
        int cuCtxSetCurrent(void *c) { current = c; return 0; }
        int cuMemGetInfo_v2(size_t *f, size_t *t) {
          *t = current->mib << 20; *f = *t / 2; return 0;
        }
        """
            .formatted(devices, initResult, driver));
    build(
        folder,
        "libcublas.so." + major,
        "libcublas.so." + major,
        "int cublasGetProperty(int p, int *v) { *v = p == 0 ? %d : p; return 0; }"
            .formatted(major));
    build(
        folder,
        "libnvrtc.so." + major,
        "libnvrtc.so." + major,
        "int nvrtcVersion(int *a, int *b) { *a = %d; *b = 4; return 0; }".formatted(major));
    return folder;
  }

  /** A file that begins as a shared library does and has nothing else. */
  static Path header(Path file, boolean for64Bits) throws IOException {
    Files.createDirectories(file.getParent());
    byte[] content = new byte[64];
    content[0] = 0x7f;
    content[1] = 'E';
    content[2] = 'L';
    content[3] = 'F';
    content[4] = (byte) (for64Bits ? 2 : 1);
    content[5] = 1;
    content[16] = 3;
    content[18] = (byte) (for64Bits ? 62 : 3);
    return Files.write(file, content);
  }

  /** What a command prints. */
  static String output(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", command, text).isZero();
    return text;
  }
}
