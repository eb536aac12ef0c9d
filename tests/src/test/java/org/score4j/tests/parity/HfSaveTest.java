package org.score4j.tests.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.NamedData;
import org.score4j.checkpoints.SafetensorsFile;
import org.score4j.checkpoints.SafetensorsFolder;
import org.score4j.checkpoints.SafetensorsWriter;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.checkpoints.StoredTensor;
import org.score4j.checkpoints.StoredType;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;

/** What is saved is what was loaded: values, types, order, config, small files. */
class HfSaveTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Ops ops = new Ops(Backends.open("cpu", 1));
  @TempDir private Path temporary;
  private Path from = Path.of("");
  private Path to = Path.of("");

  @BeforeEach
  void nameFolders() throws IOException {
    from = Files.createDirectory(temporary.resolve("from"));
    to = temporary.resolve("to");
  }

  /** Every kind of value of a type: zeros of both signs, subnormals, the largest, random ones. */
  private static MemorySegment awkward(StoredType dtype, long elements, long seed) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[(int) (elements * dtype.byteWidth())]);
    SplittableRandom random = new SplittableRandom(seed);
    int[] special =
        switch (dtype) {
          case F16 -> new int[] {0, 0x8000, 1, 0x83FF, 0x0400, 0x7BFF, 0xFBFF};
          case BF16 -> new int[] {0, 0x8000, 1, 0x807F, 0x0080, 0x7F7F, 0xFF7F};
          default -> new int[] {0, 0x80000000, 1, 0x807FFFFF, 0x00800000, 0x7F7FFFFF, 0x3F800001};
        };
    int exponent =
        switch (dtype) {
          case F16 -> 0x7C00;
          case BF16 -> 0x7F80;
          default -> 0x7F800000;
        };
    for (int i = 0; i < elements; i++) {
      int bits = i < special.length ? special[i] : random.nextInt();
      if ((bits & exponent) == exponent) {
        bits &= ~(exponent & -exponent);
      }
      if (dtype.byteWidth() == 2) {
        bytes.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, (short) bits);
      } else {
        bytes.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, bits);
      }
    }
    return bytes;
  }

  /** A fixture with other values in other types; the stored bytes by name, in the file's order. */
  private Map<String, byte[]> make(String fixture, StoredType matrices, StoredType vectors)
      throws IOException {
    Path source = Fixture.folder(fixture);
    Map<String, byte[]> bytes = new LinkedHashMap<>();
    List<NamedData> tensors = new ArrayList<>();
    try (SafetensorsFile file = SafetensorsFile.open(source.resolve("model.safetensors"))) {
      // Backwards, for the order to be kept is the file's and not ours.
      for (String name : file.names().reversed()) {
        StoredTensor tensor = file.tensor(name);
        StoredType dtype = tensor.shape().size() == 1 ? vectors : matrices;
        MemorySegment values = awkward(dtype, tensor.elements(), name.hashCode());
        bytes.put(name, values.toArray(ValueLayout.JAVA_BYTE));
        tensors.add(new NamedData(name, dtype, tensor.shape(), sink -> sink.put(values)));
      }
    }
    SafetensorsWriter.write(from.resolve("model.safetensors"), tensors);
    Files.writeString(
        from.resolve("config.json"),
        Files.readString(source.resolve("config.json"))
            .replaceFirst("\\{", "{ \"unknown_to_us\":  [1,\t2],"));
    return bytes;
  }

  private void loadAndSave(SaveOptions options) {
    HfModel.Loaded loaded = HfModel.load(ops, from);
    try (Parameters weights = loaded.weights()) {
      HfModel.save(ops, weights, loaded.source(), options, to, folder -> {});
    }
  }

  private static Map<String, byte[]> bytes(Path folder) {
    Map<String, byte[]> bytes = new LinkedHashMap<>();
    try (SafetensorsFolder files = SafetensorsFolder.open(folder)) {
      for (String name : files.names()) {
        bytes.put(name, files.tensor(name).data().toArray(ValueLayout.JAVA_BYTE));
      }
    }
    return bytes;
  }

  private static void assertSame(Map<String, byte[]> actual, Map<String, byte[]> wanted) {
    assertThat(actual.keySet()).containsExactlyElementsOf(wanted.keySet());
    actual.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(wanted.get(name)));
  }

  @ParameterizedTest
  @EnumSource(
      value = StoredType.class,
      names = {"F32", "BF16", "F16"})
  void loadSaveLoad_givesTheSameBytesInTheSourcesTypesAndOrder(StoredType dtype)
      throws IOException {
    Map<String, byte[]> before = make("llama", dtype, StoredType.F32);
    loadAndSave(SaveOptions.DEFAULT);
    assertSame(bytes(to), before);
    assertThat(to.resolve("model.safetensors"))
        .hasSameBinaryContentAs(from.resolve("model.safetensors"));
    assertThat(to.resolve("config.json")).hasSameBinaryContentAs(from.resolve("config.json"));
    try (SafetensorsFile file = SafetensorsFile.open(to.resolve("model.safetensors"))) {
      assertThat(file.metadata()).isEqualTo(Map.of("format", "pt"));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = StoredType.class,
      names = {"F32", "BF16", "F16"})
  void shards_areFilledInOrderAndListedByTheIndex(StoredType dtype) throws IOException {
    Map<String, byte[]> before = make("qwen2", dtype, dtype);
    long limit = 40_000;
    loadAndSave(new SaveOptions(null, limit));
    assertSame(bytes(to), before);
    JsonNode index = JSON.readTree(to.resolve("model.safetensors.index.json").toFile());
    assertThat(index.at("/metadata/total_size").asLong())
        .isEqualTo(before.values().stream().mapToLong(b -> b.length).sum());
    List<String> shards = new ArrayList<>();
    for (String name : before.keySet()) {
      String shard = index.path("weight_map").path(name).asText();
      if (shards.isEmpty() || !shards.getLast().equals(shard)) {
        shards.add(shard);
      }
    }
    assertThat(shards).hasSizeGreaterThan(2).doesNotHaveDuplicates();
    for (int i = 0; i < shards.size(); i++) {
      assertThat(shards.get(i))
          .isEqualTo("model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size()));
      try (SafetensorsFile shard = SafetensorsFile.open(to.resolve(shards.get(i)))) {
        long size = shard.names().stream().mapToLong(n -> shard.tensor(n).data().byteSize()).sum();
        assertThat(size <= limit || shard.names().size() == 1).isTrue();
      }
    }
    assertThat(to.resolve("model.safetensors")).doesNotExist();
  }

  @Test
  void theShardedFixture_comesBackByteForByte() throws IOException {
    from = Fixture.folder("llama_bf16_sharded");
    loadAndSave(SaveOptions.DEFAULT);
    assertSame(bytes(to), bytes(from));
    assertThat(to.resolve("config.json")).hasSameBinaryContentAs(from.resolve("config.json"));
    // Told otherwise: rounded from F32 to BF16 and back is the same again.
    Path wide = temporary.resolve("wide");
    HfModel.Loaded loaded = HfModel.load(ops, from);
    try (Parameters weights = loaded.weights()) {
      HfModel.save(
          ops,
          weights,
          loaded.source(),
          new SaveOptions(StoredType.F32, 100_000),
          wide,
          folder -> {});
    }
    String source = Files.readString(from.resolve("config.json"));
    assertThat(source).contains("bfloat16");
    assertThat(wide.resolve("config.json")).hasContent(source.replace("bfloat16", "float32"));
    from = wide;
    to = temporary.resolve("narrow");
    loadAndSave(new SaveOptions(StoredType.BF16, 100_000));
    assertSame(bytes(to), bytes(Fixture.folder("llama_bf16_sharded")));
    assertThat(to.resolve("config.json")).hasContent(source);
  }

  @Test
  void aConfigWithoutTheType_getsIt() throws IOException {
    make("llama", StoredType.BF16, StoredType.BF16);
    ObjectNode config = (ObjectNode) JSON.readTree(from.resolve("config.json").toFile());
    config.remove("torch_dtype");
    Files.writeString(from.resolve("config.json"), config.toString());
    loadAndSave(new SaveOptions(StoredType.F32, 1 << 30));
    JsonNode saved = JSON.readTree(to.resolve("config.json").toFile());
    assertThat(saved).isEqualTo(config.deepCopy().put("torch_dtype", "float32"));
    config.put("dtype", "bfloat16");
    Files.writeString(from.resolve("config.json"), config.toString());
    loadAndSave(new SaveOptions(StoredType.F32, 1 << 30));
    assertThat(JSON.readTree(to.resolve("config.json").toFile()))
        .isEqualTo(config.deepCopy().put("dtype", "float32"));
  }

  @Test
  void roundingIsToNearestTiesToEven_andOverflowIsRefusedByName() throws IOException {
    make("llama", StoredType.F32, StoredType.F32);
    HfModel.Loaded loaded = HfModel.load(ops, from);
    try (Parameters weights = loaded.weights()) {
      ops.fill(weights.decayed(), 1);
      ops.fill(weights.undecayed(), 1);
      float[] norm = ops.downloadFloats(weights.norm());
      float[] values = {1 + 0x1p-11f, 1 + 0x3p-11f, 0x1p-25f, 0x1.8p-25f, 65519, -0f};
      System.arraycopy(values, 0, norm, 0, values.length);
      ops.upload(weights.norm(), norm);
      HfModel.save(
          ops,
          weights,
          loaded.source(),
          new SaveOptions(StoredType.F16, 1 << 30),
          to,
          folder -> {});
      byte[] stored = Objects.requireNonNull(bytes(to).get("model.norm.weight"));
      short[] bits = new short[values.length];
      MemorySegment.ofArray(bits).copyFrom(MemorySegment.ofArray(stored).asSlice(0, 12));
      assertThat(bits)
          .containsExactly(
              (short) 0x3C00, (short) 0x3C02, (short) 0, (short) 1, (short) 0x7BFF, (short) 0x8000);
      norm[3] = 65520;
      ops.upload(weights.norm(), norm);
      assertThatThrownBy(
              () ->
                  HfModel.save(
                      ops,
                      weights,
                      loaded.source(),
                      new SaveOptions(StoredType.F16, 1 << 30),
                      temporary.resolve("refused"),
                      folder -> {}))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContainingAll("model.norm.weight", "65520", "F16", "BF16");
      assertThat(temporary.resolve("refused")).doesNotExist();
    }
  }

  @Test
  void smallFilesAreCarriedAlong_weightsAndFilesOfOtherPlacesAreNot() throws IOException {
    // As the Hugging Face cache lies on disk: a snapshot of links to blobs.
    Path snapshot =
        Files.createDirectories(temporary.resolve("models--a--b/snapshots/0123")).toRealPath();
    Path blobs = Files.createDirectory(snapshot.resolve("../../blobs").normalize());
    make("llama", StoredType.F32, StoredType.F32);
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.move(from.resolve(name), snapshot.resolve(name));
    }
    from = snapshot;
    Files.writeString(blobs.resolve("blob"), "{}");
    Files.createSymbolicLink(from.resolve("tokenizer.json"), Path.of("../../blobs/blob"));
    Files.writeString(from.resolve("generation_config.json"), "{ \"temperature\": 0.6 }");
    Files.writeString(from.resolve("chat_template.jinja"), "{{ messages }}");
    Files.writeString(from.resolve("LICENSE"), "text");
    Files.writeString(temporary.resolve("secret"), "secret");
    Files.createSymbolicLink(from.resolve("notes.txt"), temporary.resolve("secret"));
    Files.createSymbolicLink(from.resolve("nowhere.txt"), Path.of("absent"));
    for (String name :
        List.of("pytorch_model.bin", "other.safetensors", "consolidated.00.pth", "x.gguf")) {
      Files.writeString(from.resolve(name), "weights");
    }
    Files.writeString(from.resolve("pytorch_model.bin.index.json"), "{}");
    loadAndSave(SaveOptions.DEFAULT);
    try (Stream<Path> files = Files.list(to)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "config.json",
              "model.safetensors",
              "tokenizer.json",
              "generation_config.json",
              "chat_template.jinja",
              "LICENSE");
    }
    assertThat(to.resolve("tokenizer.json")).hasContent("{}");
    assertThat(Files.isSymbolicLink(to.resolve("tokenizer.json"))).isFalse();
    assertThat(to.resolve("generation_config.json"))
        .hasSameBinaryContentAs(from.resolve("generation_config.json"));
  }

  @Test
  void smallSubfoldersGoAlong_thoseWithModelsAndForeignOrManyFilesDoNot() throws IOException {
    make("llama", StoredType.F32, StoredType.F32);
    String template = "additional_chat_templates/tool_use.jinja";
    write(template, "{{ tools }}");
    write("docs/de/readme.md", "lies mich");
    write("docs/.git/config", "hidden");
    write("deep/a/b/c/readme.md", "text");
    write("onnx/model.onnx", "weights");
    write("onnx/LICENSE", "text");
    write("other/a/config.json", "{}");
    write("other/LICENSE", "text");
    write(".cache/huggingface/x.metadata", "text");
    for (int i = 0; i < 100; i++) {
      write("data/" + i + ".txt", "row");
      write("many/" + i / 50 + "/" + i + ".txt", "row");
    }
    Files.delete(from.resolve("data/99.txt"));
    write("large/a.bmp", "");
    write("large/b.bmp", "");
    resize("large/a.bmp", 40_000_000);
    resize("large/b.bmp", 24_000_001);
    Files.createDirectory(temporary.resolve("secrets"));
    Files.writeString(temporary.resolve("secrets/key"), "secret");
    Files.createSymbolicLink(from.resolve("linked"), temporary.resolve("secrets"));
    Files.createSymbolicLink(
        from.resolve("additional_chat_templates/key.jinja"), temporary.resolve("secrets/key"));
    Files.createSymbolicLink(
        from.resolve("additional_chat_templates/folder"), temporary.resolve("secrets"));
    Files.createSymbolicLink(
        from.resolve("additional_chat_templates/rag.jinja"), Path.of("tool_use.jinja"));
    // What is saved into the folder itself does not go along with itself.
    to = Files.createDirectories(from.resolve("runs/one")).resolve("saved");
    write("runs/one/metrics.jsonl", "{}");
    loadAndSave(SaveOptions.DEFAULT);
    Set<String> expected =
        new TreeSet<>(
            Set.of(
                "config.json",
                "model.safetensors",
                template,
                "additional_chat_templates/rag.jinja",
                "docs/de/readme.md"));
    for (int i = 0; i < 99; i++) {
      expected.add("data/" + i + ".txt");
    }
    assertThat(filesBelow(to)).isEqualTo(expected);
    assertThat(to.resolve(template)).hasContent("{{ tools }}");
    assertThat(Files.isSymbolicLink(to.resolve("additional_chat_templates/rag.jinja"))).isFalse();
    assertThat(to.resolve("additional_chat_templates/rag.jinja")).hasContent("{{ tools }}");
  }

  private void write(String name, String text) throws IOException {
    Path file = from.resolve(name);
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.writeString(file, text);
  }

  /** A file of that size, without its blocks on the disk. */
  private void resize(String name, long bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(from.resolve(name).toFile(), "rw")) {
      file.setLength(bytes);
    }
  }

  private static Set<String> filesBelow(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @Test
  void onlyTheThreeTypesAreSaved() {
    for (@Nullable StoredType dtype : new StoredType[] {StoredType.F64, StoredType.I8}) {
      assertThatThrownBy(() -> new SaveOptions(dtype, 1))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("F32, BF16 or F16");
    }
  }
}
