package org.score4j.kernels.tornado;

import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Tensor;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/**
 * One kernel of the plan. Arguments are given in the order in which the device's code reads them,
 * then it is launched, which waits until it is done:
 *
 * <pre>
 * add.floats(out).floats(a).floats(b).i32(n).launchOver(n);
 * </pre>
 */
final class TornadoKernel {
  /** Threads of a group where the code does not ask for another number. */
  static final int GROUP = 64;

  /** Loops over elements stride from here on. */
  private static final int MAX_GROUPS = 4096;

  private final TornadoPlan plan;
  private final String name;
  private final int graph;
  private final WorkerGrid1D worker = new WorkerGrid1D(GROUP);
  private final GridScheduler grid;
  private final int[] arguments = new int[TornadoPlan.MAX_ARGUMENTS];
  private final float[] factors = new float[TornadoPlan.MAX_ARGUMENTS];
  private int numArguments;
  private int numFactors;

  TornadoKernel(TornadoPlan plan, String name, int graph, String taskName) {
    this.plan = plan;
    this.name = name;
    this.graph = graph;
    this.grid = new GridScheduler(taskName, worker);
  }

  /** Where the tensor's floats begin; −1 for null. */
  TornadoKernel floats(@Nullable Tensor tensor) {
    return i32(tensor == null ? -1 : index(tensor, TornadoBuffer::floatIndex));
  }

  /** Where the tensor's ints begin. */
  TornadoKernel ints(Tensor tensor) {
    return i32(index(tensor, TornadoBuffer::intIndex));
  }

  private int index(Tensor tensor, ToIntFunction<Tensor> place) {
    try {
      return place.applyAsInt(tensor);
    } catch (RuntimeException e) {
      // The next call begins anew.
      numArguments = 0;
      numFactors = 0;
      throw e;
    }
  }

  TornadoKernel i32(int value) {
    arguments[numArguments++] = value;
    return this;
  }

  TornadoKernel i32(long value) {
    return i32(Math.toIntExact(value));
  }

  TornadoKernel f32(double value) {
    factors[numFactors++] = (float) value;
    return this;
  }

  /** A thread per element, or some of them in turn. */
  void launchOver(long elements) {
    launch(Math.min(MAX_GROUPS, (elements + GROUP - 1) / GROUP), GROUP);
  }

  /** Groups of 64 threads. */
  void launchGroups(long groups) {
    launch(groups, GROUP);
  }

  /** As many groups, of as many threads; nothing where there are none. */
  void launch(long groups, int threads) {
    // Only now: finding a tensor's place may itself launch a kernel.
    for (int i = 0; i < numArguments; i++) {
      plan.argument(i, arguments[i]);
    }
    for (int i = 0; i < numFactors; i++) {
      plan.factor(i, factors[i]);
    }
    numArguments = 0;
    numFactors = 0;
    if (groups > 0) {
      worker.setGlobalWork(groups * threads, 1, 1);
      worker.setLocalWork(threads, 1, 1);
      plan.execute(name, graph, grid);
    }
  }
}
