package org.score4j.tests.parity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.HfSource;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.checkpoints.StoredType;
import org.score4j.checkpoints.WeightUse;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;

/** A model is loaded with hardly more memory than its weights take up. */
class LoadingMemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");
  // 78M values, 311 MB on the cpu backend.
  private static final ModelConfig MODEL =
      new ModelConfig(16_000, 1024, 4, 16, 4, 64, 2816, 64, 1e-5, 10000, null, false, false, false);

  @TempDir private Path folder;

  /** Loads a folder in a process of its own and prints by how much its memory grew, in KiB. */
  static final class Load {
    private Load() {}

    /** Arguments: the folder, and what it is loaded for. */
    public static void main(String[] arguments) throws IOException {
      try (Backend backend = Backends.open("cpu", 1)) {
        Map<String, Long> before = memory();
        WeightUse use = WeightUse.valueOf(arguments[1]);
        try (Parameters weights =
            HfModel.load(new Ops(backend), Path.of(arguments[0]), use).weights()) {
          System.out.println(
              "loaded "
                  + weights.config().vocabSize()
                  + " peak "
                  + (memory().getOrDefault("VmHWM", 0L) - before.getOrDefault("VmHWM", 0L)));
        }
      }
    }

    private static Map<String, Long> memory() throws IOException {
      Map<String, Long> memory = new TreeMap<>();
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmHWM")) {
          memory.put("VmHWM", Long.parseLong(line.replaceAll("[^0-9]", "")));
        }
      }
      return memory;
    }
  }

  @ParameterizedTest
  @CsvSource({"F32, CHANGED, 4", "BF16, CHANGED, 4", "BF16, FROZEN, 2"})
  void loading_takesHardlyMoreThanTheWeights(StoredType dtype, WeightUse use, int bytesEach)
      throws IOException, InterruptedException {
    assumeTrue(Files.exists(STATUS), "memory is read from " + STATUS + ", a file of Linux");
    try (Backend backend = Backends.open("cpu", 2)) {
      Ops ops = new Ops(backend);
      try (Parameters weights = new Parameters(ops, "weights", MODEL)) {
        ops.fill(weights.decayed(), 0.5);
        ops.fill(weights.undecayed(), 1);
        HfModel.save(
            ops,
            weights,
            HfSource.made(HfModel.llamaConfig(MODEL)),
            new SaveOptions(dtype, 50_000_000),
            folder.resolve("model"),
            f -> {});
      }
    }
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                Load.class.getName(),
                folder.resolve("model").toString(),
                use.name())
            .redirectErrorStream(true)
            .start();
    String output = new String(child.getInputStream().readAllBytes(), UTF_8);
    assertThat(child.waitFor()).as(output).isZero();
    List<String> words = List.of(output.substring(output.indexOf("loaded ")).strip().split(" "));
    long peak = Long.parseLong(words.getLast()) * 1024;
    long size = MODEL.numParameters() * bytesEach;
    // A fifth of the weights as F32, whatever their type: buffers and the JVM's own growth, some
    // 40 MB, do not shrink with it.
    long most = size + MODEL.numParameters() * Float.BYTES / 5;
    assertThat(peak).as("bytes for weights of %d", size).isBetween(size, most);
  }

  @Test
  void aTensorOfMoreThanTwoBillionValues_isRefusedByName() throws IOException {
    long values = 300_000L * 8192;
    String header =
        "{\"model.embed_tokens.weight\":{\"dtype\":\"BF16\",\"shape\":[300000,8192],\"data_offsets\":[0,%d]}}"
            .formatted(2 * values);
    Path file = folder.resolve("model.safetensors");
    // A file with a hole, which takes no space.
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length()).array());
      out.write(header.getBytes(UTF_8));
      out.setLength(8 + header.length() + 2 * values);
    }
    Files.writeString(
        folder.resolve("config.json"),
        Files.readString(Fixture.folder("llama").resolve("config.json"))
            .replaceFirst("\"vocab_size\": *\\d+", "\"vocab_size\": 300000")
            .replaceFirst("\"hidden_size\": *\\d+", "\"hidden_size\": 8192"));
    try (Backend backend = Backends.open("cpu", 1)) {
      assertThatThrownBy(() -> HfModel.load(new Ops(backend), folder))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContainingAll(
              folder.toString(), "model.embed_tokens", "2457600000", "at most 2147482623");
    }
  }
}
