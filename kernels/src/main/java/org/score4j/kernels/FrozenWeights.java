package org.score4j.kernels;

/** The time in which some weights keep their values; see {@link Backend#freeze}. */
public interface FrozenWeights extends AutoCloseable {
  @Override
  void close();
}
