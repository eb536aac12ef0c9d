package org.score4j.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over jars made up of file headers, in the layout of the artifact. */
final class CudaRedistTest {
  private static final String INSIDE = "org/bytedeco/cuda/linux-x86_64/";
  private static final List<String> LIBRARIES =
      List.of(
          "libcublas.so.12", "libcublasLt.so.12", "libnvrtc.so.12", "libnvrtc-builtins.so.12.6");

  @TempDir private Path root;

  private CudaHost host = new CudaHost(Path.of("/"), Map.of());

  @BeforeEach
  void home() {
    host = new CudaHost(root, Map.of("HOME", root.resolve("home").toString()));
  }

  private Path jar(List<String> names, byte[] content) throws IOException {
    Path jar = root.resolve("redist.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(file)) {
      for (String name : names) {
        zip.putNextEntry(new ZipEntry(INSIDE + name));
        zip.write(content);
      }
    }
    return jar;
  }

  private byte[] library() throws IOException {
    return Files.readAllBytes(ToyLibraries.header(root.resolve("toy.so"), true));
  }

  @Test
  void unpackedLibraries_areThoseNeededAndAreFound() throws IOException {
    List<String> others = List.of("libcudnn.so.9", "libcublasLt.so.12.txt", "libnvrtc.alt.so.12");
    Path jar = jar(Stream.of(LIBRARIES, others).flatMap(List::stream).toList(), library());
    assertThat(CudaRedist.unpack(jar, host))
        .allSatisfy(file -> assertThat(file).hasBinaryContent(library()))
        .extracting(file -> file.getFileName().toString())
        .containsExactlyInAnyOrderElementsOf(LIBRARIES);
    assertThat(CudaRedist.folder(host).toFile().list())
        .containsExactlyInAnyOrderElementsOf(LIBRARIES);
    CudaLibraries found = CudaLibraries.find(host);
    assertThat(found.found())
        .extracting(CudaLibrary::source)
        .containsExactly("score4j cuda-libraries --install", "score4j cuda-libraries --install");
    assertThat(found.nativesPatched()).isFalse();
  }

  @Test
  void jarWithoutALibrary_isRefusedBeforeAnythingIsWritten() throws IOException {
    Path jar = jar(LIBRARIES.subList(0, 3), library());
    assertThatThrownBy(() -> CudaRedist.unpack(jar, host))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(jar + " holds no file libnvrtc-builtins")
        .hasMessageContaining("is it org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist?");
    assertThat(CudaRedist.folder(host)).doesNotExist();
  }

  @Test
  void damagedLibrary_isNotLeftBehind() throws IOException {
    byte[] content = new byte[4096];
    new Random(1).nextBytes(content);
    System.arraycopy(library(), 0, content, 0, 64);
    Path jar = jar(LIBRARIES, content);
    byte[] bytes = Files.readAllBytes(jar);
    // Within the first of them, whose random bytes are stored as they are: only its sum can tell.
    bytes[2000] ^= 1;
    Files.write(jar, bytes);
    assertThatThrownBy(() -> CudaRedist.unpack(jar, host))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(INSIDE + LIBRARIES.getFirst() + " in " + jar + " is damaged");
    assertThat(CudaRedist.folder(host).toFile().list()).containsExactly("libcublasLt.so.12");
  }

  @Test
  void libraryForAnotherMachine_isNotLeftBehind() throws IOException {
    Path jar = jar(LIBRARIES, "ELF for somebody else".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> CudaRedist.unpack(jar, host))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is no shared library for Linux x86-64");
    assertThat(CudaRedist.folder(host)).isEmptyDirectory();
  }

  @Test
  void fileThatIsNoJar_isRefused() throws IOException {
    Path jar = root.resolve("redist.jar");
    Files.writeString(jar, "<html>not found</html>", StandardCharsets.UTF_8);
    assertThatThrownBy(() -> CudaRedist.unpack(jar, host))
        .hasMessageStartingWith("cannot unpack " + jar)
        .hasMessageContaining("is it whole?");
  }
}
