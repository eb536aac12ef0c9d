package org.score4j.kernels;

/** Measures how long a device is busy with what is queued between two moments. */
public interface Stopwatch extends AutoCloseable {
  /** Begins with what is queued next. */
  void start();

  /** Waits until everything queued is done; seconds since the start. */
  double stopSeconds();

  @Override
  void close();
}
