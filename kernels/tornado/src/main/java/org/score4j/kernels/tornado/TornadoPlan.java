package org.score4j.kernels.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.DeviceException;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task3;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task4;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * All kernels of a backend, each in a task graph of its own, in one execution plan. Families add
 * theirs, then {@link #start} makes the plan.
 *
 * <p>TornadoVM bakes scalar parameters into the code, so that each new value would be compiled
 * anew. Hence a kernel reads offsets, sizes and factors from two small arrays that are sent with
 * every launch. Every graph consumes and persists both arrays of the memory, used or not: a graph
 * takes them over from the one that ran before it. Mutable, for one thread at a time.
 */
final class TornadoPlan implements AutoCloseable {
  /** More than any kernel takes. */
  static final int MAX_ARGUMENTS = 40;

  private static final String TASK = "kernel";

  /** Plans of one JVM must not share names: compiled code is found by them. */
  private static final AtomicLong PLANS = new AtomicLong();

  private final String prefix = "score4j" + PLANS.incrementAndGet();
  private final TornadoDevice device;
  private final TornadoMemory memory;
  private final KernelContext context = new KernelContext();
  private final IntArray arguments = new IntArray(MAX_ARGUMENTS);
  private final FloatArray factors = new FloatArray(MAX_ARGUMENTS);
  private final List<TaskGraph> graphs = new ArrayList<>();
  private @Nullable TornadoExecutionPlan plan;

  TornadoPlan(TornadoDevice device, TornadoMemory memory) {
    this.device = device;
    this.memory = memory;
    // The first graph is launched first, and reserves the memory without a copy from the host.
    Task3<KernelContext, FloatArray, IntArray> reserve = TransferCode::reserve;
    graphs.add(
        new TaskGraph(graphName(0))
            .task(TASK, reserve, context, memory.floats(), memory.ints())
            .persistOnDevice(memory.floats(), memory.ints()));
  }

  TornadoMemory memory() {
    return memory;
  }

  /** A kernel of the context, the memory's floats and ints, and the integer arguments. */
  TornadoKernel kernel(String name, Task4<KernelContext, FloatArray, IntArray, IntArray> code) {
    TaskGraph graph = consuming().transferToDevice(DataTransferMode.EVERY_EXECUTION, arguments);
    return add(name, graph.task(TASK, code, context, memory.floats(), memory.ints(), arguments));
  }

  /** As above, with factors. */
  TornadoKernel kernel(
      String name, Task5<KernelContext, FloatArray, IntArray, IntArray, FloatArray> code) {
    TaskGraph graph =
        consuming().transferToDevice(DataTransferMode.EVERY_EXECUTION, arguments, factors);
    return add(
        name, graph.task(TASK, code, context, memory.floats(), memory.ints(), arguments, factors));
  }

  /** A kernel that reads a host array sent with every launch. */
  <T> TornadoKernel upload(
      String name, Task5<KernelContext, FloatArray, IntArray, IntArray, T> code, T staged) {
    TaskGraph graph =
        consuming().transferToDevice(DataTransferMode.EVERY_EXECUTION, arguments, staged);
    return add(
        name, graph.task(TASK, code, context, memory.floats(), memory.ints(), arguments, staged));
  }

  /** A kernel that writes an array fetched by the host with every launch. */
  <T> TornadoKernel download(
      String name, Task5<KernelContext, FloatArray, IntArray, IntArray, T> code, T staged) {
    TaskGraph graph =
        consuming()
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, arguments)
            .task(TASK, code, context, memory.floats(), memory.ints(), arguments, staged)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, staged);
    return add(name, graph);
  }

  private TaskGraph consuming() {
    if (plan != null) {
      throw new IllegalStateException("tornado: kernels are added before the plan starts");
    }
    return new TaskGraph(graphName(graphs.size()))
        .consumeFromDevice(memory.floats(), memory.ints());
  }

  private TornadoKernel add(String name, TaskGraph graph) {
    graphs.add(graph.persistOnDevice(memory.floats(), memory.ints()));
    return new TornadoKernel(
        this, name, graphs.size() - 1, graphName(graphs.size() - 1) + "." + TASK);
  }

  private String graphName(int index) {
    return prefix + "g" + index;
  }

  /** Makes the plan and reserves the memory; kernels are compiled when first launched. */
  void start() {
    ImmutableTaskGraph[] all =
        graphs.stream().map(TaskGraph::snapshot).toArray(ImmutableTaskGraph[]::new);
    plan = new TornadoExecutionPlan(all);
    plan.withDevice(device);
    new TornadoKernel(this, "reserve", 0, graphName(0) + "." + TASK).launch(1, 1);
  }

  void argument(int index, int value) {
    arguments.set(index, value);
  }

  void factor(int index, float value) {
    factors.set(index, value);
  }

  /** Runs a graph and waits for it. */
  void execute(String name, int graph, GridScheduler grid) {
    TornadoExecutionPlan started = plan;
    if (started == null) {
      throw new IllegalStateException("tornado: the plan has not started or is closed");
    }
    try {
      started.withGraph(graph).withGridScheduler(grid).execute();
    } catch (RuntimeException e) {
      throw new DeviceException(
          "tornado: kernel %s failed on %s: %s; see TornadoVM's output above, and `score4j doctor` for other devices"
              .formatted(name, device.getPhysicalDevice().getDeviceName(), e.getMessage()),
          e);
    }
  }

  @Override
  public void close() {
    TornadoExecutionPlan started = plan;
    if (started == null) {
      return;
    }
    plan = null;
    try {
      started.freeDeviceMemory();
      started.close();
    } catch (TornadoExecutionPlanException e) {
      throw new DeviceException("tornado: closing the execution plan failed", e);
    }
  }
}
