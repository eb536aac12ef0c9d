package org.score4j.training.verifiers.code;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A pool of warm workers. Safe for use by any number of threads, which wait for a worker; a lost
 * one is replaced. Starts them all at once, and refuses to exist with less isolation than is asked
 * for.
 */
public final class CodeWorkers implements AutoCloseable {
  private final PythonInterpreter python;
  private final Isolation isolation;
  private final CodeLimits limits;
  private final List<String> alsoReadable;
  private final ScheduledExecutorService watch;
  private final BlockingQueue<WorkerProcess> idle;
  private final List<WorkerProcess> all = new ArrayList<>();
  private final AtomicInteger replaced = new AtomicInteger();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final String statement;

  /**
   * A pool.
   *
   * @param workers how many candidates run at once
   * @param alsoReadable folders candidates may read beside those of the interpreter
   * @throws CodeException when the isolation cannot be had
   */
  public CodeWorkers(
      PythonInterpreter python,
      Isolation isolation,
      CodeLimits limits,
      int workers,
      List<String> alsoReadable) {
    if (workers < 1) {
      throw new CodeException("code.workers is %d; use 1 or more".formatted(workers));
    }
    this.python = python;
    this.isolation = isolation;
    this.limits = limits;
    this.alsoReadable = List.copyOf(alsoReadable);
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("code worker watch").factory());
    timer.setRemoveOnCancelPolicy(true);
    watch = timer;
    idle = new ArrayBlockingQueue<>(workers);
    try (ExecutorService starting = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<WorkerProcess>> started = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        started.add(starting.submit(this::start));
      }
      for (Future<WorkerProcess> future : started) {
        future.get();
      }
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new CodeException("interrupted while workers were starting", e);
    } catch (ExecutionException e) {
      close();
      throw e.getCause() instanceof CodeException ours
          ? ours
          : new CodeException("cannot start workers: " + e.getCause(), e);
    }
    statement =
        "%d workers, Python %s, isolation %s: %s"
            .formatted(workers, python.version(), isolation.label(), all.getFirst().statement());
  }

  private WorkerProcess start() {
    WorkerProcess worker = WorkerProcess.start(python, isolation, limits, alsoReadable, watch);
    synchronized (all) {
      all.add(worker);
    }
    idle.add(worker);
    return worker;
  }

  /** What isolation is in force, for the log. */
  public String statement() {
    return statement;
  }

  /** The limits of every candidate. */
  public CodeLimits limits() {
    return limits;
  }

  /** How many workers were lost and replaced. */
  public int replaced() {
    return replaced.get();
  }

  /**
   * Runs one job on the next idle worker.
   *
   * @throws IOException when the worker is lost over it; a new one is at work already
   */
  JsonNode run(char marker, Object job) throws IOException {
    WorkerProcess worker;
    try {
      worker = idle.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a worker", e);
    }
    try {
      JsonNode answer = worker.run(marker, job);
      idle.add(worker);
      return answer;
    } catch (IOException e) {
      synchronized (all) {
        all.remove(worker);
      }
      worker.close();
      if (!closed.get()) {
        replaced.incrementAndGet();
        start();
      }
      throw e;
    }
  }

  @Override
  public void close() {
    closed.set(true);
    watch.shutdownNow();
    synchronized (all) {
      all.forEach(WorkerProcess::close);
      all.clear();
    }
  }
}
