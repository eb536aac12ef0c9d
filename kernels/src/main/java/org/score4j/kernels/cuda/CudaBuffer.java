package org.score4j.kernels.cuda;

import jcuda.driver.CUdeviceptr;
import org.score4j.kernels.DeviceBuffer;
import org.score4j.kernels.Tensor;

/** Device memory, allocated by and given back to its {@link CudaDevice}. */
final class CudaBuffer implements DeviceBuffer {
  private final CudaDevice device;
  private final DevicePointer pointer;
  private final long byteSize;

  CudaBuffer(CudaDevice device, DevicePointer pointer, long byteSize) {
    this.device = device;
    this.pointer = pointer;
    this.byteSize = byteSize;
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  @Override
  public void close() {
    device.free(this);
  }

  DevicePointer pointer() {
    return pointer;
  }

  /** Device address of a tensor's first element. */
  static long address(Tensor tensor) {
    return of(tensor).pointer.address() + tensor.byteOffset();
  }

  /** As {@link #address} for JCuda's own calls, {@code byteOffset} bytes into the tensor. */
  static CUdeviceptr pointer(Tensor tensor, long byteOffset) {
    return of(tensor).pointer.withByteOffset(tensor.byteOffset() + byteOffset);
  }

  private static CudaBuffer of(Tensor tensor) {
    if (tensor.buffer() instanceof CudaBuffer buffer) {
      return buffer;
    }
    throw new IllegalArgumentException(
        "tensor of shape %s lives in a %s, not on the GPU; it belongs to another backend"
            .formatted(tensor.shape(), tensor.buffer().getClass().getSimpleName()));
  }
}
