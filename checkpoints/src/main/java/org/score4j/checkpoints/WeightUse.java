package org.score4j.checkpoints;

/** What a model is loaded for, which decides the type its matrices have on the device. */
public enum WeightUse {
  /** To be trained, merged or otherwise written: in the type the backend computes in. */
  CHANGED,
  /**
   * Only to be read. Matrices that are all stored as BF16 stay BF16 where the backend can read them
   * ({@link org.score4j.kernels.Backend#weightTypes}): half the memory, the same results bit for
   * bit. Others, F16 too, are widened to the type the backend computes in.
   */
  FROZEN
}
