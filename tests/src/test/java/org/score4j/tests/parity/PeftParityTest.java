package org.score4j.tests.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.core.model.Parameters;
import org.score4j.core.model.Transformer;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Precision;
import org.score4j.tests.cuda.CudaTestDevice;
import org.score4j.training.text.TextModel;

/** Adapters that PEFT has made score as they do in transformers, apart and merged. */
class PeftParityTest {
  // As for whole models, see HuggingFaceParityTest.
  private static final float LOG_PROB_TOLERANCE = 1e-4f;

  /** Content of an adapter's {@code expected.json}, as in {@link Fixture.Expected}. */
  private record Expected(String made, int[][] ids, double[][] logprobs) {}

  @TempDir private Path temporary;

  @ParameterizedTest
  @CsvSource({
    "cpu, peft_llama",
    "cpu, peft_qwen3",
    "reference, peft_llama",
    "reference, peft_qwen3",
    "cuda, peft_llama",
    "cuda, peft_qwen3"
  })
  void adapters_giveTransformersLogProbs(String device, String name) throws IOException {
    Path folder = adapters(name);
    Expected expected =
        new ObjectMapper().readValue(folder.resolve("expected.json").toFile(), Expected.class);
    Path merged = temporary.resolve("merged");
    try (Backend backend =
        device.equals("cuda") ? CudaTestDevice.open(Precision.F32) : Backends.open(device, 2)) {
      Ops ops = new Ops(backend);
      assertLogProbs("adapters", ops, folder, expected);
      HfModel.Loaded loaded = HfModel.load(ops, folder);
      try (Parameters weights = loaded.weights();
          Transformer transformer = new Transformer(ops, weights.config())) {
        transformer.mergeAdapters(weights);
        HfModel.save(ops, weights.base(), loaded.source(), SaveOptions.DEFAULT, merged, f -> {});
      }
      assertLogProbs("merged", ops, merged, expected);
    }
  }

  /** A copy of the fixture that names the folder of its base. */
  private Path adapters(String name) throws IOException {
    Path from = Fixture.resource(name + "/adapter_config.json");
    Path to = Files.createDirectory(temporary.resolve(name));
    for (String file : List.of("adapter_model.safetensors", "expected.json")) {
      Files.copy(from.resolveSibling(file), to.resolve(file));
    }
    ObjectMapper json = new ObjectMapper();
    ObjectNode config = (ObjectNode) json.readTree(from.toFile());
    Path base = Fixture.folder(config.get("base_model_name_or_path").asText());
    config.put("base_model_name_or_path", base.toString());
    json.writeValue(to.resolve("adapter_config.json").toFile(), config);
    return to;
  }

  private static void assertLogProbs(String what, Ops ops, Path folder, Expected expected) {
    List<float[]> logProbs;
    try (TextModel model = new TextModel(ops, folder, line -> {})) {
      logProbs = model.score(List.of(expected.ids()), false).logProbs();
    }
    assertThat(logProbs).hasSize(expected.logprobs().length);
    for (int r = 0; r < logProbs.size(); r++) {
      double[] wanted = expected.logprobs()[r];
      float[] row = logProbs.get(r);
      assertThat(row).hasSize(wanted.length);
      for (int i = 0; i < row.length; i++) {
        assertThat(row[i])
            .as("%s, row %d, log-prob %d", what, r, i)
            .isCloseTo((float) wanted[i], within(LOG_PROB_TOLERANCE));
      }
    }
  }
}
