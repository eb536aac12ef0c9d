package org.score4j.training.algorithms;

/** What a run has to know of a phase's settings, whatever its algorithm; implemented by records. */
public interface PhaseSettings {
  /** Updates; 0 leaves the phase out: it then ends with the model it starts from. */
  int steps();

  /** Attempts of a conversation it samples; 0 where it samples none. */
  default int attempts() {
    return 0;
  }

  /**
   * The most tokens of a training pass.
   *
   * @param longestSequence tokens of the longest conversation of the run
   */
  int trainingTokens(int longestSequence);

  /** AdamW and its schedule. */
  OptimizerConfig optimizer();
}
