package org.score4j.training.tasks;

/** The examples of supervised training; any row can be made alone. */
@FunctionalInterface
public interface SupervisedRows {
  /** The row of a step. */
  SupervisedExample example(int step, int row);
}
