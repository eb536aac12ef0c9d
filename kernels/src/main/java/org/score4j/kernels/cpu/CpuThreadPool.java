package org.score4j.kernels.cpu;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed pool of platform threads, of which the caller of {@link #run} is number 0.
 *
 * <p>A run is a number of tasks that write disjoint memory. Which thread takes which task is left
 * to chance, so that a core busy with something else delays nobody for long; results must therefore
 * depend on the index of the task only, never on the index of the thread.
 *
 * <p>Idle workers spin for some microseconds, yield for some more, then park; a run that follows
 * another at once is dispatched in about a microsecond. Only one run at a time; a task must not
 * start another.
 */
public final class CpuThreadPool implements AutoCloseable {
  /** A part of a run. */
  @FunctionalInterface
  public interface Task {
    /**
     * Does one part of the work.
     *
     * @param task from 0 to the number of tasks - 1
     * @param thread from 0 to the number of threads - 1; for scratch memory only
     */
    void run(int task, int thread);
  }

  private static final int SPINS_BETWEEN_CLOCK_READS = 32;
  private static final long SPIN_NANOS = 4_000;
  private static final long YIELD_NANOS = 60_000;
  private static final long SCRATCH_ALIGNMENT_BYTES = 64;

  private final Worker[] workers;
  private final Scratch[] scratch;
  private final AtomicBoolean busy = new AtomicBoolean();
  private volatile Job job = new Job((task, thread) -> {}, 0);
  private volatile boolean closed;

  /** A pool of {@code numThreads} threads, the caller included. */
  public CpuThreadPool(int numThreads) {
    if (numThreads < 1) {
      throw new IllegalArgumentException("threads: %d, need at least 1".formatted(numThreads));
    }
    scratch = new Scratch[numThreads];
    for (int i = 0; i < numThreads; i++) {
      scratch[i] = new Scratch();
    }
    workers = new Worker[numThreads - 1];
    // Spinning on a core that another thread of the pool needs would only delay that one.
    boolean spins = numThreads <= Runtime.getRuntime().availableProcessors();
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1, spins, job);
      workers[i].start();
    }
  }

  /** The number of threads, the caller of {@link #run} included. */
  public int numThreads() {
    return scratch.length;
  }

  /**
   * Runs every task and returns when all have ended. When one throws, those not begun yet are
   * skipped and the first exception is thrown here.
   */
  public void run(int numTasks, Task task) {
    if (workers.length == 0 || numTasks <= 1) {
      for (int i = 0; i < numTasks; i++) {
        task.run(i, 0);
      }
      return;
    }
    if (closed || !busy.compareAndSet(false, true)) {
      throw new IllegalStateException(
          closed
              ? "thread pool: run after close"
              : "thread pool: run while another run is going on; start runs from one thread, and"
                  + " never from a task");
    }
    try {
      Job current = new Job(task, numTasks);
      job = current;
      for (int i = 0; i < Math.min(workers.length, numTasks - 1); i++) {
        workers[i].wake();
      }
      current.work(0);
      current.await();
      current.rethrow();
    } finally {
      busy.set(false);
    }
  }

  /**
   * Native memory of one thread, 64-byte aligned; the content is lost at the next call for the same
   * thread. For the thread itself, from inside a task.
   *
   * @return its address
   */
  long scratch(int thread, long bytes) {
    return scratch[thread].bytes(bytes);
  }

  /**
   * Like {@link #scratch} on the heap, beside it: what a matrix product reads one by one. At least
   * {@code count} floats.
   */
  float[] floats(int thread, int count) {
    return scratch[thread].floats(count);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
    for (Worker worker : workers) {
      joinUninterruptibly(worker);
    }
    for (Scratch memory : scratch) {
      memory.free();
    }
  }

  private static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits a little: pauses first, then offers the core to others. False once it is time to park.
   */
  @SuppressWarnings("ThreadPriorityCheck") // Yielding is a courtesy; nothing relies on it.
  private static boolean spin(long sinceNanos) {
    for (int i = 0; i < SPINS_BETWEEN_CLOCK_READS; i++) {
      Thread.onSpinWait();
    }
    long waited = System.nanoTime() - sinceNanos;
    if (waited > SPIN_NANOS) {
      Thread.yield();
    }
    return waited < YIELD_NANOS;
  }

  /**
   * One run. A new object each time, so that a worker that comes late finds nothing left to take.
   */
  private static final class Job {
    private final Task task;
    private final int numTasks;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> error = new AtomicReference<>();
    private volatile @Nullable Thread parkedCaller;

    Job(Task task, int numTasks) {
      this.task = task;
      this.numTasks = numTasks;
    }

    void work(int thread) {
      int index;
      while (next.get() < numTasks && (index = next.getAndIncrement()) < numTasks) {
        if (error.get() == null) {
          try {
            task.run(index, thread);
          } catch (Throwable e) {
            error.compareAndSet(null, e);
          }
        }
        if (ended.incrementAndGet() == numTasks) {
          Thread caller = parkedCaller;
          if (caller != null) {
            LockSupport.unpark(caller);
          }
        }
      }
    }

    void await() {
      if (ended.get() == numTasks) {
        return;
      }
      long start = System.nanoTime();
      while (ended.get() < numTasks && spin(start)) {}
      if (ended.get() < numTasks) {
        parkedCaller = Thread.currentThread();
        boolean interrupted = false;
        while (ended.get() < numTasks) {
          LockSupport.park(this);
          interrupted |= Thread.interrupted();
        }
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    void rethrow() {
      Throwable thrown = error.get();
      if (thrown instanceof RuntimeException e) {
        throw e;
      }
      if (thrown instanceof Error e) {
        throw e;
      }
      if (thrown != null) {
        throw new IllegalStateException("thread pool: a task threw a checked exception", thrown);
      }
    }
  }

  private final class Worker extends Thread {
    private final int index;
    private final boolean spins;
    private Job seen;
    private volatile boolean parked;

    Worker(int index, boolean spins, Job seen) {
      super("score4j-cpu-" + index);
      setDaemon(true);
      this.index = index;
      this.spins = spins;
      this.seen = seen;
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      while (!closed) {
        awaitJob();
        Job current = job;
        if (current != seen) {
          seen = current;
          current.work(index);
        }
      }
    }

    private void awaitJob() {
      long start = System.nanoTime();
      while (spins && job == seen && !closed && spin(start)) {}
      if (job == seen && !closed) {
        parked = true;
        while (job == seen && !closed) {
          LockSupport.park(CpuThreadPool.this);
        }
        parked = false;
      }
    }
  }

  /** Memory of one thread, that only ever grows. */
  private static final class Scratch {
    private static final int FLOATS_GRAIN = 1 << 16;

    private @Nullable Arena arena;
    private long address;
    private long capacityBytes;
    private float[] floats = new float[0];

    long bytes(long bytes) {
      if (bytes > capacityBytes) {
        free();
        Arena grown = Arena.ofShared();
        arena = grown;
        capacityBytes = Math.max(bytes, 1 << 16);
        address = grown.allocate(capacityBytes, SCRATCH_ALIGNMENT_BYTES).address();
      }
      return address;
    }

    float[] floats(int count) {
      if (count > floats.length) {
        floats = new float[Math.ceilDiv(count, FLOATS_GRAIN) * FLOATS_GRAIN];
      }
      return floats;
    }

    void free() {
      if (arena != null) {
        arena.close();
        arena = null;
        capacityBytes = 0;
      }
    }
  }
}
