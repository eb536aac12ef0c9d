package org.score4j.training.verifiers.math;

/**
 * What one comparison may cost: a deadline, asked for at every node of an expression, and depth and
 * token limits of what is parsed. Owned by one thread.
 */
final class Budget {
  /** Deeper nesting is not parsed. The parsers recurse about five frames per level. */
  static final int MAX_DEPTH = 60;

  /** Longer answers are not parsed. */
  static final int MAX_TOKENS = 1_000;

  // System.nanoTime costs as much as a few nodes.
  private static final int NODES_PER_LOOK = 64;

  private final long deadlineNanos;
  private int nodes;

  /** The time limit has passed: no verdict. */
  static final class Exceeded extends RuntimeException {
    private static final long serialVersionUID = 1;

    Exceeded() {
      super("time limit passed", null, false, false);
    }
  }

  Budget(long nanos) {
    deadlineNanos = System.nanoTime() + nanos;
  }

  /** Before an operation that takes a large part of a millisecond: looks at the clock at once. */
  void spendLong() {
    if (System.nanoTime() - deadlineNanos > 0) {
      throw new Exceeded();
    }
  }

  void spend() {
    if (++nodes % NODES_PER_LOOK == 0 && System.nanoTime() - deadlineNanos > 0) {
      throw new Exceeded();
    }
  }
}
