package org.score4j.training.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
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
  private final Consumer<String> notices;
  private boolean started;
  private @Nullable JsonLines metrics;
  private @Nullable JsonLines samples;
  private @Nullable JsonLines evaluations;

  /**
   * A recorder into a run folder that this process holds.
   *
   * @param phases names of the run's phases, in order
   * @param notices takes what of an earlier part's records is damaged or missing
   */
  public RunRecorder(Path folder, List<String> phases, Consumer<String> notices) {
    this.folder = folder;
    this.order = List.copyOf(phases);
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
          int place = Integer.compare(index(line), order.indexOf(phase));
          return place < 0 || (place == 0 && line.path("step").asInt() < firstStep);
        };
    retain(PHASES, this::unknownPhase, line -> index(line) < order.indexOf(phase));
    for (String name : List.of(METRICS, SAMPLES, EVALUATIONS)) {
      retain(name, this::defect, before);
    }
    noticeGaps();
  }

  private void retain(String name, Function<JsonNode, String> defect, Predicate<JsonNode> kept) {
    Path file = folder.resolve(name);
    List<JsonLines.Damage> damaged = JsonLines.retain(file, defect, kept);
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

  private int index(JsonNode line) {
    return order.indexOf(line.path("phase").asText());
  }

  private String unknownPhase(JsonNode line) {
    return index(line) < 0
        ? "phase is %s, which is none of %s".formatted(line.path("phase"), String.join(", ", order))
        : "";
  }

  /** What is wrong with a line that a run cannot have written. */
  private String defect(JsonNode line) {
    String unknown = unknownPhase(line);
    if (!unknown.isEmpty()) {
      return unknown;
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
