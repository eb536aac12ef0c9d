package org.score4j.training.rollouts;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.score4j.core.generation.GenerationRequest.Response;
import org.score4j.core.generation.StopRule.Finish;
import org.score4j.training.rollouts.Span.Role;

/**
 * One conversation as token ids: prompt, first attempt, and for every further attempt what was
 * given before it and the attempt itself.
 *
 * @param spans in order, the first the prompt
 * @param finishes how each attempt ended, (attempts)
 */
public record Trajectory(List<Span> spans, List<Finish> finishes) {
  /** Keeps both from changing; refuses a conversation that does not begin with its prompt. */
  public Trajectory {
    spans = List.copyOf(spans);
    finishes = List.copyOf(finishes);
    if (spans.isEmpty() || spans.getFirst().role() != Role.PROMPT) {
      throw new IllegalArgumentException("trajectory: the first span must be the prompt");
    }
  }

  /** From what the generator returned, one response per attempt. */
  public static Trajectory of(int[] prompt, List<Response> responses) {
    List<Span> spans = new ArrayList<>();
    List<Finish> finishes = new ArrayList<>();
    spans.add(Span.given(0, Role.PROMPT, prompt));
    for (int attempt = 0; attempt < responses.size(); attempt++) {
      Response response = responses.get(attempt);
      boolean replaced =
          attempt + 1 < responses.size() && responses.get(attempt + 1).replacesLast();
      if (response.givenIds().length > 0) {
        spans.add(Span.given(attempt, Role.INSTRUCTION, response.givenIds()));
      }
      int kept = response.ids().length - (replaced ? 1 : 0);
      spans.add(Span.sampled(attempt, response.ids(), response.logProbs(), kept));
      finishes.add(response.finish());
    }
    return new Trajectory(spans, finishes);
  }

  /** Number of attempts. */
  public int numAttempts() {
    return finishes.size();
  }

  /** Ids of an attempt: its last response. */
  public int[] attempt(int attempt) {
    for (Span span : spans.reversed()) {
      if (span.role() == Role.RESPONSE && span.attempt() == attempt) {
        return span.ids();
      }
    }
    throw new IllegalArgumentException(
        "trajectory: no attempt " + attempt + " in a conversation of " + numAttempts());
  }

  /** Whether an attempt hit its length limit. */
  public boolean truncated(int attempt) {
    return finishes.get(attempt) == Finish.LENGTH;
  }

  /** Whether any attempt hit its length limit. */
  public boolean truncated() {
    return finishes.contains(Finish.LENGTH);
  }

  /** Ids of the prompt. */
  public int[] prompt() {
    return spans.getFirst().ids();
  }

  /** Ids of the whole conversation, as the model went on from them. */
  public int[] ids() {
    return spans.stream().flatMapToInt(span -> Arrays.stream(span.ids(), 0, span.kept())).toArray();
  }
}
