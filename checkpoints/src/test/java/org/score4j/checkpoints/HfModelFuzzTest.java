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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;

/**
 * Mutates a model folder of shards, index and config: headers, weights, JSON. It loads or throws
 * CheckpointException.
 */
class HfModelFuzzTest {
  private static final int QUICK = 2_000;
  private static final int LONG = 100_000;
  private static final long SEED = Long.getLong("score4j.seed", 20_260_101L);
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
          "model-00002-of-00002.safetensors",
          "hidden_size",
          "LlamaForCausalLM",
          "qwen2",
          "rope_scaling",
          "float16",
          "NaN",
          "dtype",
          "shape",
          "data_offsets",
          "__metadata__",
          "weight_map",
          "\n",
          " ",
          "\u00ff",
          "\u00c0\u0080");

  private final Ops ops = new Ops(Backends.open("reference", 1));
  @TempDir Path folder;

  @Test
  void anyMutation_loadsOrGivesOurException() throws IOException {
    mutate(QUICK);
  }

  @Test
  @Tag("long")
  void anyOfManyMutations_loadsOrGivesOurException() throws IOException {
    mutate(LONG);
  }

  private void mutate(int mutations) throws IOException {
    writeModel();
    Path index = folder.resolve(SafetensorsFolder.INDEX_FILE);
    List<Path> files = new ArrayList<>(List.of(index, folder.resolve(HfConfig.FILE)));
    try (Stream<Path> all = Files.list(folder)) {
      all.filter(file -> file.toString().endsWith(".safetensors")).sorted().forEach(files::add);
    }
    assertThat(files).hasSize(4);

    int loaded = 0;
    Map<String, Integer> refused = new TreeMap<>();
    for (int i = 0; i < mutations; i++) {
      SplittableRandom random = new SplittableRandom(SEED + i);
      Path file = files.get(random.nextInt(files.size()));
      byte[] valid = Files.readAllBytes(file);
      boolean weights = file.toString().endsWith(".safetensors");
      Files.write(
          file,
          weights && random.nextInt(4) == 0
              ? withOtherData(valid, random)
              : mutated(valid, weights ? headerEnd(valid) : valid.length, random));
      if (loadsOrRefuses(i)) {
        loaded++;
      } else {
        refused.merge(weights ? "shard" : file.getFileName().toString(), 1, Integer::sum);
      }
      Files.write(file, valid);
    }
    // A fuzz that never got through would not have tested what lies behind the header.
    assertThat(loaded)
        .as("mutations that still loaded, score4j.seed=%d", SEED)
        .isBetween(mutations / 100, mutations / 2);
    assertThat(refused.keySet()).as("kinds of files that were refused").hasSize(3);
  }

  /** Two shards of a model with all kinds of tensors. */
  private void writeModel() {
    ModelConfig model =
        new ModelConfig(5, 4, 1, 2, 1, 2, 6, 8, 1e-5, 10000, null, false, false, false);
    try (Parameters weights = new Parameters(ops, "weights", model)) {
      HfModel.save(
          ops,
          weights,
          HfSource.made(HfModel.llamaConfig(model)),
          new SaveOptions(StoredType.BF16, 250),
          folder.resolve("model"),
          f -> {});
    }
    folder = folder.resolve("model");
  }

  private boolean loadsOrRefuses(int mutation) {
    try (Parameters weights = HfModel.load(ops, folder).weights()) {
      return weights.config().vocabSize() > 0;
    } catch (CheckpointException e) {
      assertThat(e.getMessage())
          .as("mutation %d of seed %d", mutation, SEED)
          .hasSizeLessThan(2002)
          .doesNotContain("\n");
      return false;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new AssertionError(
          "mutation " + mutation + " of seed " + SEED + " (-Dscore4j.seed) threw " + e, e);
    }
  }

  /** Other weights: any bits, and now and then a NaN or an infinity. */
  private static byte[] withOtherData(byte[] valid, SplittableRandom random) {
    byte[] bytes = valid.clone();
    int[] upper = {0x7F, 0xFF, 0x80, 0, random.nextInt(256)};
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      int at = headerEnd(valid) + random.nextInt(valid.length - headerEnd(valid));
      bytes[at] = (byte) random.nextInt();
      bytes[at | 1] = (byte) upper[random.nextInt(upper.length)];
    }
    return bytes;
  }

  private static int headerEnd(byte[] file) {
    return 8 + (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
  }

  /**
   * One to three changes before the position end, where the interesting bytes are; the header
   * length follows in half of the cases.
   */
  private static byte[] mutated(byte[] valid, int end, SplittableRandom random) throws IOException {
    boolean isJson = end == valid.length;
    int start = isJson ? 0 : 8;
    byte[] text = Arrays.copyOfRange(valid, start, end);
    int changes = random.nextInt(1, 4);
    for (int i = 0; i < changes; i++) {
      text = changed(text, random);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (!isJson) {
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
