package org.score4j.kernels.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
import static jcuda.driver.CUstream_flags.CU_STREAM_NON_BLOCKING;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jcuda.CudaException;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceMemory;
import org.score4j.kernels.OutOfDeviceMemoryException;

/**
 * One GPU: its primary context, one stream for computing and one for copies, the memory and the
 * compiled kernels. Owns all of them; for one caller thread at a time, whichever it is.
 */
final class CudaDevice implements AutoCloseable {
  /** Ampere: the first with bfloat16 and asynchronous copies. */
  private static final int MIN_CAPABILITY = 80;

  private static final int NAME_BYTES = 256;
  private static final int VECTOR_BYTES = 16;
  private static final int WARP = 32;
  private static final int MAX_THREADS = 1024;

  /** Blocks of 256 threads on a multiprocessor at a time. */
  private static final int RESIDENT_BLOCKS = 8;

  private final DType floatType;
  private final KernelCache cache;
  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final CUstream computeStream = new CUstream();
  private final CUstream copyStream = new CUstream();
  private final String label;
  private final String gpuName;
  private final int capability;
  private final int multiprocessors;
  private final int maxSharedBytes;
  private final Set<CudaBuffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<String, CudaModule> modules = new HashMap<>();
  private boolean closed;

  /**
   * Opens a GPU.
   *
   * @param index as nvidia-smi counts, from 0
   * @param floatType type of weights and activations, F32 or BF16
   * @param cache of compiled kernels
   */
  CudaDevice(int index, DType floatType, KernelCache cache) {
    this.floatType = floatType;
    this.cache = cache;
    CudaLibraries.find().load();
    label = index == 0 ? "cuda" : "cuda:" + index;
    try {
      JCudaDriver.setExceptionsEnabled(true);
      JCudaDriver.cuInit(0);
      JCudaDriver.cuDeviceGet(device, index);
      byte[] name = new byte[NAME_BYTES];
      JCudaDriver.cuDeviceGetName(name, NAME_BYTES, device);
      gpuName = new String(name, StandardCharsets.UTF_8).split("\0", 2)[0];
      capability =
          10 * attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
              + attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
      multiprocessors = attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
      maxSharedBytes = attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
    } catch (CudaException e) {
      throw CudaFailure.of("opening " + label, e);
    }
    if (capability < MIN_CAPABILITY) {
      throw new CudaUnavailableException(
          "cuda: %s is a %s with compute capability %d.%d, the kernels need 8.0 (Ampere) or newer; use --device cpu"
              .formatted(label, gpuName, capability / 10, capability % 10));
    }
    try {
      JCudaDriver.cuDevicePrimaryCtxRetain(context, device);
    } catch (CudaException e) {
      throw CudaFailure.of("opening the context of " + label, e);
    }
    try {
      makeCurrent();
      JCudaDriver.cuStreamCreate(computeStream, CU_STREAM_NON_BLOCKING);
      JCudaDriver.cuStreamCreate(copyStream, CU_STREAM_NON_BLOCKING);
    } catch (CudaException e) {
      JCudaDriver.cuDevicePrimaryCtxRelease(device);
      throw CudaFailure.of("making the streams of " + label, e);
    }
  }

  /** Contexts belong to threads: whoever calls into CUDA says first which one is meant. */
  void makeCurrent() {
    if (closed) {
      throw new IllegalStateException("device %s is closed".formatted(label));
    }
    JCudaDriver.cuCtxSetCurrent(context);
  }

  /** Whether everything was given back. */
  boolean isClosed() {
    return closed;
  }

  /** The name in {@code --device}. */
  String label() {
    return label;
  }

  /** The GPU's product name. */
  String gpuName() {
    return gpuName;
  }

  /** Compute capability times ten: 90 for Hopper. */
  int capability() {
    return capability;
  }

  /** How many blocks run side by side at least. */
  int multiprocessors() {
    return multiprocessors;
  }

  /** Most shared memory a block can ask for. */
  int maxSharedBytes() {
    return maxSharedBytes;
  }

  /** Type of weights and activations. */
  DType floatType() {
    return floatType;
  }

  /** Elements of {@link #floatType} in an access of 16 bytes. */
  int vectorLength() {
    return VECTOR_BYTES / floatType.byteSize();
  }

  /** Threads of a block that takes a row: whole warps, a vector each where that is enough. */
  int threadsPerRow(int width) {
    return Math.min(MAX_THREADS, WARP * blocks(Math.max(width, 1), WARP * vectorLength()));
  }

  /**
   * Blocks of a kernel whose threads loop over n elements: no more than run side by side, so that
   * starting and ending blocks costs nothing.
   */
  int loopingBlocks(long n, int perBlock) {
    return (int) Math.min((n + perBlock - 1) / perBlock, (long) multiprocessors * RESIDENT_BLOCKS);
  }

  /** How many pieces of {@code per} cover n. */
  static int blocks(long n, int per) {
    return Math.toIntExact((n + per - 1) / per);
  }

  /** Where kernels and matrix products are queued. */
  CUstream computeStream() {
    return computeStream;
  }

  /** Where downloads are queued. */
  CUstream copyStream() {
    return copyStream;
  }

  /** The kernels of {@code cuda/<family>.cu}, in this device's precision. */
  CudaModule module(String family) {
    return module(family, List.of());
  }

  /** As above, compiled with some names defined. */
  CudaModule module(String family, List<String> defines) {
    return modules.computeIfAbsent(
        family + defines, name -> new CudaModule(this, family, defines, cache));
  }

  /** Allocates device memory. */
  CudaBuffer newBuffer(String purpose, long bytes) {
    makeCurrent();
    DevicePointer pointer = new DevicePointer();
    try {
      JCudaDriver.cuMemAlloc(pointer, bytes);
    } catch (CudaException e) {
      if (CudaFailure.isOutOfMemory(e)) {
        throw new OutOfDeviceMemoryException(purpose, bytes, memory(), e);
      }
      throw CudaFailure.of("allocating %d bytes for %s".formatted(bytes, purpose), e);
    }
    CudaBuffer buffer = new CudaBuffer(this, pointer, bytes);
    buffers.add(buffer);
    return buffer;
  }

  /** Frees a buffer; one that was freed already, or went with the device, is left alone. */
  void free(CudaBuffer buffer) {
    if (buffers.remove(buffer)) {
      makeCurrent();
      try {
        JCudaDriver.cuMemFree(buffer.pointer());
      } catch (CudaException e) {
        throw CudaFailure.of("freeing %d bytes".formatted(buffer.byteSize()), e);
      }
    }
  }

  /** Free and total bytes of the GPU, other programs' use included. */
  DeviceMemory memory() {
    makeCurrent();
    long[] free = {0};
    long[] total = {0};
    try {
      JCudaDriver.cuMemGetInfo(free, total);
    } catch (CudaException e) {
      throw CudaFailure.of("asking for free memory", e);
    }
    return new DeviceMemory(free[0], total[0]);
  }

  /** Waits for both streams. */
  void synchronize() {
    makeCurrent();
    try {
      JCudaDriver.cuStreamSynchronize(computeStream);
      JCudaDriver.cuStreamSynchronize(copyStream);
    } catch (CudaException e) {
      throw CudaFailure.of("waiting for the GPU", e);
    }
  }

  /** Waits, then gives everything back, buffers that are still open included. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    try {
      synchronize();
      for (CudaBuffer buffer : List.copyOf(buffers)) {
        free(buffer);
      }
      for (CudaModule module : modules.values()) {
        module.unload();
      }
      JCudaDriver.cuStreamDestroy(computeStream);
      JCudaDriver.cuStreamDestroy(copyStream);
    } finally {
      closed = true;
      JCudaDriver.cuDevicePrimaryCtxRelease(device);
    }
  }

  private int attribute(int attribute) {
    int[] value = {0};
    JCudaDriver.cuDeviceGetAttribute(value, attribute, device);
    return value[0];
  }
}
