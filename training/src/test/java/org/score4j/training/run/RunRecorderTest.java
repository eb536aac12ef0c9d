package org.score4j.training.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.score4j.checkpoints.CheckpointException;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.rollouts.Samples;

final class RunRecorderTest {
  private static final AttemptMetrics FIGURES =
      AttemptMetrics.of(List.of(Samples.outcome(false, true, new int[] {1}, new int[] {2})), 0);

  @TempDir private Path folder;

  private static void steps(RunListener listener, String phase, int from, int to) {
    listener.phaseStarted(phase, from, 10);
    for (int step = from; step <= to; step++) {
      listener.stepDone(new StepReport(phase, step, 10, 0.5, 12, Map.of("loss", 1.0 / step)));
      listener.samples(
          phase, step, List.of(Samples.transcript("1+1=", "3", "2", "is 2", "right", false, true)));
    }
  }

  private List<String> keys(String file) {
    return JsonLines.read(folder.resolve(file)).stream()
        .map(line -> line.path("phase").asText() + " " + line.path("step").asInt())
        .toList();
  }

  @Test
  void eachStep_isALineAtOnce() {
    try (RunRecorder recorder = new RunRecorder(folder, List.of("base", "stage1", "stage2"))) {
      steps(recorder, "base", 1, 2);
      List<JsonNode> lines = JsonLines.read(folder.resolve("metrics.jsonl"));
      assertThat(lines).hasSize(2);
      assertThat(lines.getLast().toString())
          .isEqualTo("{\"phase\":\"base\",\"step\":2,\"seconds\":0.5,\"tokens\":12,\"loss\":0.5}");
      assertThat(JsonLines.read(folder.resolve("samples.jsonl")).getFirst().toString())
          .isEqualTo(
              "{\"phase\":\"base\",\"step\":1,\"problem\":\"1+1=\",\"attempts\":[{\"text\":\"3\",\"correct\":false,\"reason\":\"is"
                  + " 2\"},{\"text\":\"2\",\"correct\":true,\"reason\":\"right\"}]}");
    }
  }

  @Test
  void metricWithoutAValue_isNull() {
    try (RunRecorder recorder = new RunRecorder(folder, List.of("base", "stage1", "stage2"))) {
      recorder.phaseStarted("stage2", 1, 1);
      recorder.stepDone(new StepReport("stage2", 1, 1, 0.5, 12, Map.of("delta", Double.NaN)));
    }
    assertThat(folder.resolve("metrics.jsonl")).content().contains("\"delta\":null");
  }

  @Test
  void resumedRun_takesOutTheStepsItDoesAgain() throws IOException {
    try (RunRecorder recorder = new RunRecorder(folder, List.of("base", "stage1", "stage2"))) {
      steps(recorder, "base", 1, 3);
      recorder.evaluated("base", 3, "greedy", FIGURES);
      steps(recorder, "stage1", 1, 4);
      recorder.evaluated("stage1", 2, "greedy", FIGURES);
      recorder.evaluated("stage1", 4, "greedy", FIGURES);
    }
    Files.writeString(
        folder.resolve("metrics.jsonl"), "{\"phase\":\"stage1\",\"st", StandardOpenOption.APPEND);
    try (RunRecorder recorder = new RunRecorder(folder, List.of("base", "stage1", "stage2"))) {
      recorder.evaluated("base", 3, "greedy", FIGURES);
      steps(recorder, "stage1", 3, 5);
      steps(recorder, "stage2", 1, 1);
    }
    assertThat(keys("metrics.jsonl"))
        .containsExactly(
            "base 1",
            "base 2",
            "base 3",
            "stage1 1",
            "stage1 2",
            "stage1 3",
            "stage1 4",
            "stage1 5",
            "stage2 1")
        .isEqualTo(keys("samples.jsonl"));
    assertThat(keys("evaluations.jsonl")).containsExactly("base 3", "stage1 2");
  }

  @Test
  void fileThatCannotBeWritten_isNamed() throws IOException {
    Files.createDirectory(folder.resolve("metrics.jsonl"));
    try (RunRecorder recorder = new RunRecorder(folder, List.of("base", "stage1", "stage2"))) {
      assertThatThrownBy(
              () -> recorder.stepDone(new StepReport("base", 1, 10, 0.5, 12, Map.of("loss", 1.0))))
          .isInstanceOf(CheckpointException.class)
          .hasMessageStartingWith("cannot open " + folder.resolve("metrics.jsonl"))
          .hasMessageContaining("; check the path and the disk");
    }
  }

  @Test
  void damagedLineInTheMiddle_isNamed() throws IOException {
    Files.writeString(folder.resolve("metrics.jsonl"), "{\"a\":1}\n{\"a\n{\"a\":1}\n");
    assertThatThrownBy(() -> JsonLines.read(folder.resolve("metrics.jsonl")))
        .hasMessageStartingWith("cannot read line 2 of " + folder.resolve("metrics.jsonl"));
  }
}
