package org.score4j.training.run;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
    try (RunRecorder recorder =
        new RunRecorder(folder, List.of("base", "stage1", "stage2"), line -> {})) {
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
    try (RunRecorder recorder =
        new RunRecorder(folder, List.of("base", "stage1", "stage2"), line -> {})) {
      recorder.phaseStarted("stage2", 1, 1);
      recorder.stepDone(new StepReport("stage2", 1, 1, 0.5, 12, Map.of("delta", Double.NaN)));
    }
    assertThat(folder.resolve("metrics.jsonl")).content().contains("\"delta\":null");
  }

  @Test
  void resumedRun_takesOutTheStepsItDoesAgain() throws IOException {
    try (RunRecorder recorder =
        new RunRecorder(folder, List.of("base", "stage1", "stage2"), line -> {})) {
      steps(recorder, "base", 1, 3);
      recorder.evaluated("base", 3, "greedy", FIGURES);
      steps(recorder, "stage1", 1, 4);
      recorder.evaluated("stage1", 2, "greedy", FIGURES);
      recorder.evaluated("stage1", 4, "greedy", FIGURES);
    }
    Files.writeString(
        folder.resolve("metrics.jsonl"), "{\"phase\":\"stage1\",\"st", StandardOpenOption.APPEND);
    try (RunRecorder recorder =
        new RunRecorder(folder, List.of("base", "stage1", "stage2"), line -> {})) {
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
    try (RunRecorder recorder =
        new RunRecorder(folder, List.of("base", "stage1", "stage2"), line -> {})) {
      assertThatThrownBy(
              () -> recorder.stepDone(new StepReport("base", 1, 10, 0.5, 12, Map.of("loss", 1.0))))
          .isInstanceOf(CheckpointException.class)
          .hasMessageStartingWith("cannot open " + folder.resolve("metrics.jsonl"))
          .hasMessageContaining("; check the path and the disk");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"a", "7", "\u00ff\u00fe", "{} {}"})
  void damagedLineInTheMiddle_isNamed(String line) throws IOException {
    Path file = folder.resolve("metrics.jsonl");
    Files.write(file, ("{\"a\":1}\n" + line + "\n{\"a\":1}\n").getBytes(ISO_8859_1));
    assertThatThrownBy(() -> JsonLines.read(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(file + " line 2 is damaged: ")
        .hasMessageEndingWith("; delete that line, or put the file back from a copy");
  }

  @Test
  void damagedLines_doNotStopAResume_butAreNamedAndKept() throws IOException {
    try (RunRecorder recorder =
        new RunRecorder(folder, List.of("base", "stage1", "stage2"), line -> {})) {
      steps(recorder, "base", 1, 3);
      steps(recorder, "stage1", 1, 4);
    }
    Path metrics = folder.resolve("metrics.jsonl");
    List<String> lines = new ArrayList<>(Files.readAllLines(metrics));
    lines.set(1, "");
    lines.set(4, lines.get(4).replace("stage1", "stageX"));
    lines.set(5, lines.get(5).replace("\"step\":3", "\"step\":\"3\""));
    Files.write(metrics, lines);
    byte[] damaged = Files.readAllBytes(metrics);
    List<String> notices = new ArrayList<>();
    try (RunRecorder recorder =
        new RunRecorder(folder, List.of("base", "stage1", "stage2"), notices::add)) {
      steps(recorder, "stage1", 4, 5);
    }
    assertThat(keys("metrics.jsonl"))
        .containsExactly("base 1", "base 3", "stage1 1", "stage1 4", "stage1 5");
    assertThat(keys("samples.jsonl")).hasSize(8);
    assertThat(notices)
        .containsExactly(
            "warning: %s line 2 is damaged: it is empty; it and 2 more are left out, the file as it was is metrics.jsonl.damaged"
                .formatted(metrics),
            "warning: %s lacks step 2 of base; the weights do not depend on it".formatted(metrics));
    assertThat(folder.resolve("metrics.jsonl.damaged")).hasBinaryContent(damaged);
  }

  @Test
  void stepsThatTheDiskHasLost_areNamedOnResume() throws IOException {
    try (RunRecorder recorder =
        new RunRecorder(folder, List.of("base", "stage1", "stage2"), line -> {})) {
      steps(recorder, "base", 1, 6);
    }
    Path metrics = folder.resolve("metrics.jsonl");
    List<String> lines = new ArrayList<>(Files.readAllLines(metrics));
    lines.subList(1, 4).clear();
    Files.write(metrics, lines);
    List<String> notices = new ArrayList<>();
    try (RunRecorder recorder =
        new RunRecorder(folder, List.of("base", "stage1", "stage2"), notices::add)) {
      recorder.phaseStarted("base", 7, 10);
    }
    assertThat(notices)
        .containsExactly(
            "warning: %s lacks steps 2 to 4 of base; the weights do not depend on it"
                .formatted(metrics));
  }
}
