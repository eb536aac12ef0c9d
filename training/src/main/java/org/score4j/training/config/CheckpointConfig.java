package org.score4j.training.config;

/**
 * When the training state is saved.
 *
 * @param everySteps steps between states; 0 for only at the end of a phase
 * @param keep how many of the newest states are kept
 */
public record CheckpointConfig(int everySteps, int keep) {
  /** Refuses to keep none. */
  public CheckpointConfig {
    Ranges.atLeast("checkpoints.everySteps", everySteps, 0);
    Ranges.atLeast("checkpoints.keep", keep, 1);
  }
}
