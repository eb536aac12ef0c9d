package org.score4j.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The search, over made-up file systems. */
final class CudaLibrariesTest {
  @TempDir private Path root;

  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void home() {
    environment.put("HOME", root.resolve("home/ada").toString());
  }

  private void library(String path) throws IOException {
    ToyLibraries.header(root.resolve(path), true);
  }

  private CudaLibraries find() {
    return CudaLibraries.find(new CudaHost(root, environment));
  }

  private String where(@Nullable CudaLibrary library) {
    return library == null ? "none" : root.relativize(library.file()) + " <- " + library.source();
  }

  @Test
  void emptyMachine_hasNothingAndSaysWhatToInstall() {
    CudaLibraries found = find();
    assertThat(found.found()).isEmpty();
    assertThat(found.missing()).hasSize(2);
    assertThat(found.missing().get(0))
        .startsWith("no libcuda.so.1, the library of NVIDIA's driver; install the driver (Debian:");
    assertThat(found.missing().get(1))
        .startsWith("no libcublas.so.12 or .13 and no libnvrtc.so.12 or .13; install CUDA 12 or 13")
        .contains(
            "libcublas12 libnvrtc12", "score4j cuda-libraries --install", "SCORE4J_CUDA_LIBS");
    assertThatThrownBy(found::load)
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessageContaining("libcuda.so.1")
        .hasMessageContaining("cuda-libraries --install");
    assertThatThrownBy(found::loadDriver).isInstanceOf(CudaUnavailableException.class);
  }

  @Test
  void places_areSearchedInTheOrderOfTheirNearnessToTheUser() throws IOException {
    environment.put("CUDA_HOME", root.resolve("opt/mine").toString());
    environment.put("CUDA_PATH", root.resolve("opt/path").toString());
    environment.put("LD_LIBRARY_PATH", "relative::" + root.resolve("ld"));
    environment.put("VIRTUAL_ENV", root.resolve("venv").toString());
    Files.createDirectories(root.resolve("etc/conf.d"));
    Files.writeString(root.resolve("etc/ld.so.conf"), "# folders\ninclude conf.d/*.conf\n");
    Files.writeString(root.resolve("etc/conf.d/cuda.conf"), "/opt/loader # CUDA\n");
    String[][] order = {
      {"home/ada/.cache/score4j/cuda-12.6", "score4j cuda-libraries --install"},
      {"venv/lib/python3.12/site-packages/nvidia/cublas/lib", "Python's nvidia wheels"},
      {"opt/loader", "/etc/ld.so.conf"},
      {"usr/lib64", "the distribution"},
      {"usr/lib/x86_64-linux-gnu", "the distribution"},
      {"usr/local/cuda-9.2/lib64", "/usr/local/cuda-9.2"},
      {"usr/local/cuda-12.6/targets/x86_64-linux/lib", "/usr/local/cuda-12.6"},
      {"usr/local/cuda/lib64", "/usr/local/cuda"},
      {"ld", "LD_LIBRARY_PATH"},
      {"opt/path/lib64", "CUDA_PATH"},
      {"opt/mine/lib64", "CUDA_HOME"},
    };
    for (String[] place : order) {
      library(place[0] + "/libcublas.so.12");
      assertThat(where(find().cublas())).isEqualTo(place[0] + "/libcublas.so.12 <- " + place[1]);
    }
    assertThat(find().nvrtc()).isNull();
    assertThat(find().missing().get(1)).startsWith("no libnvrtc.so.12 or .13; install");
  }

  @Test
  void cuda12Anywhere_isTakenBefore13() throws IOException {
    library("usr/local/cuda/lib64/libnvrtc.so.13");
    library("usr/local/cuda/lib64/libcublas.so.13");
    assertThat(find().nativesPatched()).isTrue();
    library("usr/lib64/libnvrtc.so.12");
    CudaLibraries mixed = find();
    assertThat(where(mixed.nvrtc())).startsWith("usr/lib64/libnvrtc.so.12");
    assertThat(where(mixed.cublas())).startsWith("usr/local/cuda/lib64/libcublas.so.13");
    assertThat(mixed.nativesPatched()).isTrue();
    library("usr/lib64/libcublas.so.12");
    assertThat(find().nativesPatched()).isFalse();
  }

  @Test
  void configuredFolders_areTheOnlyOnesForTheToolkit() throws IOException {
    library("usr/lib64/libcuda.so.1");
    library("usr/lib64/libcublas.so.12");
    library("usr/lib64/libnvrtc.so.12");
    library("mine/libnvrtc.so.13");
    environment.put(CudaHost.CONFIGURED, root.resolve("mine") + ":" + root.resolve("more"));
    CudaLibraries found = find();
    assertThat(where(found.driver())).isEqualTo("usr/lib64/libcuda.so.1 <- the distribution");
    assertThat(where(found.nvrtc())).isEqualTo("mine/libnvrtc.so.13 <- SCORE4J_CUDA_LIBS");
    assertThat(found.missing())
        .containsExactly(
            "no libcublas.so.12 or .13 in the folders of SCORE4J_CUDA_LIBS (%s:%s), and no others are looked at while it is set; correct it or unset it"
                .formatted(root.resolve("mine"), root.resolve("more")));
    library("more/libcublas.so.13");
    library("more/libcuda.so.1");
    assertThat(find().missing()).isEmpty();
    assertThat(where(find().driver())).startsWith("more/libcuda.so.1");
  }

  @Test
  void librariesFor32Bits_areNotTaken() throws IOException {
    ToyLibraries.header(root.resolve("usr/lib/libcuda.so.1"), false);
    assertThat(find().driver()).isNull();
    Files.createDirectories(root.resolve("usr/lib64"));
    Files.createSymbolicLink(root.resolve("usr/lib64/libcuda.so.1"), Path.of("nowhere"));
    assertThat(find().driver()).isNull();
    library("usr/lib/wsl/lib/libcuda.so.1");
    assertThat(where(find().driver())).startsWith("usr/lib/wsl/lib/");
  }

  @Test
  void version_isInTheNameThatTheLinkLeadsTo() throws IOException {
    library("usr/lib64/libnvrtc.so.12.6.77");
    Files.createSymbolicLink(
        root.resolve("usr/lib64/libnvrtc.so.12"), Path.of("libnvrtc.so.12.6.77"));
    library("usr/lib64/libcublas.so.13");
    assertThat(find().found().stream().map(CudaLibrary::description))
        .containsExactly(
            "libcublas 13, %s (from the distribution)"
                .formatted(root.resolve("usr/lib64/libcublas.so.13")),
            "libnvrtc 12.6.77, %s (from the distribution)"
                .formatted(root.resolve("usr/lib64/libnvrtc.so.12")));
  }

  @Test
  void cacheFolder_isWhereTheXdgSpecificationPutsIt() {
    assertThat(new CudaHost(root, environment).cacheFolder())
        .isEqualTo(root.resolve("home/ada/.cache/score4j"));
    environment.put("XDG_CACHE_HOME", "relative");
    assertThat(new CudaHost(root, environment).cacheFolder())
        .isEqualTo(root.resolve("home/ada/.cache/score4j"));
    environment.put("XDG_CACHE_HOME", "/caches");
    assertThat(new CudaHost(root, environment).cacheFolder()).isEqualTo(Path.of("/caches/score4j"));
    assertThatThrownBy(() -> new CudaHost(root, Map.of("HOME", "?")).cacheFolder())
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessageContaining("HOME is '?' and XDG_CACHE_HOME is ''");
  }
}
