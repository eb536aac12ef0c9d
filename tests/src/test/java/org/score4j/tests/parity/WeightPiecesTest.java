package org.score4j.tests.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.HfSource;
import org.score4j.checkpoints.NamedData;
import org.score4j.checkpoints.SafetensorsFile;
import org.score4j.checkpoints.SafetensorsWriter;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.checkpoints.StoredTensor;
import org.score4j.checkpoints.StoredType;
import org.score4j.core.model.Initializer;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.BFloat16;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Precision;
import org.score4j.kernels.Tensor;
import org.score4j.tests.cuda.CudaTestDevice;

/** Weights that are moved in many pieces, by many threads, against a loop over single values. */
class WeightPiecesTest {
  // No size is a multiple of a tile's; the embedding has more than one piece of 2²⁰ values.
  private static final ModelConfig MODEL =
      new ModelConfig(1_100, 1_000, 2, 3, 1, 50, 333, 64, 1e-5, 10000, null, false, false, false);

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(
      value = StoredType.class,
      names = {"F32", "BF16", "F16"})
  void savedAndLoaded_everyValueIsWhereItBelongs(StoredType dtype) {
    Map<String, float[]> expected = save(dtype);
    for (int threads = 1; threads <= 3; threads++) {
      try (Backend cpu = Backends.open("cpu", threads)) {
        assertLoads(cpu, expected, "cpu, " + threads + " threads");
      }
    }
    try (Backend reference = Backends.open("reference", 1)) {
      assertLoads(reference, expected, "reference");
    }
  }

  /** The device's memory is out of the host's reach: pieces are collected and uploaded. */
  @Test
  void loadedToADevice_everyValueIsWhereItBelongs() {
    Map<String, float[]> expected = save(StoredType.F32);
    try (Backend cuda = CudaTestDevice.open(Precision.F32)) {
      assertLoads(cuda, expected, "cuda");
      Path again = folder.resolve("again");
      HfModel.Loaded loaded = HfModel.load(new Ops(cuda), folder.resolve("model"));
      try (Parameters weights = loaded.weights()) {
        HfModel.save(new Ops(cuda), weights, loaded.config(), again, f -> {});
      }
      String file = "model.safetensors";
      assertThat(again.resolve(file)).hasSameBinaryContentAs(folder.resolve("model").resolve(file));
    }
  }

  @Test
  void ofSeveralDamagedTensors_theFirstIsReportedWhateverThreadIsFaster() {
    save(StoredType.F32);
    Path model = folder.resolve("model");
    List<NamedData> tensors = new ArrayList<>();
    // Among the first pieces of a later tensor and the last ones of an earlier one.
    Map<String, Integer> damage =
        Map.of(
            "model.layers.0.self_attn.k_proj.weight", 49_999,
            "model.layers.0.self_attn.v_proj.weight", 0,
            "model.layers.0.mlp.gate_proj.weight", 3,
            "lm_head.weight", 0);
    Path damaged = folder.resolve("damaged.safetensors");
    try (SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"))) {
      for (String name : file.names()) {
        StoredTensor tensor = file.tensor(name);
        if (damage.containsKey(name)) {
          float[] values = values(tensor);
          values[damage.get(name)] = Float.NEGATIVE_INFINITY;
          tensors.add(NamedData.ofFloats(name, tensor.shape(), values));
        } else {
          tensors.add(NamedData.ofStored(tensor));
        }
      }
      SafetensorsWriter.write(damaged, tensors);
    }
    assertThat(damaged.toFile().renameTo(model.resolve("model.safetensors").toFile())).isTrue();
    try (Backend cpu = Backends.open("cpu", 3)) {
      Ops ops = new Ops(cpu);
      for (int round = 0; round < 20; round++) {
        assertThatThrownBy(() -> HfModel.load(ops, model))
            .isInstanceOf(CheckpointException.class)
            .hasMessageContaining(
                "model.layers.0.self_attn.k_proj.weight has a value that is no number at index"
                    + " 49999");
      }
      assertThat(ops.arenas()).as("what was allocated is given back").isEmpty();
    }
  }

  /** Random weights; what loading must give, by the device's names, rounded as the file is. */
  private Map<String, float[]> save(StoredType dtype) {
    try (Backend backend = Backends.open("cpu", 2)) {
      Ops ops = new Ops(backend);
      try (Parameters weights = new Parameters(ops, "weights", MODEL)) {
        new Initializer(0.02, 0.02).initialize(ops, weights, 7);
        Path model = folder.resolve("model");
        HfModel.save(
            ops,
            weights,
            HfSource.made(HfModel.llamaConfig(MODEL)),
            new SaveOptions(dtype, SaveOptions.DEFAULT.maxShardBytes()),
            model,
            f -> {});
        Map<String, float[]> values = download(ops, weights);
        values.values().forEach(v -> round(v, dtype));
        try (SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"))) {
          assertStored(file, values);
        }
        return values;
      }
    }
  }

  private static void assertStored(SafetensorsFile file, Map<String, float[]> values) {
    String layer = "model.layers.1.";
    int q = MODEL.heads().queryWidth();
    int kv = MODEL.heads().kvWidth();
    int f = MODEL.intermediateSize();
    record Part(String file, String device, int width, int firstColumn) {}
    for (Part part :
        Set.of(
            new Part("self_attn.q_proj", "qkv_proj", q + 2 * kv, 0),
            new Part("self_attn.k_proj", "qkv_proj", q + 2 * kv, q),
            new Part("self_attn.v_proj", "qkv_proj", q + 2 * kv, q + kv),
            new Part("self_attn.o_proj", "o_proj", MODEL.hiddenSize(), 0),
            new Part("mlp.gate_proj", "gate_up_proj", 2 * f, 0),
            new Part("mlp.up_proj", "gate_up_proj", 2 * f, f),
            new Part("mlp.down_proj", "down_proj", MODEL.hiddenSize(), 0))) {
      StoredTensor tensor = file.tensor(layer + part.file() + ".weight");
      float[] stored = values(tensor);
      int inputs = Math.toIntExact(tensor.shape().getLast());
      float[] device = Objects.requireNonNull(values.get("layers.1." + part.device()));
      float[] transposed = new float[stored.length];
      for (int o = 0; o < stored.length / inputs; o++) {
        for (int i = 0; i < inputs; i++) {
          transposed[o * inputs + i] = device[i * part.width() + part.firstColumn() + o];
        }
      }
      assertThat(stored).as(part.file()).isEqualTo(transposed);
    }
    assertThat(values(file.tensor("model.embed_tokens.weight")))
        .isEqualTo(values.get("embed_tokens"));
  }

  private static void round(float[] values, StoredType dtype) {
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (dtype) {
            case BF16 -> BFloat16.toFloat(BFloat16.round(values[i]));
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(values[i]));
            default -> values[i];
          };
    }
  }

  private void assertLoads(Backend backend, Map<String, float[]> expected, String what) {
    Ops ops = new Ops(backend);
    try (Parameters weights = HfModel.load(ops, folder.resolve("model")).weights()) {
      Map<String, float[]> loaded = download(ops, weights);
      assertThat(loaded.keySet()).isEqualTo(expected.keySet());
      loaded.forEach(
          (name, values) ->
              assertThat(values).as(what + ", " + name).isEqualTo(expected.get(name)));
    }
  }

  private static Map<String, float[]> download(Ops ops, Parameters weights) {
    Map<String, float[]> values = new TreeMap<>();
    for (Map.Entry<String, Tensor> entry : weights.named().entrySet()) {
      values.put(entry.getKey(), ops.downloadFloats(entry.getValue()));
    }
    return values;
  }

  private static float[] values(StoredTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    tensor.toFloats(0, values, 0, values.length);
    return values;
  }
}
