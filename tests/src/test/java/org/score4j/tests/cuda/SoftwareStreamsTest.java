package org.score4j.tests.cuda;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams, events and graphs on the software device. */
final class SoftwareStreamsTest {
  private static final int COUNT = 256;
  private static final long BYTES = COUNT * 4L;
  private static final String KERNELS =
      """
      extern "C" __global__ void accumulate(float* y, const float* x, float factor) {
        y[threadIdx.x] += factor * x[threadIdx.x];
      }
      """;

  private DriverSession session;
  private CUfunction accumulate;
  private CUstream compute;
  private CUstream copy;

  @BeforeEach
  void open() {
    SoftwareDevice.assumeLoaded();
    session = new DriverSession();
    accumulate = DriverSession.kernel(KERNELS, "accumulate");
    compute = stream();
    copy = stream();
  }

  @AfterEach
  void close() {
    if (session != null) {
      SoftwareDevice.configure("STREAMS", "immediate");
      session.close();
    }
  }

  private static CUstream stream() {
    CUstream stream = new CUstream();
    cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING);
    return stream;
  }

  private static CUevent event() {
    CUevent event = new CUevent();
    cuEventCreate(event, CUevent_flags.CU_EVENT_DEFAULT);
    return event;
  }

  /** Page-locked host memory, as floats. */
  private record Pinned(Pointer pointer, FloatBuffer values) {
    static Pinned allocate() {
      Pointer pointer = new Pointer();
      cuMemHostAlloc(pointer, BYTES, 0);
      return new Pinned(
          pointer, pointer.getByteBuffer(0, BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer());
    }

    void fill(float start) {
      for (int i = 0; i < COUNT; i++) {
        values.put(i, start + i);
      }
    }
  }

  /**
   * One step of work over two streams: x comes from the host on the copy stream, y is set to 0,
   * then y += x, z = y, y += 0.5 z.
   */
  private void work(
      Pinned host, CUdeviceptr x, CUdeviceptr y, CUdeviceptr z, CUevent fork, CUevent join) {
    cuEventRecord(fork, compute);
    cuStreamWaitEvent(copy, fork, 0);
    cuMemcpyHtoDAsync(x, host.pointer(), BYTES, copy);
    cuEventRecord(join, copy);
    cuMemsetD32Async(y, 0, COUNT, compute);
    cuStreamWaitEvent(compute, join, 0);
    DriverSession.launch(accumulate, 1, COUNT, 0, compute, y, x, 1f);
    cuMemcpyDtoDAsync(z, y, BYTES, compute);
    DriverSession.launch(accumulate, 1, COUNT, 0, compute, y, z, 0.5f);
  }

  @ParameterizedTest
  @ValueSource(strings = {"immediate", "deferred"})
  void graphReplay_equalsDirectLaunches(String mode) {
    SoftwareDevice.configure("STREAMS", mode);
    Pinned host = Pinned.allocate();
    CUdeviceptr x = DriverSession.allocate(BYTES);
    CUdeviceptr y = DriverSession.allocate(BYTES);
    CUdeviceptr z = DriverSession.allocate(BYTES);
    CUevent fork = event();
    CUevent join = event();

    CUgraph graph = new CUgraph();
    cuStreamBeginCapture(compute, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL);
    work(host, x, y, z, fork, join);
    cuStreamEndCapture(compute, graph);
    CUgraphExec executable = new CUgraphExec();
    cuGraphInstantiate(executable, graph, 0);
    cuGraphDestroy(graph);

    for (int step = 0; step < 3; step++) {
      // What the graph reads is what is there when it runs.
      host.fill(step * 1000);
      cuGraphLaunch(executable, compute);
      cuStreamSynchronize(compute);
      float[] replayed = DriverSession.readFloats(y, COUNT);
      work(host, x, y, z, fork, join);
      cuStreamSynchronize(compute);
      assertThat(replayed).containsExactly(DriverSession.readFloats(y, COUNT));
      assertThat(replayed[7]).isEqualTo(1.5f * (step * 1000 + 7));
    }
    cuGraphExecDestroy(executable);
  }

  @Test
  void captureRunsNothing() {
    CUdeviceptr y = DriverSession.floats(new float[COUNT]);
    cuStreamBeginCapture(compute, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL);
    cuMemsetD32Async(y, 1, COUNT, compute);
    cuStreamEndCapture(compute, new CUgraph());
    assertThat(DriverSession.readInts(y, COUNT)).containsOnly(0);
  }

  @Test
  void callsThatACaptureForbids_invalidateIt() {
    CUdeviceptr x = DriverSession.allocate(BYTES);
    assertForbidden(() -> DriverSession.allocate(16));
    assertForbidden(() -> cuCtxSynchronize());
    assertForbidden(() -> cuStreamSynchronize(compute));
    assertForbidden(() -> DriverSession.readInts(x, 1));
    // Heap memory moves; a graph would read from where it was.
    assertForbidden(() -> cuMemcpyHtoDAsync(x, Pointer.to(new float[COUNT]), BYTES, compute));
  }

  private void assertForbidden(ThrowingCallable call) {
    cuStreamBeginCapture(compute, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL);
    assertThatThrownBy(call).hasMessage("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED");
    assertThatThrownBy(() -> cuStreamEndCapture(compute, new CUgraph()))
        .hasMessage("CUDA_ERROR_STREAM_CAPTURE_INVALIDATED");
  }

  @Test
  void missingWait_showsWhereStreamsAreDeferred() {
    SoftwareDevice.configure("STREAMS", "deferred");
    Pinned host = Pinned.allocate();
    host.fill(5);
    CUdeviceptr x = DriverSession.allocate(BYTES);
    CUdeviceptr y = DriverSession.floats(new float[COUNT]);

    cuMemcpyHtoDAsync(x, host.pointer(), BYTES, copy);
    DriverSession.launch(accumulate, 1, COUNT, 0, compute, y, x, 1f);
    cuStreamSynchronize(compute);

    assertThat(DriverSession.readFloats(y, COUNT)).containsOnly(Float.NaN);
  }

  @Test
  void pinnedMemoryReusedTooEarly_showsWhereStreamsAreDeferred() {
    SoftwareDevice.configure("STREAMS", "deferred");
    Pinned host = Pinned.allocate();
    CUdeviceptr x = DriverSession.allocate(BYTES);
    CUevent copied = event();

    host.fill(0);
    cuMemcpyHtoDAsync(x, host.pointer(), BYTES, copy);
    cuEventRecord(copied, copy);
    host.fill(100);
    cuEventSynchronize(copied);
    assertThat(DriverSession.readFloats(x, 1)).containsExactly(100);

    host.fill(0);
    cuMemcpyHtoDAsync(x, host.pointer(), BYTES, copy);
    cuEventRecord(copied, copy);
    cuEventSynchronize(copied);
    host.fill(100);
    assertThat(DriverSession.readFloats(x, 1)).containsExactly(0);
  }

  @Test
  void pageableMemory_isReadAtOnce() {
    SoftwareDevice.configure("STREAMS", "deferred");
    CUdeviceptr x = DriverSession.allocate(BYTES);
    float[] host = new float[COUNT];
    cuMemcpyHtoDAsync(x, Pointer.to(host), BYTES, compute);
    host[0] = 1;
    float[] back = new float[1];
    cuStreamSynchronize(compute);
    cuMemcpyDtoH(Pointer.to(back), x, 4);
    assertThat(back).containsExactly(0);
  }

  @Test
  void elapsedTime_isThatOfTheWorkBetween() throws InterruptedException {
    CUevent start = event();
    CUevent end = event();
    float[] milliseconds = new float[1];
    assertThatThrownBy(() -> cuEventElapsedTime(milliseconds, start, end))
        .hasMessage("CUDA_ERROR_INVALID_HANDLE");
    cuEventRecord(start, compute);
    Thread.sleep(20);
    cuEventRecord(end, compute);
    cuEventElapsedTime(milliseconds, start, end);
    assertThat(milliseconds[0]).isBetween(20f, 20_000f);
  }

  @Test
  void threadWithoutContext_isRefused() {
    // A new thread: one of a shared pool may have the context of an earlier test.
    try (ExecutorService fresh = Executors.newSingleThreadExecutor()) {
      assertThatThrownBy(() -> fresh.submit(() -> DriverSession.allocate(16)).get())
          .hasRootCauseMessage("CUDA_ERROR_INVALID_CONTEXT");
    }
  }
}
