package org.score4j.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** JCuda's real natives on small stand-ins for the libraries of CUDA, each in its own JVM. */
final class CudaProbeTest {
  private static final String H100 = "{\"Toy H100\", 9, 0, 80000}";

  @TempDir private Path folder;

  @BeforeEach
  void needsGcc() {
    ToyLibraries.assumeGcc();
  }

  private List<String> probe(String... jvmArguments) throws IOException, InterruptedException {
    Files.createDirectories(folder.resolve("tmp"));
    List<String> command =
        Stream.of(
                Stream.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "--enable-native-access=ALL-UNNAMED",
                    "-Djava.io.tmpdir=" + folder.resolve("tmp")),
                Stream.of(jvmArguments),
                Stream.of(
                    "-cp", System.getProperty("java.class.path"), ProbeProgram.class.getName()))
            .flatMap(part -> part)
            .toList();
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    builder.environment().put(CudaHost.CONFIGURED, folder.resolve("libs").toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.lines().toList();
  }

  private Path inCache(String name) {
    return folder.resolve("cache/score4j/jcuda-12.6.0").resolve(name);
  }

  @Test
  void cuda13_isUsedThroughPatchedNatives() throws Exception {
    ToyLibraries.cuda(folder.resolve("libs"), 13, 13000, 0, H100);
    assertThat(probe())
        .contains(
            "driver=1, for CUDA up to 13.0",
            "device=Toy H100, compute capability 9.0, 80000 MiB of memory, 40000 MiB free",
            "usable=[]",
            "library=as loaded: cuBLAS 13.1.2, NVRTC 13.4",
            "natives=JCuda's, pointed at CUDA 13, in " + folder.resolve("cache/score4j"),
            "tmpdir=" + folder.resolve("tmp"))
        .noneMatch(line -> line.startsWith("fault="));
    assertThat(inCache("cuda-13/libJNvrtc-12.6.0-linux-x86_64.so")).exists();
    assertThat(inCache("cuda-13/libJCublas2-12.6.0-linux-x86_64.so")).exists();
    // Else JCuda has loaded what anybody could have put there.
    assertThat(folder.resolve("tmp")).isEmptyDirectory();
  }

  @Test
  void cuda12_isUsedThroughTheNativesAsTheyAre() throws Exception {
    ToyLibraries.cuda(folder.resolve("libs"), 12, 12060, 0, H100);
    assertThat(probe())
        .contains(
            "driver=1, for CUDA up to 12.6",
            "library=as loaded: cuBLAS 12.1.2, NVRTC 12.4",
            "natives=JCuda's, as they are")
        .noneMatch(line -> line.startsWith("fault="));
    assertThat(inCache("libJNvrtc-12.6.0-linux-x86_64.so")).exists();
    assertThat(folder.resolve("tmp")).isEmptyDirectory();
  }

  @Test
  void damagedAndPlantedNatives_areNotLoaded() throws Exception {
    ToyLibraries.cuda(folder.resolve("libs"), 13, 13000, 0, H100);
    Path native13 = inCache("cuda-13/libJNvrtc-12.6.0-linux-x86_64.so");
    probe();
    byte[] whole = Files.readAllBytes(native13);
    byte[] damaged = whole.clone();
    damaged[whole.length / 2] ^= 1;
    Files.write(native13, damaged);
    Files.createDirectories(folder.resolve("tmp"));
    Files.writeString(folder.resolve("tmp").resolve(native13.getFileName()), "planted");
    assertThat(probe()).contains("library=as loaded: cuBLAS 13.1.2, NVRTC 13.4");
    assertThat(native13).hasBinaryContent(whole);
    assertThat(native13.resolveSibling(".")).isDirectoryNotContaining("glob:**.tmp");
  }

  @Test
  void nativesOnTheLibraryPathOfTheUser_doNoHarm() throws Exception {
    ToyLibraries.cuda(folder.resolve("libs"), 13, 13000, 0, H100);
    probe();
    assertThat(probe("-Djava.library.path=" + inCache("cuda-13")))
        .contains("library=as loaded: cuBLAS 13.1.2, NVRTC 13.4");
  }

  @Test
  void machineWithoutDriver_isOneFault() throws Exception {
    ToyLibraries.cuda(folder.resolve("libs"), 12, 12060, 0, H100);
    Files.delete(folder.resolve("libs/libcuda.so.1"));
    assertThat(probe())
        .contains("driver=", "natives=")
        .filteredOn(line -> line.startsWith("fault="))
        .singleElement()
        .asString()
        .startsWith("fault=no libcuda.so.1, the library of NVIDIA's driver; install the driver");
  }

  @Test
  void driverWithoutGpu_isNamedWithItsError() throws Exception {
    ToyLibraries.cuda(folder.resolve("libs"), 12, 12060, 100, H100);
    assertThat(probe())
        .contains(
            "driver=1, for CUDA up to 12.6",
            "fault=cuInit fails with CUDA_ERROR_NO_DEVICE; see whether nvidia-smi works")
        .noneMatch(line -> line.startsWith("device="));
  }

  @Test
  void driverOlderThanTheLibraries_isAFault() throws Exception {
    ToyLibraries.cuda(folder.resolve("libs"), 13, 12060, 0, H100);
    assertThat(probe())
        .contains(
            "fault=the driver is for CUDA up to 12.6, the libraries found are of CUDA 13; update"
                + " the driver, or set SCORE4J_CUDA_LIBS to a folder with those of CUDA 12");
  }

  @Test
  void oldAndFullGpus_areFaultsOfThoseAlone() throws Exception {
    String devices = H100 + ", {\"Toy T4\", 7, 5, 16000}, {\"Toy full\", 8, 0, 0}";
    ToyLibraries.cuda(folder.resolve("libs"), 12, 12060, 0, devices);
    assertThat(probe())
        .containsSubsequence(
            "usable=[]",
            "usable=[cuda:1 has compute capability 7.5, the kernels need 8.0 (Ampere) or newer; use"
                + " another GPU or --device cpu]",
            "usable=[cuda:2 is there but cuDevicePrimaryCtxRetain fails with"
                + " CUDA_ERROR_OUT_OF_MEMORY; see whether nvidia-smi works]")
        .noneMatch(line -> line.startsWith("fault="));
  }

  @Test
  void brokenLibrary_isAFaultThatNamesTheFile() throws Exception {
    Path libs = ToyLibraries.cuda(folder.resolve("libs"), 12, 12060, 0, H100);
    ToyLibraries.header(libs.resolve("libcublas.so.12"), true);
    assertThat(probe())
        .filteredOn(line -> line.startsWith("fault="))
        .singleElement()
        .asString()
        .startsWith("fault=cannot load " + libs.resolve("libcublas.so.12"))
        .endsWith("is it whole, and are the libraries it names beside it?");
  }
}
