package org.score4j.kernels.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;
import org.score4j.kernels.Stopwatch;

/** The GPU's clock, by two events of the compute stream. */
final class CudaStopwatch implements Stopwatch {
  private final CudaDevice device;
  private final CUevent start = new CUevent();
  private final CUevent stop = new CUevent();

  CudaStopwatch(CudaDevice device) {
    this.device = device;
    device.makeCurrent();
    JCudaDriver.cuEventCreate(start, CUevent_flags.CU_EVENT_DEFAULT);
    JCudaDriver.cuEventCreate(stop, CUevent_flags.CU_EVENT_DEFAULT);
  }

  @Override
  public void start() {
    device.makeCurrent();
    JCudaDriver.cuEventRecord(start, device.computeStream());
  }

  @Override
  public double stopSeconds() {
    device.makeCurrent();
    JCudaDriver.cuEventRecord(stop, device.computeStream());
    JCudaDriver.cuEventSynchronize(stop);
    float[] milliseconds = new float[1];
    JCudaDriver.cuEventElapsedTime(milliseconds, start, stop);
    return milliseconds[0] / 1e3;
  }

  @Override
  public void close() {
    device.makeCurrent();
    JCudaDriver.cuEventDestroy(start);
    JCudaDriver.cuEventDestroy(stop);
  }
}
