package org.score4j.checkpoints;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class KilledRunTest {
  private static final int KILLS = 6;

  @TempDir Path run;

  @Test
  @Timeout(120)
  void processKilledWhileWriting_leavesOnlyWholeCheckpointsAndLosesNone() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int kill = 0; kill < KILLS; kill++) {
      List<String> printed = runAndKill(random.nextInt(120));
      String where = "seed " + seed + ", kill " + kill + ", child said " + printed;
      List<Path> checkpoints = CheckpointFolder.list(run);
      assertThat(checkpoints).as(where).isNotEmpty();
      for (Path folder : checkpoints) {
        assertIntact(folder);
      }
      assertThat(CheckpointFolder.stepOf(checkpoints.getFirst()).orElseThrow())
          .as(where)
          .isGreaterThanOrEqualTo(last("step", printed));
      // Taking the lock cleans up: at once, though its last owner was killed.
      RunLock.acquire(run).close();
      try (Stream<Path> entries = Files.list(run)) {
        assertThat(entries.map(path -> path.getFileName().toString()))
            .as(where)
            .noneMatch(name -> name.startsWith(".tmp"));
      }
      long model = last("model", printed);
      if (model > 0) {
        assertThat(Long.parseLong(Files.readString(run.resolve("model/version"))))
            .as(where)
            .isGreaterThanOrEqualTo(model);
      }
    }
  }

  private List<String> runAndKill(int afterMilliseconds) throws IOException, InterruptedException {
    Process child = ChildJvm.start(CheckpointLoop.class, run.toString());
    try (BufferedReader out = child.inputReader(UTF_8)) {
      String first = out.readLine();
      assertThat(first).as("the child's first line").startsWith("step ");
      Thread.sleep(afterMilliseconds);
      // By the handle: Process.destroyForcibly() would close the stream that holds the last lines.
      child.toHandle().destroyForcibly();
      child.waitFor();
      return Stream.concat(Stream.of(first), out.lines()).toList();
    } finally {
      child.destroyForcibly();
    }
  }

  /** The last number printed behind the word. A line cut by the kill says at most less. */
  private static long last(String word, List<String> printed) {
    return printed.stream()
        .filter(line -> line.matches(word + " \\d+"))
        .mapToLong(line -> Long.parseLong(line.substring(word.length() + 1)))
        .max()
        .orElse(0);
  }

  private static void assertIntact(Path folder) {
    try (CheckpointFolder read = CheckpointFolder.read(folder)) {
      long step = CheckpointFolder.stepOf(folder).orElseThrow();
      assertThat(read.meta().path("step").asLong()).isEqualTo(step);
      float[] values = new float[CheckpointLoop.VALUES];
      read.tensors().tensor("w").toFloats(0, values, 0, values.length);
      assertThat(values).containsOnly((float) step);
    }
  }
}
