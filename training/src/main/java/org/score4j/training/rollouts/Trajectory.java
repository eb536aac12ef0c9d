package org.score4j.training.rollouts;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.StopRule.Finish;
import org.score4j.training.rollouts.Span.Role;

/**
 * One conversation: prompt, first attempt, and for two turns the instruction and the second
 * attempt.
 *
 * @param spans in order, the first the prompt
 * @param truncated whether an attempt hit its length limit
 */
public record Trajectory(List<Span> spans, boolean truncated) {
  /** Keeps the spans from changing. */
  public Trajectory {
    spans = List.copyOf(spans);
    if (spans.isEmpty() || spans.getFirst().role() != Role.PROMPT) {
      throw new IllegalArgumentException("trajectory: the first span must be the prompt");
    }
  }

  /** From what the generator returned. */
  public static Trajectory of(int[] prompt, List<Response> responses) {
    List<Span> spans = new ArrayList<>();
    spans.add(new Span(0, Role.PROMPT, prompt, new float[0]));
    boolean truncated = false;
    for (int turn = 0; turn < responses.size(); turn++) {
      Response response = responses.get(turn);
      boolean replaced = turn + 1 < responses.size() && responses.get(turn + 1).replacesLast();
      if (response.givenIds().length > 0) {
        spans.add(new Span(turn, Role.INSTRUCTION, response.givenIds(), new float[0]));
      }
      int kept = response.ids().length - (replaced ? 1 : 0);
      spans.add(new Span(turn, Role.RESPONSE, response.ids(), response.logProbs(), kept));
      truncated |= response.finish() == Finish.LENGTH;
    }
    return new Trajectory(spans, truncated);
  }

  /** Number of attempts. */
  public int numTurns() {
    return (int) spans.stream().filter(Span::sampled).count();
  }

  /** Ids of the attempt of {@code turn}. */
  public int[] response(int turn) {
    return responseSpan(turn).ids();
  }

  private Span responseSpan(int turn) {
    for (Span span : spans) {
      if (span.sampled() && span.turn() == turn) {
        return span;
      }
    }
    throw new IllegalArgumentException(
        "trajectory: no attempt " + turn + " in a conversation of " + numTurns());
  }

  /** Ids of the prompt. */
  public int[] prompt() {
    return spans.getFirst().ids();
  }

  /** Ids of the whole conversation, as the model went on from them. */
  public int[] ids() {
    return spans.stream().flatMapToInt(span -> Arrays.stream(span.ids(), 0, span.kept())).toArray();
  }

  /** Number of sampled tokens. */
  public int numSampled() {
    int count = 0;
    for (Span span : spans) {
      count += span.logProbs().length;
    }
    return count;
  }
}
