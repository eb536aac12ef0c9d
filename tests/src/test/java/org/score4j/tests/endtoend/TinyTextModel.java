package org.score4j.tests.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.score4j.checkpoints.HfModel;
import org.score4j.core.model.Initializer;
import org.score4j.core.model.ModelConfig;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;
import org.score4j.tokenizer.HuggingFaceTokenizer;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.RunConfig;

/** A Hugging Face folder of a model that knows nothing, and a task of four questions for it. */
final class TinyTextModel {
  private static final Path TOKENIZER =
      Path.of("../tokenizer/src/test/resources/tokenizers/stories260K");
  private static final int STAGE_STEPS = 3;

  private TinyTextModel() {}

  /** Writes {@code model}, {@code tokenizer} and {@code rows.jsonl} into a folder. */
  static Path make(Path folder) throws IOException {
    Path source = Files.createDirectory(folder.resolve("tokenizer"));
    for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(TOKENIZER.resolve(name), source.resolve(name));
    }
    Files.writeString(
        source.resolve("chat_template.jinja"),
        "{{ bos_token }}{% for m in messages %}{{ m.role[0] + ':' + m.content + '</s>' }}{% endfor"
            + " %}{% if add_generation_prompt %}a:{% endif %}");
    ModelConfig config =
        new ModelConfig(512, 32, 2, 2, 2, 16, 64, 64, 1e-5, 10000, null, true, false, false);
    Path model = folder.resolve("model");
    try (Backend backend = Backends.open("cpu", 2);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(source)) {
      Ops ops = new Ops(backend);
      try (Parameters weights = new Parameters(ops, "weights", config)) {
        new Initializer(0.05, 0.05).initialize(ops, weights, 7);
        HfModel.save(ops, weights, HfModel.llamaConfig(config), model, tokenizer::writeTo);
      }
    }
    Files.writeString(
        folder.resolve("rows.jsonl"),
        """
        {"id": "1", "problem": "day", "answer": "sun"}
        {"id": "2", "problem": "night", "answer": "moon"}
        {"id": "3", "problem": "dog", "answer": "bark"}
        {"id": "4", "problem": "cat", "answer": "meow"}
        """);
    return model;
  }

  /** A run of all phases from the model; further keys and values override its own. */
  static RunConfig config(Path folder, Path model, String... more) {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("task.name", "jsonl");
    keys.put("task.text.trainFile", folder.resolve("rows.jsonl").toString());
    keys.put("task.text.heldOutFile", folder.resolve("rows.jsonl").toString());
    keys.put("task.text.columns.verifier", "exact");
    keys.put("task.text.firstPrompt", "{problem}");
    keys.put("task.text.correctionPrompt", "again");
    keys.put("task.text.maxPromptTokens", "16");
    keys.put("task.text.maxNewTokens", "8");
    keys.put("model.path", model.toString());
    keys.put("base.steps", "120");
    keys.put("base.batchSize", "16");
    keys.put("base.optimizer.warmupSteps", "5");
    for (String stage : List.of("stage1", "stage2")) {
      keys.put(stage + ".steps", Integer.toString(STAGE_STEPS));
      keys.put(stage + ".promptsPerStep", "8");
      keys.put(stage + ".optimizer.learningRate", "0.002");
      keys.put(stage + ".signal.prompts", "4");
      keys.put(stage + ".signal.refuseTruncated", "1");
      keys.put(stage + ".signal.refuseZeroVariance", "1");
    }
    keys.put("evaluation.sampledTemperature", "0");
    keys.put("generation.maxSequences", "32");
    for (int i = 0; i < more.length; i += 2) {
      keys.put(more[i], more[i + 1]);
    }
    return ConfigLoader.load("score", keys);
  }
}
