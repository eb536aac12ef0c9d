package org.score4j.tests.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.score4j.checkpoints.AtomicFolder;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Ops;
import org.score4j.training.config.ConfigLoader;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;
import org.score4j.training.run.TrainingRun;

/**
 * A resumed run goes on from the bytes that it began with and from no others: what it reads and
 * what it has saved is bound to it by hash.
 */
class BoundRunTest {
  private static final String UNCHANGED_WEIGHTS = "same weights as without the interruption";

  @TempDir Path folder;
  private final List<String> notices = new ArrayList<>();

  private static RunConfig config(String... more) {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("model.hiddenSize", "16");
    keys.put("model.numHeads", "2");
    keys.put("model.numKvHeads", "2");
    keys.put("model.headDim", "8");
    keys.put("model.intermediateSize", "24");
    keys.put("base.steps", "4");
    keys.put("base.batchSize", "8");
    for (String stage : List.of("stage1", "stage2")) {
      keys.put(stage + ".steps", "3");
      keys.put(stage + ".promptsPerStep", "8");
      keys.put(stage + ".signal.refuseZeroVariance", "1");
    }
    keys.put("task.heldOutProblems", "10");
    keys.put("evaluation.everySteps", "0");
    for (int i = 0; i < more.length; i += 2) {
      keys.put(more[i], more[i + 1]);
    }
    return ConfigLoader.load("score", keys);
  }

  /** Trains, or goes on, until that many steps are done. */
  private RunResult run(Path path, RunConfig config, boolean resume, int most) throws IOException {
    int[] steps = new int[1];
    RunListener listener =
        new RunListener() {
          @Override
          public void stepDone(StepReport report) {
            steps[0]++;
          }

          @Override
          public void notice(String line) {
            notices.add(line);
          }
        };
    Files.createDirectories(path);
    try (Backend backend = Backends.open("cpu", 2);
        TrainingRun run =
            new TrainingRun(
                config, path, "hash", new Ops(backend), listener, () -> steps[0] >= most)) {
      return run.run(resume);
    }
  }

  private static final int ALL = Integer.MAX_VALUE;

  private static void flipBit(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 4;
    Files.write(file, bytes);
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path file : (Iterable<Path>) tree::iterator) {
        Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "bit flipped", "of another run", "without a supervised phase"})
  void aReferenceThatIsNotTheRuns_isMadeAgainFromWhatItWasMadeOf(String damage) throws IOException {
    boolean noBase = damage.startsWith("without");
    RunConfig config = noBase ? config("base.steps", "0") : config();
    RunResult whole = run(folder.resolve("whole"), config, false, ALL);
    Path path = folder.resolve("run");
    run(path, config, false, noBase ? 4 : 8);
    Path reference = path.resolve("checkpoints/reference");
    switch (damage) {
      case "bit flipped" -> flipBit(reference.resolve("state.safetensors"));
      case "of another run" -> {
        run(folder.resolve("other"), config("seed", "7"), false, 8);
        AtomicFolder.delete(reference);
        copyTree(folder.resolve("other/checkpoints/reference"), reference);
      }
      default -> AtomicFolder.delete(reference);
    }
    notices.clear();
    RunResult resumed = run(path, config, true, ALL);
    assertThat(resumed.weightsSha256()).as(UNCHANGED_WEIGHTS).isEqualTo(whole.weightsSha256());
    assertThat(resumed.greedy()).isEqualTo(whole.greedy());
    assertThat(notices)
        .anyMatch(
            line ->
                line.contains(reference.toString())
                    && line.contains(
                        "made again from "
                            + (noBase ? "what the run began" : path.resolve("models/base"))));
    assertThat(reference.resolve("state.safetensors"))
        .hasSameBinaryContentAs(folder.resolve("whole/checkpoints/reference/state.safetensors"));
  }

  @Test
  void aReferenceOfAModelThatIsReadFromAFolder_isMadeAgainOrRefused() throws IOException {
    run(folder.resolve("begun"), config("stage1.steps", "0", "stage2.steps", "0"), false, ALL);
    Path model = folder.resolve("begun/models/base");
    RunConfig config =
        config(
            "model.path",
            model.toString(),
            "stage1.reference",
            model.toString(),
            "stage2.reference",
            model.toString(),
            "base.steps",
            "2");
    RunResult whole = run(folder.resolve("whole"), config, false, ALL);
    Path path = folder.resolve("run");
    run(path, config, false, 6);
    flipBit(path.resolve("checkpoints/reference/state.safetensors"));
    assertThat(run(path, config, true, ALL).weightsSha256()).isEqualTo(whole.weightsSha256());

    // Both what is kept and what it came from.
    run(folder.resolve("lost"), config, false, 6);
    flipBit(folder.resolve("lost/checkpoints/reference/state.safetensors"));
    flipBit(model.resolve("model.safetensors"));
    assertThatThrownBy(() -> run(folder.resolve("lost"), config, true, ALL))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model.path " + model.resolve("model.safetensors") + " has changed");
  }

  @Test
  void aSavedModelThatIsNotTheRuns_isRefused() throws IOException {
    Path path = folder.resolve("run");
    run(path, config(), false, 8);
    Path weights = path.resolve("models/base/model.safetensors");
    byte[] good = Files.readAllBytes(weights);

    flipBit(weights);
    assertThatThrownBy(() -> run(path, config(), true, ALL))
        .isInstanceOf(CheckpointException.class)
        .hasMessageMatching(
            "\\Q%s\\E has \\d+ bytes and SHA-256 \\w{64}, the run saved it with \\d+ bytes and SHA-256 \\w{64}; put it back .*"
                .formatted(weights));
    run(folder.resolve("other"), config("seed", "7"), false, 4);
    Files.copy(
        folder.resolve("other/models/base/model.safetensors"),
        weights,
        StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> run(path, config(), true, ALL))
        .hasMessageContaining(weights + " has ");
    Files.delete(weights);
    assertThatThrownBy(() -> run(path, config(), true, ALL))
        .hasMessageContaining(weights + " is missing");
    Files.write(weights, good);
    Path added = Files.write(path.resolve("models/base/adapter_model.safetensors"), good);
    assertThatThrownBy(() -> run(path, config(), true, ALL))
        .hasMessageContaining(added + " is not a file that the run has saved");
    Files.delete(added);
    // A note beside the model changes nothing.
    Files.writeString(path.resolve("models/base/README.md"), "mine");
    assertThat(run(path, config(), true, ALL).stopped()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"rows.jsonl", "model/model.safetensors", "model/tokenizer_config.json", "rank 0"})
  void anInputThatHasChanged_isNamed(String changed) throws IOException {
    Path model = TinyTextModel.make(folder);
    RunConfig config =
        TinyTextModel.config(
            folder, model, "base.steps", "2", "lora.rank", changed.equals("rank 0") ? "0" : "2");
    Path path = folder.resolve("run");
    run(path, config, false, 3);
    Path file = folder.resolve(changed.equals("rank 0") ? "model/model.safetensors" : changed);
    byte[] bytes = Files.readAllBytes(file);
    byte[] others = bytes.clone();
    // The last digit or letter: everything still parses.
    int last = others.length - (changed.endsWith("jsonl") ? 4 : 1);
    if (changed.endsWith("config.json")) {
      others = (new String(bytes, UTF_8) + " ").getBytes(UTF_8);
    } else {
      others[last] ^= 1;
    }
    Files.write(file, others);
    assertThatThrownBy(() -> run(path, config, true, ALL))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("has changed since the run in " + path + " began: it had ")
        .hasMessageContaining("put the old file back, or start a new run");
    Files.delete(file);
    assertThatThrownBy(() -> run(path, config, true, ALL))
        .hasMessageContaining(file.toString())
        .hasMessageContaining("is missing");
    Files.write(file, bytes);
    RunResult whole = run(folder.resolve("whole"), config, false, ALL);
    assertThat(run(path, config, true, ALL).weightsSha256()).isEqualTo(whole.weightsSha256());
  }

  @Test
  void aFileThatWouldBeReadToo_isNamed() throws IOException {
    Path model = TinyTextModel.make(folder);
    RunConfig config = TinyTextModel.config(folder, model, "base.steps", "2");
    Path path = folder.resolve("run");
    run(path, config, false, 1);
    Path added = Files.writeString(model.resolve("special_tokens_map.json"), "{}");
    assertThatThrownBy(() -> run(path, config, true, ALL))
        .hasMessageContaining("model.path " + added + " was not there when the run in");
  }

  @Test
  void theListOfInputs_isWrittenAgainWhereAStateKnowsIt() throws IOException {
    Path model = TinyTextModel.make(folder);
    RunConfig config = TinyTextModel.config(folder, model, "base.steps", "2");
    Path path = folder.resolve("run");
    run(path, config, false, 1);
    Path inputs = path.resolve("inputs.json");
    String listed = Files.readString(inputs);
    Files.delete(inputs);
    run(path, config, true, 1);
    assertThat(inputs).hasContent(listed.strip());
    Files.writeString(inputs, listed.replace("\"bytes\" : ", "\"bytes\" : 1"));
    // Only the list is damaged, but small files are compared with it before the state is read.
    assertThatThrownBy(() -> run(path, config, true, 1)).hasMessageContaining("has changed since");
    Files.writeString(inputs, listed.substring(5));
    run(path, config, true, 1);
    assertThat(notices).anyMatch(line -> line.contains("inputs.json was damaged and is written"));
    Files.delete(inputs);
    Files.writeString(folder.resolve("rows.jsonl"), "\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> run(path, config, true, ALL))
        .hasMessageContaining("inputs.json is missing, and the inputs of the run are not those");
  }

  @Test
  void aRunOfAnEarlierVersion_goesOnWithAWarningAndIsBoundFromThereOn() throws Exception {
    RunResult whole = run(folder.resolve("whole"), config(), false, ALL);
    Path path = folder.resolve("run");
    run(path, config(), false, 8);
    Files.delete(path.resolve("inputs.json"));
    Path state;
    try (Stream<Path> states = Files.list(path.resolve("checkpoints"))) {
      state =
          states
              .filter(one -> one.getFileName().toString().startsWith("ckpt-"))
              .max(Path::compareTo)
              .orElseThrow()
              .resolve("state.json");
    }
    ObjectMapper mapper = new ObjectMapper();
    JsonNode root = mapper.readTree(state.toFile());
    ObjectNode meta = (ObjectNode) root.path("content").path("meta");
    meta.remove(List.of("inputs_sha256", "reference_sha256", "models"));
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(mapper.writeValueAsBytes(root.path("content")));
    ((ObjectNode) root).put("sha256", HexFormat.of().formatHex(hash));
    mapper.writeValue(state.toFile(), root);
    notices.clear();
    RunResult resumed = run(path, config(), true, ALL);
    assertThat(resumed.weightsSha256()).isEqualTo(whole.weightsSha256());
    assertThat(notices).anyMatch(line -> line.startsWith("warning: an earlier version of score4j"));
    assertThat(path.resolve("inputs.json")).exists();
  }
}
