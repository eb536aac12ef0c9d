package org.score4j.training.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.score4j.training.run.AttemptPair;
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
      case "stage2" -> "stage II";
      default -> phase;
    };
  }

  /**
   * The newest pairs of the last phase that was sampled, the most telling first: fixed, broken,
   * changed, unchanged.
   */
  public List<AttemptPair> tellingPairs(int atMost) {
    if (samples.isEmpty()) {
      return List.of();
    }
    String phase = samples.getLast().path("phase").asText();
    Map<Integer, List<AttemptPair>> byKind = new LinkedHashMap<>();
    for (int kind = 0; kind < 4; kind++) {
      byKind.put(kind, new ArrayList<>());
    }
    Map<String, Boolean> seen = new LinkedHashMap<>();
    for (JsonNode line : samples.reversed()) {
      AttemptPair pair = pair(line);
      boolean shown = line.path("phase").asText().equals(phase) && !pair.second().isEmpty();
      if (shown && seen.put(pair.problem(), true) == null) {
        List<AttemptPair> sameKind = byKind.get(kind(pair));
        if (sameKind != null) {
          sameKind.add(pair);
        }
      }
    }
    // At least one of each kind where there is one, so that failures are shown beside successes.
    List<AttemptPair> chosen = new ArrayList<>();
    int fixes = Math.max(1, atMost - 3);
    for (Map.Entry<Integer, List<AttemptPair>> entry : byKind.entrySet()) {
      int limit = entry.getKey() == 0 ? fixes : 1;
      entry.getValue().stream().limit(limit).forEach(chosen::add);
    }
    return chosen;
  }

  private static AttemptPair pair(JsonNode line) {
    return new AttemptPair(
        line.path("problem").asText(),
        line.path("first").asText(),
        line.path("second").asText(),
        line.path("first_reason").asText(),
        line.path("second_reason").asText(),
        line.path("first_correct").asBoolean(),
        line.path("second_correct").asBoolean());
  }

  /** The one to show where there is room for one; {@code pairs} has at least one. */
  public static AttemptPair mostTelling(List<AttemptPair> pairs) {
    AttemptPair telling = pairs.getFirst();
    for (AttemptPair pair : pairs) {
      if (kind(pair) < kind(telling)) {
        telling = pair;
      }
    }
    return telling;
  }

  /** 0 fixed, 1 broken, 2 changed without effect, 3 unchanged. */
  public static int kind(AttemptPair pair) {
    if (pair.firstCorrect() != pair.secondCorrect()) {
      return pair.secondCorrect() ? 0 : 1;
    }
    return pair.first().equals(pair.second()) ? 3 : 2;
  }
}
