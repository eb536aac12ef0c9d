package org.score4j.training.verifiers;

/** Judges one response; pure and safe for use by several threads. Its score is the paper's r(y). */
@FunctionalInterface
public interface Verifier {
  /**
   * Judges a response by itself: nothing of other attempts is visible here.
   *
   * @param reference what the problem keeps for its verifier: a solution, or tests
   * @param response the decoded response
   */
  Verdict verify(String reference, String response);
}
