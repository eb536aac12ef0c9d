package org.score4j.training.tasks;

/**
 * One problem as text, before any tokenizer.
 *
 * @param id its name in its data set
 * @param prompt x1
 * @param reference what the verifier compares with; the model never sees it
 * @param solution a response as it should be, for supervised training; empty where there is none
 * @param first an attempt that the solution revises; empty where the solution is the first
 */
public record TextProblem(
    String id, String prompt, String reference, String solution, String first) {
  /** With a solution at the first attempt. */
  public TextProblem(String id, String prompt, String reference, String solution) {
    this(id, prompt, reference, solution, "");
  }

  /** Without a solution. */
  public TextProblem(String id, String prompt, String reference) {
    this(id, prompt, reference, "");
  }
}
