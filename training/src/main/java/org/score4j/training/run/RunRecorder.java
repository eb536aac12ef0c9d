package org.score4j.training.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.score4j.training.evaluation.AttemptMetrics;
import org.score4j.training.rollouts.Transcript;

/**
 * Writes what happens to {@code metrics.jsonl}, {@code samples.jsonl} and {@code
 * evaluations.jsonl}. A resumed run first takes out the lines of the steps it will do again, so
 * that no step is there twice.
 */
public final class RunRecorder implements RunListener, AutoCloseable {
  /** One line per step. */
  public static final String METRICS = "metrics.jsonl";

  /** All attempts of sampled conversations, with verdicts. */
  public static final String SAMPLES = "samples.jsonl";

  /** One line per evaluation. */
  public static final String EVALUATIONS = "evaluations.jsonl";

  /** One line per phase: its algorithm, the model it starts from and the reference. */
  public static final String PHASES = "phases.jsonl";

  private final Path folder;
  private final List<String> order;
  private boolean started;
  private @Nullable JsonLines metrics;
  private @Nullable JsonLines samples;
  private @Nullable JsonLines evaluations;

  /**
   * A recorder into a run folder that this process holds.
   *
   * @param phases names of the run's phases, in order
   */
  public RunRecorder(Path folder, List<String> phases) {
    this.folder = folder;
    this.order = List.copyOf(phases);
  }

  @Override
  public void phaseStarted(String phase, int firstStep, int totalSteps) {
    if (started) {
      return;
    }
    started = true;
    close();
    Predicate<JsonNode> before =
        line -> {
          int order = Integer.compare(index(line.path("phase").asText()), index(phase));
          return order < 0 || (order == 0 && line.path("step").asInt() < firstStep);
        };
    JsonLines.retain(
        folder.resolve(PHASES), line -> index(line.path("phase").asText()) < index(phase));
    JsonLines.retain(folder.resolve(METRICS), before);
    JsonLines.retain(folder.resolve(SAMPLES), before);
    JsonLines.retain(folder.resolve(EVALUATIONS), before);
  }

  @Override
  public void phaseModels(String phase, String algorithm, String start, String reference) {
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put("phase", phase);
    line.put("algorithm", algorithm);
    line.put("start", start);
    line.put("reference", reference.isEmpty() ? null : reference);
    try (JsonLines phases = JsonLines.append(folder.resolve(PHASES))) {
      phases.write(line);
    }
  }

  private int index(String phase) {
    int index = order.indexOf(phase);
    if (index < 0) {
      throw new IllegalArgumentException(
          "phase \"%s\" is none of %s".formatted(phase, String.join(", ", order)));
    }
    return index;
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
  public void samples(String phase, int step, List<Transcript> transcripts) {
    if (samples == null) {
      samples = JsonLines.append(folder.resolve(SAMPLES));
    }
    for (Transcript transcript : transcripts) {
      Map<String, @Nullable Object> line = new LinkedHashMap<>();
      line.put("phase", phase);
      line.put("step", step);
      line.put("problem", transcript.problem());
      List<Map<String, Object>> attempts = new ArrayList<>();
      for (Transcript.Attempt attempt : transcript.attempts()) {
        Map<String, Object> each = new LinkedHashMap<>();
        each.put("text", attempt.text());
        each.put("correct", attempt.correct());
        each.put("reason", attempt.reason());
        attempts.add(each);
      }
      line.put("attempts", attempts);
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
