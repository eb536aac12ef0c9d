package org.score4j.kernels.cuda;

/** Asks the machine what it offers for CUDA. */
@FunctionalInterface
public interface CudaProbe {

  /** Never throws for what a machine lacks: that is in the report. */
  CudaReport report();

  /** Of this machine. */
  static CudaProbe ofThisMachine() {
    return new DriverProbe(CudaHost.current());
  }
}
