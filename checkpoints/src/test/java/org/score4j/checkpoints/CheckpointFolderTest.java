package org.score4j.checkpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFolderTest {
  @TempDir Path run;

  private Path write(long step) {
    ObjectNode meta = StrictJson.MAPPER.createObjectNode();
    meta.put("step", step)
        .put("learningRate", 1e-5)
        .put("decimal", new BigDecimal("0.1000"))
        .put("float", 0.1f);
    meta.putObject("schedule").put("name", "cosine").put("seed", Long.MIN_VALUE);
    Path folder = run.resolve(CheckpointFolder.nameOf(step));
    CheckpointFolder.write(
        folder,
        meta,
        List.of(
            NamedData.ofFloats("weights.w", List.of(2L, 2L), new float[] {(float) step, 2, 3, 4}),
            NamedData.ofDoubles("adam.v.w", List.of(2L, 2L), new double[] {1e-30, 2, 3, 4}),
            NamedData.ofBytes("data", new byte[] {5, 6})));
    return folder;
  }

  @Test
  void whatWasWritten_isRead() {
    Path folder = write(50);
    assertThat(folder.getFileName()).hasToString("ckpt-000050");
    try (CheckpointFolder read = CheckpointFolder.read(folder)) {
      assertThat(read.meta().path("step").asLong()).isEqualTo(50);
      assertThat(read.meta().path("learningRate").asDouble()).isEqualTo(1e-5);
      assertThat(read.meta().path("schedule").path("seed").asLong()).isEqualTo(Long.MIN_VALUE);
      assertThat(read.tensors().names()).containsExactly("weights.w", "adam.v.w", "data");
      double[] v = new double[4];
      read.tensors()
          .tensor("adam.v.w")
          .requireShape(2, 2)
          .requireType(StoredType.F64)
          .toDoubles(0, v, 0, 4);
      assertThat(v).containsExactly(1e-30, 2, 3, 4);
    }
  }

  @Test
  void sameState_givesTheSameBytes() throws IOException {
    Path folder = write(50);
    byte[] manifest = Files.readAllBytes(folder.resolve(CheckpointFolder.MANIFEST));
    byte[] tensors = Files.readAllBytes(folder.resolve(CheckpointFolder.TENSORS));
    write(50);
    assertThat(folder.resolve(CheckpointFolder.MANIFEST)).hasBinaryContent(manifest);
    assertThat(folder.resolve(CheckpointFolder.TENSORS)).hasBinaryContent(tensors);
  }

  @Test
  void list_isNewestFirstByStepAndPruneKeepsTheNewest() throws IOException {
    for (long step : new long[] {9, 100, 1_000_000, 50}) {
      write(step);
    }
    Files.createDirectory(run.resolve("ckpt-1"));
    Files.createDirectory(run.resolve("samples"));
    Files.writeString(run.resolve("ckpt-000777"), "a file");
    assertThat(CheckpointFolder.list(run).stream().map(path -> path.getFileName().toString()))
        .containsExactly("ckpt-1000000", "ckpt-000100", "ckpt-000050", "ckpt-000009");
    CheckpointFolder.prune(run, 2);
    assertThat(CheckpointFolder.list(run).stream().map(path -> path.getFileName().toString()))
        .containsExactly("ckpt-1000000", "ckpt-000100");
    assertThat(run.resolve("ckpt-000777")).exists();
    assertThatThrownBy(() -> CheckpointFolder.prune(run, 0))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("keep at least 1");
  }

  @Test
  void truncatedFile_isNamedWithTheFix() throws IOException {
    write(50);
    Path folder = write(100);
    Path tensors = folder.resolve(CheckpointFolder.TENSORS);
    byte[] bytes = Files.readAllBytes(tensors);
    Files.write(tensors, java.util.Arrays.copyOf(bytes, bytes.length - 1));
    assertDamaged(
        folder,
        tensors
            + ": has "
            + (bytes.length - 1)
            + " bytes, "
            + bytes.length
            + " were written: it is truncated");
    assertDamaged(
        folder,
        "delete this folder and resume again: the run then goes on from the one before,"
            + " ckpt-000050");
  }

  @Test
  void missingFileOrFolder_isNamedWithTheFix() throws IOException {
    Path folder = write(50);
    Files.delete(folder.resolve(CheckpointFolder.TENSORS));
    assertDamaged(folder, folder.resolve(CheckpointFolder.TENSORS) + " is missing");
    assertDamaged(
        folder,
        "there is no older checkpoint beside it: delete this folder and start the run again");
    Files.delete(folder.resolve(CheckpointFolder.MANIFEST));
    assertDamaged(
        folder, "cannot read " + folder.resolve(CheckpointFolder.MANIFEST) + ": no such file");
    assertThatThrownBy(() -> CheckpointFolder.read(run.resolve("ckpt-000060")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no such folder; the newest one beside it is ckpt-000050");
  }

  @Test
  void anyFlippedBit_isFound() throws IOException {
    long seed = 5;
    Random random = new Random(seed);
    Path folder = write(50);
    for (String name : List.of(CheckpointFolder.TENSORS, CheckpointFolder.MANIFEST)) {
      Path file = folder.resolve(name);
      byte[] good = Files.readAllBytes(file);
      for (int position = 0; position < good.length; position++) {
        byte[] flipped = good.clone();
        flipped[position] ^= (byte) (1 << random.nextInt(8));
        Files.write(file, flipped);
        // White space of state.json carries nothing, so a blank that became another blank is no
        // damage.
        if (!Character.isWhitespace(good[position]) || !Character.isWhitespace(flipped[position])) {
          assertDamaged(folder, "delete this folder");
        }
      }
      Files.write(file, good);
    }
    CheckpointFolder.read(folder).close();
  }

  @Test
  void manifestThatNamesAFileElsewhere_isRefused() throws IOException {
    Path folder = write(50);
    StateManifest good = StateManifest.read(folder.resolve(CheckpointFolder.MANIFEST));
    FileHash entry = good.files().getFirst();
    for (String name : List.of("../ckpt-000050/state.safetensors", "..", "a\u0000b")) {
      StateManifest bad =
          new StateManifest(
              good.meta(), List.of(new FileHash(name, entry.bytes(), entry.sha256())));
      Files.write(folder.resolve(CheckpointFolder.MANIFEST), bad.toJson());
      assertDamaged(folder, "not a file of its own");
    }
  }

  private static void assertDamaged(Path folder, String reason) {
    assertThatThrownBy(() -> CheckpointFolder.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith("checkpoint " + folder + " is damaged: ")
        .hasMessageContaining(reason)
        .message()
        .doesNotContain("\n");
  }
}
