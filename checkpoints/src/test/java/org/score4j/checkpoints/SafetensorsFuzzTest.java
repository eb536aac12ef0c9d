package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutates a valid folder of two shards and an index; it opens or throws CheckpointException, and
 * what opens can be read.
 */
class SafetensorsFuzzTest {
  private static final int MUTATIONS = 20_000;
  private static final long SEED = Long.getLong("score4j.fuzz.seed", 20_260_101L);
  private static final List<String> TOKENS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          "\"",
          ",",
          ":",
          "\\",
          "\\ud800",
          "\\u0000",
          "null",
          "true",
          "-1",
          "-0",
          "0",
          "1.5",
          "1e3",
          "2147483648",
          "4294967296",
          "9223372036854775807",
          "9223372036854775808",
          "18446744073709551616",
          "1e999",
          "F64",
          "U8",
          "BOOL",
          "../x",
          "two.safetensors",
          "dtype",
          "shape",
          "data_offsets",
          "__metadata__",
          "weight_map",
          "\n",
          " ",
          "\u00ff",
          "\u00c0\u0080");

  @TempDir Path folder;

  @Test
  void anyMutation_opensOrGivesOurException() throws IOException {
    mutate(MUTATIONS);
  }

  @Test
  @Tag("long")
  void anyOfManyMutations_opensOrGivesOurException() throws IOException {
    mutate(10 * MUTATIONS);
  }

  private void mutate(int mutations) throws IOException {
    Path one = folder.resolve("one.safetensors");
    Path two = folder.resolve("two.safetensors");
    Path index = folder.resolve(SafetensorsFolder.INDEX_FILE);
    SafetensorsWriter.write(
        one,
        List.of(
            NamedData.ofFloats("model.embed.weight", List.of(3L, 4L), new float[12]),
            NamedData.ofDoubles("model.norm", List.of(2L), new double[2]),
            NamedData.ofBytes("rng", new byte[5])));
    SafetensorsWriter.write(
        two,
        List.of(
            new NamedData(
                "lm_head",
                StoredType.BF16,
                List.of(2L, 2L),
                s -> s.putFloats(new float[4], 0, 4))));
    Files.writeString(
        index,
        "{\"metadata\":{\"total_size\":77},\"weight_map\":{\"model.embed.weight\":\"one.safetensors\",\"model.norm\":\"one.safetensors\","
            + "\"rng\":\"one.safetensors\",\"lm_head\":\"two.safetensors\"}}");
    List<Path> files = List.of(one, two, index);

    int opened = 0;
    for (int i = 0; i < mutations; i++) {
      SplittableRandom random = new SplittableRandom(SEED + i);
      Path file = files.get(random.nextInt(files.size()));
      byte[] valid = Files.readAllBytes(file);
      Files.write(
          file, mutated(valid, file.equals(index) ? valid.length : headerEnd(valid), random));
      opened += opensOrRefuses(i) ? 1 : 0;
      Files.write(file, valid);
    }
    // A fuzz that never got through would not have tested what lies behind the header.
    assertThat(opened)
        .as("mutations that still opened, seed %d", SEED)
        .isBetween(mutations / 100, mutations / 2);
  }

  private boolean opensOrRefuses(int mutation) {
    try (SafetensorsFolder opened = SafetensorsFolder.open(folder)) {
      for (String name : opened.names()) {
        StoredTensor tensor = opened.tensor(name);
        switch (tensor.dtype()) {
          case F32, F64, F16, BF16 ->
              tensor.toDoubles(0, new double[(int) tensor.elements()], 0, (int) tensor.elements());
          case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, I32, U32, I64, U64 ->
              tensor.data().asByteBuffer().get(0);
        }
      }
      return true;
    } catch (CheckpointException e) {
      assertThat(e.getMessage())
          .as("mutation %d of seed %d", mutation, SEED)
          .hasSizeLessThan(2002)
          .doesNotContain("\n");
      return false;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new AssertionError(
          "mutation " + mutation + " of seed " + SEED + " (-Dscore4j.fuzz.seed) threw " + e, e);
    }
  }

  private static int headerEnd(byte[] file) {
    return 8 + (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
  }

  /**
   * One to three changes before the position end, where the interesting bytes are; the header
   * length follows in half of the cases.
   */
  private static byte[] mutated(byte[] valid, int end, SplittableRandom random) throws IOException {
    boolean isIndex = end == valid.length;
    int start = isIndex ? 0 : 8;
    byte[] text = Arrays.copyOfRange(valid, start, end);
    int changes = random.nextInt(1, 4);
    for (int i = 0; i < changes; i++) {
      text = changed(text, random);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (!isIndex) {
      long length = random.nextBoolean() ? text.length : lengthField(valid, random);
      out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array());
    }
    out.write(text);
    out.write(valid, end, valid.length - end);
    byte[] all = out.toByteArray();
    return random.nextInt(16) == 0 ? Arrays.copyOf(all, random.nextInt(all.length + 20)) : all;
  }

  private static long lengthField(byte[] valid, SplittableRandom random) {
    long[] lengths = {
      headerEnd(valid) - 8,
      valid.length,
      valid.length - 8,
      0,
      1,
      -1,
      100_000_000,
      100_000_001,
      Long.MAX_VALUE
    };
    return lengths[random.nextInt(lengths.length)];
  }

  private static byte[] changed(byte[] text, SplittableRandom random) {
    if (text.length == 0) {
      return new byte[] {(byte) random.nextInt()};
    }
    int from = random.nextInt(text.length);
    int to = Math.min(text.length, from + random.nextInt(12));
    byte[] middle =
        switch (random.nextInt(6)) {
          case 0 -> new byte[] {(byte) (text[from] ^ (1 << random.nextInt(8)))};
          case 1 ->
              TOKENS
                  .get(random.nextInt(TOKENS.size()))
                  .getBytes(random.nextBoolean() ? UTF_8 : ISO_8859_1);
          case 2 -> new byte[0];
          case 3 -> twice(Arrays.copyOfRange(text, from, to));
          case 4 -> Integer.toString(random.nextInt(100)).getBytes(UTF_8);
          default -> new byte[] {(byte) random.nextInt()};
        };
    int behind =
        random.nextInt(3) == 0
            ? from
            : Math.min(text.length, from + Math.max(1, random.nextInt(4)));
    byte[] result = new byte[from + middle.length + text.length - behind];
    System.arraycopy(text, 0, result, 0, from);
    System.arraycopy(middle, 0, result, from, middle.length);
    System.arraycopy(text, behind, result, from + middle.length, text.length - behind);
    return result;
  }

  private static byte[] twice(byte[] part) {
    byte[] result = Arrays.copyOf(part, 2 * part.length);
    System.arraycopy(part, 0, result, part.length, part.length);
    return result;
  }
}
