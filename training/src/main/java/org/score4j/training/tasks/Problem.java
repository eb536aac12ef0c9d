package org.score4j.training.tasks;

/** One problem. Immutable. */
public final class Problem {
  private final int index;
  private final String prompt;
  private final int[] promptIds;
  private final String reference;

  /**
   * A problem.
   *
   * @param index its place in its set, from 0: the "prompt" counter of sampling
   * @param prompt x1 as text
   * @param promptIds x1 as token ids
   * @param reference what the verifier compares with; the model never sees it
   */
  public Problem(int index, String prompt, int[] promptIds, String reference) {
    this.index = index;
    this.prompt = prompt;
    this.promptIds = promptIds.clone();
    this.reference = reference;
  }

  /** Its place in its set, from 0. */
  public int index() {
    return index;
  }

  /** x1 as text. */
  public String prompt() {
    return prompt;
  }

  /** x1 as token ids (a copy). */
  public int[] promptIds() {
    return promptIds.clone();
  }

  /** What the verifier compares with. */
  public String reference() {
    return reference;
  }

  @Override
  public String toString() {
    return "%d: %s%s".formatted(index, prompt, reference);
  }
}
