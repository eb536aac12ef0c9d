package org.score4j.training.rollouts;

import org.score4j.kernels.Philox;

/**
 * Every use of the run's seed. Keys of different streams never collide, as each puts its number
 * first; within a stream further counters tell uses apart. What is drawn from a key is counted by
 * step, prompt, sample, attempt and position.
 */
public enum RandomStream {
  /** New weights, and new adapters. */
  INITIAL_WEIGHTS(1),
  /** Rows of supervised training. */
  SUPERVISED_ROWS(2),
  /** A phase of reinforcement learning, by the phase's index; {@link Step} divides its key. */
  PHASE(3),
  /** Evaluation with sampling, by the phase's index and step. */
  EVALUATION(4),
  /** A prompt that a person gives. */
  PROMPT(5);

  private final int number;

  RandomStream(int number) {
    this.number = number;
  }

  /** The Philox key of this use. */
  public long key(long seed, int counter1, int counter2) {
    return Philox.derive(seed, number, counter1, counter2, 0);
  }

  /** The Philox key of a use there is one of. */
  public long key(long seed) {
    return key(seed, 0, 0);
  }

  /** What a step of reinforcement learning draws from the key of its phase. */
  public enum Step {
    /** Which problems. */
    PROBLEMS(0),
    /** The conversations about them. */
    CONVERSATIONS(1),
    /** The conversations of the check before the first step. */
    SIGNAL(2);

    private final int number;

    Step(int number) {
      this.number = number;
    }

    /** The Philox key of this use in {@code step}; −1 before the first. */
    public long key(long phaseKey, int step) {
      return Philox.derive(phaseKey, step, number, 0, 0);
    }
  }
}
