package org.score4j.training.tasks;

/**
 * A sequence and the part of it that is learnt: ids {@code [targetStart, targetEnd)} are targets,
 * each predicted at the position before it. One span, not a mask per token. Immutable.
 */
public final class SupervisedExample {
  private final int[] ids;
  private final int targetStart;
  private final int targetEnd;

  /**
   * An example.
   *
   * @param ids the sequence
   * @param targetStart index of the first target, at least 1
   * @param targetEnd index after the last target
   */
  public SupervisedExample(int[] ids, int targetStart, int targetEnd) {
    if (targetStart < 1 || targetStart >= targetEnd || targetEnd > ids.length) {
      throw new IllegalArgumentException(
          "supervised example: targets [%d, %d) in a sequence of %d; the first token has nothing before it to predict it from"
              .formatted(targetStart, targetEnd, ids.length));
    }
    this.ids = ids.clone();
    this.targetStart = targetStart;
    this.targetEnd = targetEnd;
  }

  /** The sequence (a copy). */
  public int[] ids() {
    return ids.clone();
  }

  /** Index of the first target. */
  public int targetStart() {
    return targetStart;
  }

  /** Index after the last target. */
  public int targetEnd() {
    return targetEnd;
  }

  /** The number of targets. */
  public int numTargets() {
    return targetEnd - targetStart;
  }
}
