package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.checkpoints.HfModel;
import org.score4j.checkpoints.SaveOptions;
import org.score4j.checkpoints.StoredType;
import org.score4j.core.model.Parameters;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.training.config.RunConfig;
import org.score4j.training.run.RunListener;
import org.score4j.training.run.RunResult;
import org.score4j.training.run.StepReport;
import org.score4j.training.run.TrainingRun;

/** A run whose frozen weights are BF16 on the device ends in the bits of one where they are F32. */
class NarrowTrainingTest {
  @TempDir private static Path shared;
  private static Path narrow = Path.of("");
  private static Path wide = Path.of("");
  @TempDir private Path folder;

  @BeforeAll
  static void makeOneModelInTwoTypes() throws IOException {
    narrow = shared.resolve("narrow");
    wide = shared.resolve("wide");
    save(TinyTextModel.make(shared), StoredType.BF16, narrow);
    save(narrow, StoredType.F32, wide);
  }

  private static void save(Path from, StoredType dtype, Path to) {
    try (Backend backend = Backends.open("cpu", 1)) {
      Ops ops = new Ops(backend);
      HfModel.Loaded loaded = HfModel.load(ops, from);
      try (Parameters weights = loaded.weights()) {
        HfModel.save(ops, weights, loaded.source(), new SaveOptions(dtype, 1 << 30), to, f -> {});
      }
    }
  }

  private static RunConfig config(Path model, String... more) {
    List<String> keys =
        new ArrayList<>(
            List.of(
                "base.steps", "4",
                "stage1.steps", "2",
                "stage2.steps", "1",
                "stage1.optimizer.warmupSteps", "0",
                "stage2.optimizer.warmupSteps", "0"));
    keys.addAll(List.of(more));
    return TinyTextModel.config(shared, model, keys.toArray(String[]::new));
  }

  @Test
  void adaptersOnABase() throws IOException {
    List<String> lora =
        List.of("lora.rank", "4", "lora.alpha", "8", "lora.targetModules", "all-linear");
    List<String> hashes = new ArrayList<>();
    for (Path model : List.of(narrow, wide)) {
      RunConfig config = config(model, lora.toArray(String[]::new));
      Path path = folder.resolve(model.getFileName());
      RunResult result =
          RecordedRun.run(path, config, Backends.open("cpu", 2), new ArrayList<>(), line -> {});
      assertThat(result.logprobMismatches()).isZero();
      hashes.add(result.weightsSha256());
    }
    assertThat(hashes.getFirst()).isEqualTo(hashes.getLast());
  }

  @Test
  void theReferenceOfARun_alsoWhenItIsResumed() throws IOException {
    RunConfig expected =
        config(wide, "stage1.reference", wide.toString(), "stage2.reference", wide.toString());
    RunResult whole =
        RecordedRun.run(
            folder.resolve("wide"), expected, Backends.open("cpu", 2), new ArrayList<>(), l -> {});
    RunConfig config =
        config(wide, "stage1.reference", narrow.toString(), "stage2.reference", narrow.toString());
    Path path = Files.createDirectory(folder.resolve("narrow"));
    List<Long> sizes = new ArrayList<>();
    // Stopped within the first stage, after its first step.
    RunResult stopped = part(config, path, false, 5, sizes);
    assertThat(stopped.stopped()).isTrue();
    RunResult resumed = part(config, path, true, Integer.MAX_VALUE, sizes);
    assertThat(resumed.stopped()).isFalse();
    assertThat(resumed.weightsSha256()).isEqualTo(whole.weightsSha256());
    assertThat(resumed.logprobMismatches()).isZero();
    assertThat(sizes).as("weights, then the reference's half of that").hasSize(4);
    for (int i = 0; i < sizes.size(); i += 2) {
      assertThat(sizes.get(i + 1) / (double) sizes.get(i)).isBetween(0.49, 0.55);
    }
  }

  /** Trains some steps; adds the bytes of policy and reference as they were after the last one. */
  private static RunResult part(
      RunConfig config, Path path, boolean resume, int most, List<Long> sizes) {
    int[] steps = new int[1];
    List<Long> last = new ArrayList<>();
    try (Backend backend = Backends.open("cpu", 2)) {
      Ops ops = new Ops(backend);
      RunListener listener =
          new RunListener() {
            @Override
            public void stepDone(StepReport report) {
              steps[0]++;
              last.clear();
              Stream.of("weights", "frozen weights", "reference")
                  .flatMap(name -> ops.arenas().stream().filter(arena -> arena.name().equals(name)))
                  .map(DeviceArena::byteSize)
                  .forEach(last::add);
            }
          };
      try (TrainingRun run =
          new TrainingRun(config, path, "hash", ops, listener, () -> steps[0] >= most)) {
        RunResult result = run.run(resume);
        sizes.addAll(last);
        return result;
      }
    }
  }
}
