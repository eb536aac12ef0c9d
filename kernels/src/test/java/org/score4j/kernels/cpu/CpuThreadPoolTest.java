package org.score4j.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class CpuThreadPoolTest {
  @Test
  void run_doesEveryTaskOnce_alsoWithMoreThreadsThanCores() {
    for (int threads : new int[] {1, 2, 3, 16}) {
      try (CpuThreadPool pool = new CpuThreadPool(threads)) {
        for (int round = 0; round < 500; round++) {
          int tasks = round % 40;
          AtomicIntegerArray done = new AtomicIntegerArray(tasks);
          pool.run(tasks, (task, thread) -> done.incrementAndGet(task));
          for (int i = 0; i < tasks; i++) {
            assertThat(done.get(i))
                .as("threads %d round %d task %d", threads, round, i)
                .isEqualTo(1);
          }
        }
      }
    }
  }

  @Test
  void run_seesPlainWritesOfTheTasks() {
    try (CpuThreadPool pool = new CpuThreadPool(3)) {
      int[] values = new int[64];
      for (int round = 1; round <= 2000; round++) {
        int value = round;
        pool.run(values.length, (task, thread) -> values[task] = values[task] + value);
      }
      assertThat(values).containsOnly(2000 * 2001 / 2);
    }
  }

  @Test
  void run_wakesWorkersThatHaveParked() throws InterruptedException {
    try (CpuThreadPool pool = new CpuThreadPool(2)) {
      for (int round = 0; round < 20; round++) {
        Thread.sleep(2);
        AtomicInteger threads = new AtomicInteger();
        pool.run(
            2,
            (task, thread) -> {
              threads.getAndUpdate(mask -> mask | 1 << thread);
              // Both threads must take part: each task waits for the other one.
              while (threads.get() != 3) {
                Thread.onSpinWait();
              }
            });
        assertThat(threads.get()).isEqualTo(3);
      }
    }
  }

  @Test
  void exceptionOfATask_reachesTheCaller_andThePoolGoesOn() {
    for (int threads : new int[] {1, 2, 4}) {
      try (CpuThreadPool pool = new CpuThreadPool(threads)) {
        assertThatThrownBy(
                () ->
                    pool.run(
                        8,
                        (task, thread) -> {
                          if (task == 5) {
                            throw new IllegalArgumentException("task five");
                          }
                        }))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("task five");
        AtomicInteger count = new AtomicInteger();
        pool.run(8, (task, thread) -> count.incrementAndGet());
        assertThat(count.get()).isEqualTo(8);
      }
    }
  }

  @Test
  void run_fromATask_saysThatItMustNot() {
    try (CpuThreadPool pool = new CpuThreadPool(2)) {
      assertThatThrownBy(() -> pool.run(2, (task, thread) -> pool.run(2, (t, u) -> {})))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("never from a task");
    }
  }

  @Test
  void scratch_isAlignedAndGrows() {
    try (CpuThreadPool pool = new CpuThreadPool(2)) {
      pool.run(
          4,
          (task, thread) -> {
            for (long bytes : new long[] {1, 100_000, 3_000_000}) {
              long address = pool.scratch(thread, bytes);
              assertThat(address % 64).isZero();
              HostMemory.setFloat(address + (bytes - 1) / 4 * 4, 1f);
            }
            assertThat(pool.floats(thread, 100_001).length).isGreaterThanOrEqualTo(100_001);
          });
    }
  }

  @Test
  void zeroThreads_isRefused() {
    assertThatThrownBy(() -> new CpuThreadPool(0)).hasMessageContaining("need at least 1");
  }
}
