package org.score4j.tests.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The program is really killed, at moments nobody chose, and goes on as if nothing had happened.
 */
class KillAndResumeTest {
  private static final int KILLS = 3;

  @TempDir Path folder;

  private static List<String> train(Path runFolder, int stage2Steps) {
    return List.of(
        "train",
        "--run-dir=" + runFolder,
        "--json",
        "--threads=2",
        "--seed=5",
        "--model.hiddenSize=32",
        "--model.headDim=8",
        "--model.intermediateSize=48",
        "--base.steps=60",
        "--base.batchSize=64",
        "--stage1.steps=30",
        "--stage1.promptsPerStep=16",
        "--stage1.signal.refuseZeroVariance=1",
        "--stage2.steps=" + stage2Steps,
        "--stage2.promptsPerStep=16",
        "--stage2.signal.refuseZeroVariance=1",
        "--task.heldOutProblems=200",
        "--checkpoints.everySteps=7");
  }

  @Test
  void killedAtRandomMoments_thenResumed_endsInTheHashOfAnUndisturbedRun() throws Exception {
    Program program = new Program(folder);
    Program.Outcome undisturbed =
        program.finish(program.start(train(folder.resolve("undisturbed"), 30)));
    assertThat(undisturbed.exitCode()).as(undisturbed.err()).isZero();
    String expected = undisturbed.json().get("weights_sha256").asText();
    assertThat(undisturbed.json().get("logprob_mismatches").asLong()).isZero();

    long seed = Long.getLong("score4j.seed", System.nanoTime());
    Random random = new Random(seed);
    Path run = folder.resolve("killed");
    List<String> command = train(run, 30);
    int kills = 0;
    for (int i = 0; i < KILLS; i++) {
      Process process = program.start(command);
      waitForFirstCheckpoint(run, process);
      Thread.sleep(random.nextInt(1500));
      if (process.isAlive()) {
        process.destroyForcibly();
        kills++;
      }
      process.waitFor();
      command = List.of("train", "--resume=" + run, "--json", "--threads=" + (1 + i % 2));
    }
    assertThat(kills).as("processes killed in time, seed %d", seed).isPositive();
    Program.Outcome rest = program.finish(program.start(command));
    assertThat(rest.exitCode()).as("seed %d: %s", seed, rest.err()).isZero();
    assertThat(rest.json().get("weights_sha256").asText()).as("seed %d", seed).isEqualTo(expected);
    assertThat(rest.json().get("sampled_tokens"))
        .isEqualTo(undisturbed.json().get("sampled_tokens"));
    assertThat(rest.json().get("arms")).isEqualTo(undisturbed.json().get("arms"));
    assertThat(steps(run))
        .as("steps in metrics.jsonl, seed %d", seed)
        .isEqualTo(steps(folder.resolve("undisturbed")));
    try (Stream<Path> left = Files.walk(run)) {
      assertThat(left.map(p -> p.getFileName().toString()).filter(n -> n.contains("tmp")))
          .as("temporaries left behind, seed %d", seed)
          .isEmpty();
    }
  }

  /** Phase and step of every line, without the times that differ from run to run. */
  private static List<String> steps(Path run) throws IOException {
    List<String> steps = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      steps.add(line.replaceAll("\"(seconds|tokens_per_second|[a-z]+_share)\":[^,}]*", ""));
    }
    return steps;
  }

  private static void waitForFirstCheckpoint(Path run, Process process) throws Exception {
    Path checkpoints = run.resolve("checkpoints");
    while (process.isAlive()) {
      if (Files.isDirectory(checkpoints)) {
        try (Stream<Path> states = Files.list(checkpoints)) {
          if (states.anyMatch(KillAndResumeTest::isState)) {
            return;
          }
        }
      }
      Thread.sleep(20);
    }
  }

  @ParameterizedTest
  @CsvSource({"INT,130", "TERM,143", "HUP,129"})
  void interrupted_itSavesAndSaysHowToResume(String signal, int exitCode) throws Exception {
    assumeFalse(
        isIgnored(signal),
        "this process ignores SIG"
            + signal
            + ", as shells start programs in the background or nohup does, and so would its"
            + " children; run the test in the foreground");
    Program program = new Program(folder);
    Path run = folder.resolve("interrupted");
    List<String> command = train(run, 3000);
    Process process = program.start(command);
    waitForFirstCheckpoint(run, process);
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    Program.Outcome outcome = program.finish(process);
    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(exitCode);
    assertThat(outcome.err()).contains("--resume").doesNotContain("\tat ");
    assertThat(outcome.json().get("stopped").asBoolean()).isTrue();
  }

  /** Its bit in the mask that Linux shows; elsewhere nothing is known, and the test is made. */
  private static boolean isIgnored(String signal) throws IOException {
    int number =
        switch (signal) {
          case "HUP" -> 1;
          case "INT" -> 2;
          default -> 15;
        };
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return false;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("SigIgn:")) {
        return (Long.parseUnsignedLong(line.substring(7).strip(), 16) & (1L << (number - 1))) != 0;
      }
    }
    return false;
  }

  @Test
  void aRunFolderInUse_isRefusedWithTheProcessThatHoldsIt() throws Exception {
    Program first = new Program(Files.createDirectories(folder.resolve("a")));
    Path run = folder.resolve("shared");
    List<String> command = train(run, 3000);
    Process holder = first.start(command);
    try {
      waitForFirstCheckpoint(run, holder);
      Program second = new Program(Files.createDirectories(folder.resolve("b")));
      Program.Outcome refused = second.run("train", "--resume=" + run);
      assertThat(refused.exitCode()).isEqualTo(1);
      assertThat(refused.out()).isEmpty();
      assertThat(refused.err()).contains(Long.toString(holder.pid()));
      assertThat(errorLines(refused)).hasSize(1);
    } finally {
      holder.destroyForcibly().waitFor();
    }
  }

  @Test
  void aDamagedCheckpoint_isRefusedWithTheFix() throws Exception {
    Program program = new Program(folder);
    Path run = folder.resolve("damaged");
    List<String> command = train(run, 3000);
    Process process = program.start(command);
    waitForFirstCheckpoint(run, process);
    process.destroyForcibly().waitFor();
    Path newest;
    try (Stream<Path> states = Files.list(run.resolve("checkpoints"))) {
      newest = states.filter(KillAndResumeTest::isState).sorted().reduce((a, b) -> b).orElseThrow();
    }
    Path tensors = newest.resolve("state.safetensors");
    byte[] bytes = Files.readAllBytes(tensors);
    bytes[bytes.length / 2] ^= 4;
    Files.write(tensors, bytes);
    Program.Outcome flipped = program.run("train", "--resume=" + run);
    assertThat(flipped.exitCode()).isEqualTo(1);
    assertThat(errorLines(flipped)).hasSize(1);
    assertThat(flipped.err()).contains("damaged").contains("delete this folder");
    Files.write(tensors, Arrays.copyOf(bytes, bytes.length / 2));
    Program.Outcome truncated = program.run("train", "--resume=" + run);
    assertThat(truncated.exitCode()).isEqualTo(1);
    assertThat(errorLines(truncated)).hasSize(1);
  }

  private static boolean isState(Path path) {
    return path.getFileName().toString().matches("ckpt-\\d+");
  }

  private static List<String> errorLines(Program.Outcome outcome) {
    return outcome.err().lines().filter(l -> l.toLowerCase(Locale.ROOT).contains("error")).toList();
  }
}
