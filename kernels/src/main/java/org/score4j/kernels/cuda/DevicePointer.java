package org.score4j.kernels.cuda;

import jcuda.driver.CUdeviceptr;

/** A device address that can be read, which JCuda keeps to itself: kernels take it as a number. */
final class DevicePointer extends CUdeviceptr {
  /** The address once {@code cuMemAlloc} has set it. */
  long address() {
    return getNativePointer();
  }
}
