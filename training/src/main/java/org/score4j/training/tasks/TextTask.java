package org.score4j.training.tasks;

import java.util.List;
import org.score4j.training.verifiers.Verifier;

/**
 * A task as text: everything a tokenizer is not needed for.
 *
 * @param name in configs and reports
 * @param training problems to sample from in training; may be empty
 * @param heldOut problems that nothing is trained on; may be empty
 * @param correction the instruction between the attempts, which never says whether the first was
 *     right
 * @param stops texts that end a response, apart from the model's own end of text
 * @param verifier of both attempts
 */
public record TextTask(
    String name,
    List<TextProblem> training,
    List<TextProblem> heldOut,
    String correction,
    List<String> stops,
    Verifier verifier) {
  /** Copies the lists. */
  public TextTask {
    training = List.copyOf(training);
    heldOut = List.copyOf(heldOut);
    stops = List.copyOf(stops);
  }
}
