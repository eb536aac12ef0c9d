package org.score4j.kernels.cpu;

/** Cuts rows that do not depend on each other into tasks of a thread pool. */
final class RowBlocks {
  /** Tasks per thread, so that a core busy with something else takes fewer of them. */
  private static final int TASKS_PER_THREAD = 4;

  private RowBlocks() {}

  /** Works on a range of rows. */
  @FunctionalInterface
  interface Body {
    void run(int from, int to, int thread);
  }

  /**
   * Runs {@code body} on all of {@code 0 .. rows}.
   *
   * @param grain rows that are worth a task of their own
   */
  static void run(CpuThreadPool pool, int rows, int grain, Body body) {
    int block = Math.max(grain, Math.ceilDiv(rows, TASKS_PER_THREAD * pool.numThreads()));
    if (pool.numThreads() == 1 || rows <= block) {
      body.run(0, rows, 0);
      return;
    }
    pool.run(
        Math.ceilDiv(rows, block),
        (task, thread) -> body.run(task * block, Math.min((task + 1) * block, rows), thread));
  }
}
