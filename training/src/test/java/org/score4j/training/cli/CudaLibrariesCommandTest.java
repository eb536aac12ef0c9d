package org.score4j.training.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.kernels.cuda.CudaHost;
import picocli.CommandLine;

final class CudaLibrariesCommandTest {
  private static final List<String> LIBRARIES =
      List.of(
          "libcublas.so.12", "libcublasLt.so.12", "libnvrtc.so.12", "libnvrtc-builtins.so.12.6");

  @TempDir private Path root;

  private final Screen screen = new Screen();
  private final StringWriter stdout = new StringWriter();

  private int run(String... args) {
    CudaHost host = new CudaHost(root, Map.of("HOME", root.resolve("home").toString()));
    Terminal plain = new Terminal(screen.out(), false, false, 80);
    Failures failures = new Failures(() -> false);
    return new CommandLine(new CudaLibrariesCommand(plain, host))
        .setOut(new PrintWriter(stdout))
        .setErr(new PrintWriter(screen.out(), true, UTF_8))
        .setExecutionExceptionHandler(failures)
        .setParameterExceptionHandler(failures)
        .execute(args);
  }

  private Path cache() {
    return root.resolve("home/.cache/score4j");
  }

  /** A jar in the layout of the artifact, of files that begin as libraries do. */
  private Path jar() throws IOException {
    byte[] header = new byte[64];
    System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 2, 1}, 0, header, 0, 6);
    header[16] = 3;
    header[18] = 62;
    Path jar = root.resolve("redist.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(file)) {
      for (String name : LIBRARIES) {
        zip.putNextEntry(new ZipEntry("org/bytedeco/cuda/linux-x86_64/" + name));
        zip.write(header);
      }
    }
    return jar;
  }

  /** A stand-in for Maven: a script that gets the folder to copy to as $folder. */
  private String maven(String script) throws IOException {
    Path maven = root.resolve("mvn");
    Files.writeString(
        maven,
        """
        #!/bin/sh
        echo "called with $*"
        for argument; do
          case $argument in -DoutputDirectory=*) folder=${argument#*=} ;; esac
        done
        %s
        """
            .formatted(script));
    Files.setPosixFilePermissions(maven, PosixFilePermissions.fromString("rwx------"));
    return "--maven=" + maven;
  }

  @Test
  void withoutOptions_saysWhatIsThereAndWhatIsMissing() throws IOException {
    assertThat(run()).isEqualTo(1);
    assertThat(stdout.toString().lines()).hasSize(2).allMatch(line -> line.startsWith("✗ no lib"));
    assertThat(root.resolve("home")).doesNotExist();
  }

  @Test
  void install_downloadsThroughMavenAndUnpacks() throws IOException {
    Path jar = jar();
    String maven =
        maven("cp '%s' \"$folder/cuda-12.6-9.5-1.5.11-linux-x86_64-redist.jar\"".formatted(jar));
    assertThat(run("--install", maven)).isZero();
    assertThat(stdout.toString())
        .contains("✓ libcublas 12, " + cache().resolve("cuda-12.6/libcublas.so.12"))
        .contains("✓ libnvrtc 12, " + cache().resolve("cuda-12.6/libnvrtc.so.12"))
        .contains("✗ no libcuda.so.1")
        .doesNotContain("called with");
    assertThat(cache().resolve("cuda-12.6").toFile().list())
        .containsExactlyInAnyOrderElementsOf(LIBRARIES);
    assertThat(cache().toFile().list()).containsExactly("cuda-12.6");
    assertThat(screen.raw())
        .contains("fetching org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist (2 GB)")
        .contains("called with -B org.apache.maven.plugins:maven-dependency-plugin:")
        .contains("-Dartifact=org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist");
  }

  @Test
  void failingMaven_isReportedWithItsOutputAbove() throws IOException {
    assertThat(run("--install", maven("echo no route to host; exit 7"))).isEqualTo(1);
    assertThat(screen.raw())
        .contains("no route to host")
        .contains(
            "score4j: error: Maven has not fetched"
                + " org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist (exit code 7, 0"
                + " jars;");
    assertThat(cache()).isEmptyDirectory();
  }

  @Test
  void missingMaven_isNamedWithTheWaysAround() {
    assertThat(run("--install", "--maven=" + root.resolve("none"))).isEqualTo(1);
    assertThat(screen.raw())
        .contains("score4j: error: cannot start " + root.resolve("none"))
        .contains("give the jar with --from");
  }

  @Test
  void jarFetchedElsewhere_isUnpackedAndStays() throws IOException {
    Path jar = jar();
    assertThat(run("--install", "--from=" + jar)).isZero();
    assertThat(stdout.toString()).contains("✓ libcublas 12").contains("✓ libnvrtc 12");
    assertThat(jar).exists();
    assertThat(run("--from=" + jar)).isEqualTo(2);
    assertThat(screen.raw()).contains("--from needs --install");
  }
}
