package org.score4j.kernels.cuda;

import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;

import java.util.HashMap;
import java.util.Map;
import jcuda.CudaException;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Runs of kernels recorded as CUDA graphs: one launch instead of hundreds, where each kernel takes
 * less time than its launch. The first run under a key is an ordinary one, in which kernels are
 * compiled and scratch memory grows, which a recording cannot hold; the second is recorded.
 */
final class CudaGraphs implements AutoCloseable {
  /** Some megabytes each. Keys change with weights and sizes; past this all begin anew. */
  private static final int MAX_GRAPHS = 128;

  private final CudaDevice device;
  private final Map<Object, Entry> entries = new HashMap<>();
  private long launches;

  /** What is known under a key; no graph after the first run. */
  private static final class Entry {
    private @Nullable CUgraphExec graph;
  }

  CudaGraphs(CudaDevice device) {
    this.device = device;
  }

  void replay(Object key, Runnable body) {
    Entry entry = entries.get(key);
    if (entry == null) {
      if (entries.size() == MAX_GRAPHS) {
        close();
      }
      body.run();
      entries.put(key, new Entry());
      return;
    }
    CUgraphExec graph = entry.graph;
    if (graph == null) {
      graph = recorded(body);
      entry.graph = graph;
    }
    device.makeCurrent();
    try {
      JCudaDriver.cuGraphLaunch(graph, device.computeStream());
      launches++;
    } catch (CudaException e) {
      throw CudaFailure.of("launching a recorded pass", e);
    }
  }

  /** Graphs launched so far. */
  long launches() {
    return launches;
  }

  private CUgraphExec recorded(Runnable body) {
    device.makeCurrent();
    CUgraph graph = new CUgraph();
    try {
      JCudaDriver.cuStreamBeginCapture(device.computeStream(), CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
      try {
        body.run();
      } finally {
        // Also after a failure: the stream would go on recording.
        JCudaDriver.cuStreamEndCapture(device.computeStream(), graph);
      }
      CUgraphExec executable = new CUgraphExec();
      JCudaDriver.cuGraphInstantiate(executable, graph, 0);
      JCudaDriver.cuGraphDestroy(graph);
      return executable;
    } catch (CudaException e) {
      throw CudaFailure.of("recording a pass as a CUDA graph", e);
    }
  }

  /** Forgets all recordings. */
  @Override
  public void close() {
    device.makeCurrent();
    for (Entry entry : entries.values()) {
      if (entry.graph != null) {
        JCudaDriver.cuGraphExecDestroy(entry.graph);
      }
    }
    entries.clear();
  }
}
