package org.score4j.training.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.score4j.training.evaluation.AttemptMetrics;

/**
 * Writes what happens to {@code metrics.jsonl}, {@code samples.jsonl} and {@code
 * evaluations.jsonl}. A resumed run first takes out the lines of the steps it will do again, so
 * that no step is there twice.
 */
public final class RunRecorder implements RunListener, AutoCloseable {
  /** One line per step. */
  public static final String METRICS = "metrics.jsonl";

  /** Both attempts of sampled conversations, with verdicts. */
  public static final String SAMPLES = "samples.jsonl";

  /** One line per evaluation. */
  public static final String EVALUATIONS = "evaluations.jsonl";

  private static final List<String> PHASES = List.of("base", "stage1", "stage2");

  private final Path folder;
  private final Consumer<String> notices;
  private boolean started;
  private @Nullable JsonLines metrics;
  private @Nullable JsonLines samples;
  private @Nullable JsonLines evaluations;

  /**
   * A recorder into a run folder that this process holds.
   *
   * @param notices takes what of an earlier part's records is damaged or missing
   */
  public RunRecorder(Path folder, Consumer<String> notices) {
    this.folder = folder;
    this.notices = notices;
  }

  /**
   * Takes out what will be done again. The weights need none of these files, so a damaged line does
   * not stop a resume: it is named and left out.
   */
  @Override
  public void phaseStarted(String phase, int firstStep, int totalSteps) {
    if (started) {
      return;
    }
    started = true;
    close();
    Predicate<JsonNode> before =
        line -> {
          int order = Integer.compare(index(line), PHASES.indexOf(phase));
          return order < 0 || (order == 0 && line.path("step").asInt() < firstStep);
        };
    for (String name : List.of(METRICS, SAMPLES, EVALUATIONS)) {
      Path file = folder.resolve(name);
      List<JsonLines.Damage> damaged = JsonLines.retain(file, RunRecorder::defect, before);
      if (!damaged.isEmpty()) {
        notices.accept(
            "warning: %s line %d is damaged: %s; %s left out, the file as it was is %s"
                .formatted(
                    file,
                    damaged.getFirst().line(),
                    damaged.getFirst().reason(),
                    damaged.size() == 1
                        ? "it is"
                        : "it and %d more are".formatted(damaged.size() - 1),
                    JsonLines.damagedCopy(file).getFileName()));
      }
    }
    noticeGaps();
  }

  /** Lines that the disk of a crashed machine lost, or that were damaged. */
  private void noticeGaps() {
    Path file = folder.resolve(METRICS);
    String phase = "";
    int last = 0;
    for (JsonNode line : JsonLines.read(file)) {
      if (!line.path("phase").asText().equals(phase)) {
        phase = line.path("phase").asText();
        last = 0;
      }
      int step = line.path("step").asInt();
      if (step > last + 1) {
        notices.accept(
            "warning: %s lacks %s of %s; the weights do not depend on it"
                .formatted(
                    file,
                    step == last + 2
                        ? "step %d".formatted(last + 1)
                        : "steps %d to %d".formatted(last + 1, step - 1),
                    phase));
      }
      last = step;
    }
  }

  private static int index(JsonNode line) {
    return PHASES.indexOf(line.path("phase").asText());
  }

  /** What is wrong with a line that a run cannot have written. */
  private static String defect(JsonNode line) {
    if (index(line) < 0) {
      return "phase is %s, which is none of %s"
          .formatted(line.path("phase"), String.join(", ", PHASES));
    }
    return line.path("step").isInt() ? "" : "step is %s, no number".formatted(line.path("step"));
  }

  @Override
  public void saving() {
    for (JsonLines file : new @Nullable JsonLines[] {metrics, samples, evaluations}) {
      if (file != null) {
        file.sync();
      }
    }
  }

  @Override
  public void stepDone(StepReport report) {
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put("phase", report.phase());
    line.put("step", report.step());
    line.put("seconds", report.seconds());
    line.put("tokens", report.tokens());
    // JSON has no NaN; what a step has no value for, such as Δ with one turn, is null.
    report
        .metrics()
        .forEach((name, value) -> line.put(name, Double.isFinite(value) ? value : null));
    if (metrics == null) {
      metrics = JsonLines.append(folder.resolve(METRICS));
    }
    metrics.write(line);
  }

  @Override
  public void samples(String phase, int step, List<AttemptPair> pairs) {
    if (samples == null) {
      samples = JsonLines.append(folder.resolve(SAMPLES));
    }
    for (AttemptPair pair : pairs) {
      Map<String, @Nullable Object> line = new LinkedHashMap<>();
      line.put("phase", phase);
      line.put("step", step);
      line.put("problem", pair.problem());
      line.put("first", pair.first());
      line.put("first_correct", pair.firstCorrect());
      line.put("first_reason", pair.firstReason());
      line.put("second", pair.second());
      line.put("second_correct", pair.secondCorrect());
      line.put("second_reason", pair.secondReason());
      samples.write(line);
    }
  }

  /** An evaluation that is there already is not written again: a resumed run repeats some. */
  @Override
  public void evaluated(String phase, int step, String decoding, AttemptMetrics figures) {
    if (evaluations == null) {
      evaluations = JsonLines.append(folder.resolve(EVALUATIONS));
    }
    for (JsonNode line : JsonLines.read(folder.resolve(EVALUATIONS))) {
      if (line.path("phase").asText().equals(phase)
          && line.path("step").asInt() == step
          && line.path("decoding").asText().equals(decoding)) {
        return;
      }
    }
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put("phase", phase);
    line.put("step", step);
    line.put("decoding", decoding);
    line.putAll(figures.toMap());
    evaluations.write(line);
  }

  @Override
  public void close() {
    for (JsonLines file : new @Nullable JsonLines[] {metrics, samples, evaluations}) {
      if (file != null) {
        file.close();
      }
    }
    metrics = null;
    samples = null;
    evaluations = null;
  }
}
