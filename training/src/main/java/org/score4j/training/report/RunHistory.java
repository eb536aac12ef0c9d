package org.score4j.training.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.score4j.training.rollouts.Transcript;
import org.score4j.training.run.JsonLines;
import org.score4j.training.run.RunRecorder;

/**
 * What a run folder's files say.
 *
 * @param label name of the run in tables, such as {@code SCoRe}
 * @param folder where it is
 * @param steps per phase the lines of {@code metrics.jsonl}, in order of steps
 * @param evaluations lines of {@code evaluations.jsonl}
 * @param samples lines of {@code samples.jsonl}
 */
public record RunHistory(
    String label,
    Path folder,
    Map<String, List<JsonNode>> steps,
    List<JsonNode> evaluations,
    List<JsonNode> samples) {

  /** Reads them. */
  public static RunHistory read(String label, Path folder) {
    Map<String, List<JsonNode>> steps = new LinkedHashMap<>();
    for (JsonNode line : JsonLines.read(folder.resolve(RunRecorder.METRICS))) {
      steps.computeIfAbsent(line.path("phase").asText(), phase -> new ArrayList<>()).add(line);
    }
    return new RunHistory(
        label,
        folder,
        steps,
        JsonLines.read(folder.resolve(RunRecorder.EVALUATIONS)),
        JsonLines.read(folder.resolve(RunRecorder.SAMPLES)));
  }

  /**
   * The last evaluation of each phase that was decoded so, in order: what the final table shows.
   */
  public Map<String, JsonNode> finalEvaluations(String decoding) {
    Map<String, JsonNode> last = new LinkedHashMap<>();
    for (JsonNode line : evaluations) {
      if (line.path("decoding").asText().equals(decoding)) {
        String phase = line.path("phase").asText();
        JsonNode before = last.get(phase);
        if (before == null || before.path("step").asInt() <= line.path("step").asInt()) {
          last.put(phase, line);
        }
      }
    }
    return last;
  }

  /** A phase's name for people. */
  public static String phaseLabel(String phase) {
    return switch (phase) {
      case "stage1" -> "stage I";
      case "stage1a" -> "stage I(a)";
      case "stage1b" -> "stage I(b)";
      case "stage2" -> "stage II";
      default -> phase;
    };
  }

  /**
   * The newest conversations of the last phase that was sampled, the most telling first: fixed,
   * broken, changed, unchanged between the first attempt and the last.
   */
  public List<Transcript> telling(int atMost) {
    if (samples.isEmpty()) {
      return List.of();
    }
    String phase = samples.getLast().path("phase").asText();
    Map<Kind, List<Transcript>> byKind = new EnumMap<>(Kind.class);
    for (Kind kind : Kind.values()) {
      byKind.put(kind, new ArrayList<>());
    }
    Set<String> seen = new HashSet<>();
    for (JsonNode line : samples.reversed()) {
      Transcript transcript = transcript(line);
      boolean shown = line.path("phase").asText().equals(phase) && transcript.attempts().size() > 1;
      if (shown && seen.add(transcript.problem())) {
        byKind.computeIfAbsent(Kind.of(transcript), kind -> new ArrayList<>()).add(transcript);
      }
    }
    // At least one of each kind where there is one, so that failures are shown beside successes.
    List<Transcript> chosen = new ArrayList<>();
    int fixes = Math.max(1, atMost - 3);
    byKind.forEach(
        (kind, transcripts) ->
            transcripts.stream().limit(kind == Kind.FIXED ? fixes : 1).forEach(chosen::add));
    return chosen;
  }

  private static Transcript transcript(JsonNode line) {
    List<Transcript.Attempt> attempts = new ArrayList<>();
    for (JsonNode attempt : line.path("attempts")) {
      attempts.add(
          new Transcript.Attempt(
              attempt.path("text").asText(),
              attempt.path("correct").asBoolean(),
              attempt.path("reason").asText()));
    }
    return new Transcript(line.path("problem").asText(), attempts);
  }

  /** The one to show where there is room for one; {@code transcripts} has at least one. */
  public static Transcript mostTelling(List<Transcript> transcripts) {
    return Collections.min(transcripts, Comparator.comparing(Kind::of));
  }

  /** What became of the first attempt, the most telling first. */
  private enum Kind {
    FIXED,
    BROKEN,
    CHANGED,
    UNCHANGED;

    static Kind of(Transcript transcript) {
      Transcript.Attempt first = transcript.attempts().getFirst();
      Transcript.Attempt last = transcript.attempts().getLast();
      if (first.correct() != last.correct()) {
        return last.correct() ? FIXED : BROKEN;
      }
      return first.text().equals(last.text()) ? UNCHANGED : CHANGED;
    }
  }
}
