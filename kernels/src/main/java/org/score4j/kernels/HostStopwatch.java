package org.score4j.kernels;

/** The host's clock, around a device that is waited for. */
final class HostStopwatch implements Stopwatch {
  private final Backend backend;
  private long start;

  HostStopwatch(Backend backend) {
    this.backend = backend;
  }

  @Override
  public void start() {
    backend.synchronize();
    start = System.nanoTime();
  }

  @Override
  public double stopSeconds() {
    backend.synchronize();
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() {}
}
