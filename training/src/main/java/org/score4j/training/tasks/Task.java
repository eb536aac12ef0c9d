package org.score4j.training.tasks;

import java.util.List;
import org.score4j.core.generation.StopRule;
import org.score4j.tokenizer.Tokenizer;
import org.score4j.training.verifiers.Verifier;

/**
 * What a model is trained to do in two attempts: x1 = a problem's prompt, y1 ~ π(·|x1), x2 = [x1,
 * y1, correction instruction], y2 ~ π(·|x2). Immutable and safe for use by several threads.
 */
public interface Task extends AutoCloseable {
  /** The name in configs and reports. */
  String name();

  /** The tokenizer all ids of this task belong to. */
  Tokenizer tokenizer();

  /** Problems to sample from in training; none of them is held out. */
  List<Problem> trainingProblems();

  /** Problems that nothing is trained on. */
  List<Problem> heldOutProblems();

  /**
   * The fixed correction instruction between the attempts as token ids (a copy), as it follows a
   * response that was cut: none is longer. It never says whether the first attempt was right.
   */
  int[] correctionIds();

  /**
   * What is given after the kept ids of a response before the next: the correction instruction,
   * without what the response has drawn of it already, such as the end of its turn.
   */
  default int[] correctionIds(int[] response) {
    return correctionIds();
  }

  /**
   * How many ids of a response the next attempt goes on from: all, or all but the last where that
   * is an end of text and none of the conversation's.
   */
  default int keptIds(int[] response) {
    return response.length;
  }

  /** A prompt as text, for people. */
  default String promptText(int[] prompt) {
    return tokenizer().decode(prompt);
  }

  /** A response as text, for verifiers and people. */
  default String text(int[] response) {
    return tokenizer().decode(response);
  }

  /**
   * Rows of supervised training.
   *
   * @param mixture of the tasks that draw their rows
   * @param key Philox key of the draws
   * @throws IllegalArgumentException where the task has nothing to learn from
   */
  default SupervisedRows supervisedRows(MixtureProbabilities mixture, long key) {
    throw new IllegalArgumentException(
        "base.steps is above 0, but task %s has no supervised examples; set it to 0"
            .formatted(name()));
  }

  /** When a response ends; the same for both attempts. */
  StopRule stopRule();

  /** The judge of both attempts. */
  Verifier verifier();

  /** The most tokens a whole two-turn sequence can have: what the context of a model must hold. */
  default int maxSequenceTokens() {
    int longestPrompt = 0;
    for (List<Problem> problems : List.of(trainingProblems(), heldOutProblems())) {
      for (Problem problem : problems) {
        longestPrompt = Math.max(longestPrompt, problem.promptIds().length);
      }
    }
    return longestPrompt + correctionIds().length + 2 * stopRule().maxNewTokens();
  }

  /** Ends what the task has opened. */
  @Override
  default void close() {}
}
