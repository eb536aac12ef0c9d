package org.score4j.kernels.cuda;

import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;
import org.score4j.kernels.Tensor;

/**
 * One {@code __global__} function. Arguments are given in the function's order, then it is launched
 * on the compute stream:
 *
 * <pre>
 * rmsNorm.pointer(out).pointer(x).i32(width).f32(eps).launch(tokens, 1, 1, 256, 0);
 * </pre>
 *
 * They go straight into memory that CUDA reads, so a launch makes no garbage. Mutable, for one
 * thread at a time.
 */
final class CudaKernel {
  private static final int MAX_ARGUMENTS = 40;

  /** More shared memory than this a kernel must ask for. */
  private static final int DEFAULT_SHARED_BYTES = 48 << 10;

  private final CudaModule module;
  private final String name;
  private final ByteBuffer values = direct();
  private final Pointer parameters;
  private int count;
  private int allowedSharedBytes = DEFAULT_SHARED_BYTES;
  private @Nullable CUfunction function;

  CudaKernel(CudaModule module, String name) {
    this.module = module;
    this.name = name;
    // CUDA takes an array of addresses, one for each argument.
    ByteBuffer addresses = direct();
    long base = MemorySegment.ofBuffer(values).address();
    for (int i = 0; i < MAX_ARGUMENTS; i++) {
      addresses.putLong(i * Long.BYTES, base + (long) i * Long.BYTES);
    }
    parameters = Pointer.to(addresses);
  }

  private static ByteBuffer direct() {
    return ByteBuffer.allocateDirect(MAX_ARGUMENTS * Long.BYTES).order(ByteOrder.nativeOrder());
  }

  /** The address of a tensor's first element, or a null pointer. */
  CudaKernel pointer(@Nullable Tensor tensor) {
    return i64(tensor == null ? 0 : CudaBuffer.address(tensor));
  }

  /** An {@code int}. */
  CudaKernel i32(int value) {
    values.putInt(Long.BYTES * count++, value);
    return this;
  }

  /** A {@code long long}. */
  CudaKernel i64(long value) {
    values.putLong(Long.BYTES * count++, value);
    return this;
  }

  /** A {@code float}. */
  CudaKernel f32(float value) {
    values.putFloat(Long.BYTES * count++, value);
    return this;
  }

  /**
   * Queues the kernel; an empty grid is left out.
   *
   * @param gridX blocks, as {@code blockIdx.x} counts
   * @param gridY at most 65535
   * @param gridZ at most 65535
   * @param threads of a block, one-dimensional, at most 1024
   * @param sharedBytes of dynamic shared memory
   */
  void launch(int gridX, int gridY, int gridZ, int threads, int sharedBytes) {
    count = 0;
    if (gridX == 0 || gridY == 0 || gridZ == 0) {
      return;
    }
    CUfunction loaded = function();
    module.device().makeCurrent();
    try {
      if (sharedBytes > allowedSharedBytes) {
        JCudaDriver.cuFuncSetAttribute(
            loaded, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes);
        allowedSharedBytes = sharedBytes;
      }
      JCudaDriver.cuLaunchKernel(
          loaded,
          gridX,
          gridY,
          gridZ,
          threads,
          1,
          1,
          sharedBytes,
          module.device().computeStream(),
          parameters,
          null);
    } catch (CudaException e) {
      throw CudaFailure.of(
          "kernel %s of %s.cu, grid (%d, %d, %d), %d threads, %d bytes of shared memory"
              .formatted(name, module.family(), gridX, gridY, gridZ, threads, sharedBytes),
          e);
    }
  }

  private CUfunction function() {
    CUfunction loaded = function;
    if (loaded == null) {
      loaded = module.function(name);
      function = loaded;
    }
    return loaded;
  }
}
