package org.score4j.training.verifiers;

/**
 * Right only when the whole response equals the solution. For responses of the form answer first,
 * one character, then the working: both must be right, as in the PyTorch prototype of the embedded
 * task.
 */
public final class ExactResponseVerifier implements Verifier {
  @Override
  public Verdict verify(String reference, String response) {
    if (response.equals(reference)) {
      return Verdict.right("right");
    }
    if (response.length() != reference.length() || reference.isEmpty()) {
      return Verdict.wrong("response \"" + response + "\", expected \"" + reference + "\"");
    }
    boolean answerRight = response.charAt(0) == reference.charAt(0);
    boolean workingRight = response.regionMatches(1, reference, 1, reference.length() - 1);
    // Plain concatenation: this runs for every sample of every step.
    String answer = "answer " + response.charAt(0) + ", expected " + reference.charAt(0);
    if (workingRight) {
      return Verdict.wrong(answer);
    }
    String working = "working " + spaced(response, 1) + ", expected " + spaced(reference, 1);
    return Verdict.wrong(answerRight ? working : answer + "; " + working);
  }

  /** The characters from {@code first} on, with spaces between. */
  private static String spaced(String text, int first) {
    StringBuilder spaced = new StringBuilder(2 * text.length());
    for (int i = first; i < text.length(); i++) {
      if (i > first) {
        spaced.append(' ');
      }
      spaced.append(text.charAt(i));
    }
    return spaced.toString();
  }
}
