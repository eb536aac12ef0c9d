package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir Path folder;

  @Test
  void smallFile_hasExactlyTheseBytes() throws IOException {
    Path file = folder.resolve("model.safetensors");
    SafetensorsWriter.write(
        file,
        List.of(
            NamedData.ofFloats("w", List.of(1L, 2L), new float[] {1f, -2f}),
            NamedData.ofBytes("rng", new byte[] {7, 8, 9})));

    String json =
        "{\"__metadata__\":{\"format\":\"pt\"},\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
            + "\"rng\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[8,11]}}";
    int padded = (json.length() + 7) / 8 * 8;
    ByteBuffer expected = ByteBuffer.allocate(8 + padded + 11).order(ByteOrder.LITTLE_ENDIAN);
    expected.putLong(padded).put((json + " ".repeat(padded - json.length())).getBytes(UTF_8));
    expected.putFloat(1f).putFloat(-2f).put(new byte[] {7, 8, 9});
    assertThat(Files.readAllBytes(file)).isEqualTo(expected.array());
  }

  @Test
  void writtenReadAndWrittenAgain_isByteIdentical() throws IOException {
    Random random = new Random(17);
    List<NamedData> tensors = new ArrayList<>();
    // Longer than the staging buffer, empty, scalar, and names that need escapes.
    float[] large = new float[200_003];
    for (int i = 0; i < large.length; i++) {
      large[i] = random.nextFloat();
    }
    tensors.add(NamedData.ofBytes("odd \"start\" \u00e9\n", new byte[] {1, 2, 3}));
    tensors.add(NamedData.ofFloats("large", List.of((long) large.length), large));
    tensors.add(NamedData.ofFloats("empty", List.of(0L, 4L), new float[0]));
    tensors.add(NamedData.ofDoubles("scalar", List.of(), new double[] {Math.PI}));
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    SafetensorsWriter.write(first, tensors);
    try (SafetensorsFile file = SafetensorsFile.open(first)) {
      SafetensorsWriter.write(
          second, file.names().stream().map(file::tensor).map(NamedData::ofStored).toList());
      float[] read = new float[large.length];
      file.tensor("large").toFloats(0, read, 0, read.length);
      assertThat(read).isEqualTo(large);
    }
    assertThat(Files.mismatch(first, second)).isEqualTo(-1);
  }

  @Test
  void pieces_giveTheSameBytesAsTheWhole() throws IOException {
    float[] values = new float[150_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 0.37f;
    }
    for (StoredType type :
        List.of(StoredType.F32, StoredType.F16, StoredType.BF16, StoredType.F64)) {
      Path whole = folder.resolve("whole");
      Path pieces = folder.resolve("pieces");
      Path memory = folder.resolve("memory");
      List<Long> shape = List.of((long) values.length);
      SafetensorsWriter.write(
          whole,
          List.of(new NamedData("w", type, shape, s -> s.putFloats(values, 0, values.length))));
      SafetensorsWriter.write(
          pieces,
          List.of(
              new NamedData(
                  "w",
                  type,
                  shape,
                  sink -> {
                    for (int from = 0; from < values.length; from += 30_001) {
                      sink.putFloats(values, from, Math.min(30_001, values.length - from));
                    }
                  })));
      SafetensorsWriter.write(
          memory,
          List.of(
              new NamedData("w", type, shape, s -> s.putFloats(MemorySegment.ofArray(values)))));
      assertThat(Files.mismatch(whole, pieces)).as(type.name()).isEqualTo(-1);
      assertThat(Files.mismatch(whole, memory)).as(type.name()).isEqualTo(-1);
    }
  }

  @Test
  void bfloat16_roundsToNearestEvenAndKeepsNan() {
    assertThat(DataSink.toBfloat16(1f)).isEqualTo((short) 0x3f80);
    // Half-way cases: to the even neighbour.
    assertThat(DataSink.toBfloat16(Float.intBitsToFloat(0x3f808000))).isEqualTo((short) 0x3f80);
    assertThat(DataSink.toBfloat16(Float.intBitsToFloat(0x3f818000))).isEqualTo((short) 0x3f82);
    assertThat(DataSink.toBfloat16(Float.intBitsToFloat(0x3f808001))).isEqualTo((short) 0x3f81);
    assertThat(DataSink.toBfloat16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    assertThat(DataSink.toBfloat16(-0f)).isEqualTo((short) 0x8000);
    assertThat(DataSink.toBfloat16(Float.intBitsToFloat(0x7f800001))).isEqualTo((short) 0x7fc0);
  }

  @Test
  void providerOfTheWrongSizeOrType_isRefusedAndLeavesNoFile() throws IOException {
    Path file = folder.resolve("model.safetensors");
    assertRefused(
        file,
        NamedData.ofFloats("w", List.of(3L), new float[2]),
        "gave 8 bytes, shape (3) of F32 needs 12");
    assertRefused(
        file,
        NamedData.ofFloats("w", List.of(1L), new float[2]),
        "gave at least 8 bytes, shape (1) of F32 needs 4");
    assertRefused(
        file,
        new NamedData("w", StoredType.I32, List.of(2L), s -> s.putFloats(new float[2], 0, 2)),
        "of dtype I32 was given floats, which are stored as F32, BF16, F16 or F64");
    assertRefused(
        file,
        new NamedData("w", StoredType.BF16, List.of(2L), s -> s.putDoubles(new double[2], 0, 2)),
        "of dtype BF16 was given doubles, which are stored as F64 or F32");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  private static void assertRefused(Path file, NamedData tensor, String reason) {
    assertThatThrownBy(() -> SafetensorsWriter.write(file, List.of(tensor)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor \"w\"")
        .hasMessageContaining(reason);
  }

  @Test
  void namesThatCouldNotBeReadBack_areRefused() {
    NamedData w = NamedData.ofBytes("w", new byte[1]);
    assertThatThrownBy(() -> SafetensorsWriter.write(folder.resolve("f"), List.of(w, w)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("two tensors named \"w\"");
    assertThatThrownBy(() -> NamedData.ofBytes("__metadata__", new byte[1]))
        .isInstanceOf(CheckpointException.class);
    assertThatThrownBy(() -> NamedData.ofBytes("\ud800", new byte[1]))
        .isInstanceOf(CheckpointException.class);
    assertThatThrownBy(() -> NamedData.ofFloats("w", List.of(-1L), new float[1]))
        .isInstanceOf(CheckpointException.class);
  }
}
