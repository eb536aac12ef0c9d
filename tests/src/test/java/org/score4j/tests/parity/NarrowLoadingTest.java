package org.score4j.tests.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.HfSource;
import org.score4j.checkpoints.NamedData;
import org.score4j.checkpoints.SafetensorsFile;
import org.score4j.checkpoints.SafetensorsWriter;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.checkpoints.StoredTensor;
import org.score4j.checkpoints.StoredType;
import org.score4j.checkpoints.WeightUse;
import org.score4j.core.generation.Truncation;
import org.score4j.core.model.Initializer;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DType;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Tensor;
import org.score4j.training.text.Completion;
import org.score4j.training.text.SamplingSettings;
import org.score4j.training.text.TextModel;

/** BF16 folders stay BF16 on the device where nothing changes them, and nobody can tell. */
class NarrowLoadingTest {
  private static final String FILE = "model.safetensors";
  private static final ModelConfig MODEL =
      new ModelConfig(203, 72, 3, 6, 2, 16, 136, 128, 1e-5, 10000, null, false, false, false);

  @TempDir private Path folder;

  /** A model of values that BF16 holds, stored as {@code dtype}. */
  private Path stored(StoredType dtype) {
    Path to = folder.resolve(dtype.name());
    try (Backend backend = Backends.open("cpu", 2)) {
      Ops ops = new Ops(backend);
      try (Parameters made = new Parameters(ops, "made", MODEL);
          Parameters rounded = Parameters.frozen(ops, "rounded", MODEL, DType.BF16)) {
        new Initializer(0.5, 0.5).initialize(ops, made, 3);
        rounded.copyFrom(ops, made);
        HfModel.save(
            ops,
            rounded,
            HfSource.made(HfModel.llamaConfig(MODEL)),
            new SaveOptions(dtype, 1 << 30),
            to,
            f -> {});
      }
    }
    return to;
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void frozenMatricesStayBf16_withTheSameHashAndTheSameFileWhenSaved(String device)
      throws IOException {
    Path source = stored(StoredType.BF16);
    try (Backend backend = Backends.open(device, 2)) {
      Ops ops = new Ops(backend);
      HfModel.Loaded frozen = HfModel.load(ops, source, WeightUse.FROZEN);
      try (Parameters narrow = frozen.weights();
          Parameters wide = HfModel.load(ops, source).weights()) {
        for (Tensor matrix :
            List.of(narrow.embedTokens(), narrow.lmHead(), narrow.layer(2).gateUpProj())) {
          assertThat(matrix.dtype()).isEqualTo(DType.BF16);
        }
        assertThat(narrow.norm().dtype()).isEqualTo(ops.floatType());
        assertThat(wide.lmHead().dtype()).isEqualTo(ops.floatType());
        assertThat(HfModel.sha256(ops, narrow)).isEqualTo(HfModel.sha256(ops, wide));
        assertThat(HfModel.norms(ops, narrow)).isEqualTo(HfModel.norms(ops, wide));
        Path copy = folder.resolve("copy");
        HfModel.save(ops, narrow, frozen.source(), SaveOptions.DEFAULT, copy, f -> {});
        assertThat(copy.resolve(FILE)).hasSameBinaryContentAs(source.resolve(FILE));
      }
      assertThat(ops.arenas()).isEmpty();
    }
  }

  @Test
  void whatIsNotBf16Throughout_isWidened() throws IOException {
    assertThat(frozenType(stored(StoredType.F16))).isEqualTo(DType.F32);
    assertThat(frozenType(stored(StoredType.F32))).isEqualTo(DType.F32);
    Path mixed = stored(StoredType.BF16);
    Path file = mixed.resolve(FILE);
    Path vectors = Files.createDirectory(folder.resolve("vectors"));
    Files.copy(mixed.resolve("config.json"), vectors.resolve("config.json"));
    rewrite(file, vectors.resolve(FILE), "model.norm.weight");
    assertThat(frozenType(vectors)).as("vectors may have any type").isEqualTo(DType.BF16);
    Path matrix = Files.createDirectory(folder.resolve("matrix"));
    Files.copy(mixed.resolve("config.json"), matrix.resolve("config.json"));
    rewrite(file, matrix.resolve(FILE), "model.layers.1.mlp.up_proj.weight");
    assertThat(frozenType(matrix)).isEqualTo(DType.F32);
  }

  private static DType frozenType(Path model) {
    try (Backend backend = Backends.open("cpu", 1);
        Parameters weights = HfModel.load(new Ops(backend), model, WeightUse.FROZEN).weights()) {
      return weights.lmHead().dtype();
    }
  }

  /** Copies a file, one tensor of it as F32. */
  private static void rewrite(Path from, Path to, String wide) {
    try (SafetensorsFile file = SafetensorsFile.open(from)) {
      List<NamedData> tensors = new ArrayList<>();
      for (String name : file.names()) {
        StoredTensor tensor = file.tensor(name);
        if (name.equals(wide)) {
          float[] values = new float[(int) tensor.elements()];
          tensor.toFloats(0, values, 0, values.length);
          tensors.add(NamedData.ofFloats(name, tensor.shape(), values));
        } else {
          tensors.add(NamedData.ofStored(tensor));
        }
      }
      SafetensorsWriter.write(to, tensors);
    }
  }

  @Test
  void scoresGradientsAndResponses_areThoseOfTheSameValuesInF32() {
    List<int[]> rows =
        List.of(
            new java.util.SplittableRandom(5).ints(90, 0, MODEL.vocabSize()).toArray(),
            new int[] {1, 2});
    Path narrow = stored(StoredType.BF16);
    Path wide = stored(StoredType.F32);
    for (String device : List.of("cpu", "reference")) {
      assertThat(scores(device, narrow, rows))
          .usingRecursiveComparison()
          .as(device)
          .isEqualTo(scores(device, wide, rows));
    }
    for (double temperature : new double[] {0, 1}) {
      for (int samples : new int[] {1, 6}) {
        assertThat(responses(narrow, rows.getFirst(), temperature, samples))
            .usingRecursiveComparison()
            .as("temperature %s, %d samples", temperature, samples)
            .isEqualTo(responses(wide, rows.getFirst(), temperature, samples));
      }
    }
  }

  private static TextModel.Scores scores(String device, Path model, List<int[]> rows) {
    try (Backend backend = Backends.open(device, 2);
        TextModel text = new TextModel(new Ops(backend), model, line -> {})) {
      return text.score(rows, true);
    }
  }

  private static List<Completion> responses(
      Path model, int[] prompt, double temperature, int samples) {
    try (Backend backend = Backends.open("cpu", 2);
        TextModel text = new TextModel(new Ops(backend), model, line -> {})) {
      SamplingSettings settings =
          new SamplingSettings(temperature, Truncation.NONE, 24, samples, 11);
      return text.complete(prompt, settings, false, id -> {});
    }
  }
}
