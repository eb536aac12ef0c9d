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
      return Verdict.wrong("response \"%s\", expected \"%s\"".formatted(response, reference));
    }
    String answer = response.substring(0, 1);
    String working = response.substring(1);
    String expectedAnswer = reference.substring(0, 1);
    String expectedWorking = reference.substring(1);
    String answerReason = "answer %s, expected %s".formatted(answer, expectedAnswer);
    String workingReason =
        "working %s, expected %s".formatted(spaced(working), spaced(expectedWorking));
    if (working.equals(expectedWorking)) {
      return Verdict.wrong(answerReason);
    }
    return Verdict.wrong(
        answer.equals(expectedAnswer) ? workingReason : answerReason + "; " + workingReason);
  }

  private static String spaced(String characters) {
    return String.join(" ", characters.split(""));
  }
}
