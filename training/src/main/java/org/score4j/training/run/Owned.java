package org.score4j.training.run;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What something has opened and closes again, last first: when its owner is closed, or when the
 * constructor that opened it fails half-way. For one thread.
 */
final class Owned implements AutoCloseable {
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  /** Takes on what has just been opened, and gives it back. */
  <T extends AutoCloseable> T add(T resource) {
    opened.push(resource);
    return resource;
  }

  /** Closes everything after a failure, which gets the trouble of closing attached. */
  void abandon(Throwable failure) {
    try {
      close();
    } catch (RuntimeException | Error e) {
      failure.addSuppressed(e);
    }
  }

  @Override
  public void close() {
    if (opened.isEmpty()) {
      return;
    }
    try {
      opened.pop().close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("memory, models and tasks close without such", e);
    } finally {
      close();
    }
  }
}
