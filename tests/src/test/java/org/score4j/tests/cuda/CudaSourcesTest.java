package org.score4j.tests.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The CUDA sources themselves: what every compiler of NVIDIA's says to them. */
final class CudaSourcesTest {
  /** Hopper, as the rest takes two minutes more; all by -Dscore4j.cudaArchitectures=80,90,100. */
  private static final List<Integer> ARCHITECTURES =
      Stream.of(System.getProperty("score4j.cudaArchitectures", "90").split(",", -1))
          .map(Integer::valueOf)
          .toList();

  private static final List<String> PRECISIONS = List.of("", "-DSCORE4J_BF16");

  @TempDir private Path folder;

  static Stream<String> sources() throws IOException {
    return list(".cu").map(file -> file.getFileName().toString());
  }

  private static Stream<Path> list(String suffix) throws IOException {
    try (Stream<Path> files = Files.list(folderOfSources())) {
      return files.filter(file -> file.toString().endsWith(suffix)).sorted().toList().stream();
    }
  }

  private static Path folderOfSources() {
    return Path.of(System.getProperty("basedir", ""), "../kernels/src/main/resources/cuda");
  }

  /** In both precisions, attention also with what only some models have. */
  @ParameterizedTest
  @MethodSource("sources")
  void everySource_compilesWithoutWarnings(String source) throws Exception {
    assumeTrue(hasNvcc(), "nvcc is not on the PATH; CUDA 12 or 13 has it");
    List<String> variants = new ArrayList<>(PRECISIONS);
    if (source.contains("attention")) {
      PRECISIONS.forEach(precision -> variants.add((precision + " -DSCORE4J_CAPPED").strip()));
    }
    for (String defines : variants) {
      List<String> command = new ArrayList<>(List.of("nvcc", "-std=c++17", "-fatbin"));
      for (int architecture : ARCHITECTURES) {
        command.add("-gencode=arch=compute_%1$d,code=sm_%1$d".formatted(architecture));
      }
      command.addAll(List.of("-Werror", "all-warnings", "-Xptxas", "-Werror"));
      if (!defines.isEmpty()) {
        command.addAll(List.of(defines.split(" ", -1)));
      }
      command.addAll(List.of("-o", folder.resolve("out.fatbin").toString()));
      command.add(folderOfSources().resolve(source).toString());
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as("%s%n%s", String.join(" ", command), output).isZero();
    }
  }

  /** NVRTC alone must do, so there is no toolkit and no C library to include from. */
  @Test
  void sources_includeOnlyOurOwnHeaders() throws IOException {
    List<String> own = list(".cuh").map(file -> file.getFileName().toString()).toList();
    for (Path file : Stream.concat(list(".cu"), list(".cuh")).toList()) {
      for (String line : Files.readAllLines(file)) {
        if (line.strip().startsWith("#include")) {
          assertThat(own)
              .as("%s: %s", file.getFileName(), line)
              .anyMatch(header -> line.strip().equals("#include \"" + header + "\""));
        }
      }
    }
  }

  private static boolean hasNvcc() throws InterruptedException {
    try {
      return new ProcessBuilder("nvcc", "--version")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
