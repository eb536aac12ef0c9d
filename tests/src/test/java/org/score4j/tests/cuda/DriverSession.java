package org.score4j.tests.cuda;

import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxReset;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.nvrtc.JNvrtc.nvrtcCompileProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcCreateProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcDestroyProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcGetCUBIN;
import static jcuda.nvrtc.JNvrtc.nvrtcGetCUBINSize;
import static jcuda.nvrtc.JNvrtc.nvrtcGetProgramLog;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.nvrtc.nvrtcResult;
import org.jspecify.annotations.Nullable;

/**
 * The driver API as a test wants it: a context, kernels from source, arrays up and down. Closing it
 * resets the device, whatever state a fault left it in.
 */
final class DriverSession implements AutoCloseable {
  private final CUdevice device = new CUdevice();

  DriverSession() {
    JCudaDriver.setExceptionsEnabled(true);
    JNvrtc.setExceptionsEnabled(true);
    cuInit(0);
    cuDeviceGet(device, 0);
    CUcontext context = new CUcontext();
    cuDevicePrimaryCtxRetain(context, device);
    cuCtxSetCurrent(context);
  }

  /** What NVRTC made of a source: the module's bytes, empty where it failed, and its messages. */
  record Compiled(int result, byte[] cubin, String log) {}

  static Compiled nvrtc(
      String name, String source, Map<String, String> headers, List<String> options) {
    nvrtcProgram program = new nvrtcProgram();
    String[] headerNames = headers.keySet().toArray(String[]::new);
    String[] headerTexts = Arrays.stream(headerNames).map(headers::get).toArray(String[]::new);
    nvrtcCreateProgram(program, source, name, headers.size(), headerTexts, headerNames);
    JNvrtc.setExceptionsEnabled(false);
    int result = nvrtcCompileProgram(program, options.size(), options.toArray(String[]::new));
    JNvrtc.setExceptionsEnabled(true);
    String[] log = new String[1];
    nvrtcGetProgramLog(program, log);
    long[] bytes = new long[1];
    nvrtcGetCUBINSize(program, bytes);
    byte[] cubin = new byte[Math.toIntExact(bytes[0])];
    if (cubin.length > 0) {
      nvrtcGetCUBIN(program, cubin);
    }
    nvrtcDestroyProgram(program);
    return new Compiled(result, cubin, log[0]);
  }

  static CUmodule module(String source) {
    Compiled compiled = nvrtc("test.cu", source, Map.of(), List.of("-arch=sm_90"));
    if (compiled.result() != nvrtcResult.NVRTC_SUCCESS) {
      throw new IllegalArgumentException(compiled.log());
    }
    CUmodule module = new CUmodule();
    cuModuleLoadData(module, compiled.cubin());
    return module;
  }

  static CUfunction kernel(String source, String name) {
    CUfunction function = new CUfunction();
    cuModuleGetFunction(function, module(source), name);
    return function;
  }

  static CUdeviceptr allocate(long bytes) {
    CUdeviceptr pointer = new CUdeviceptr();
    cuMemAlloc(pointer, bytes);
    return pointer;
  }

  static CUdeviceptr floats(float... values) {
    CUdeviceptr pointer = allocate((long) values.length * Sizeof.FLOAT);
    cuMemcpyHtoD(pointer, Pointer.to(values), (long) values.length * Sizeof.FLOAT);
    return pointer;
  }

  static CUdeviceptr ints(int... values) {
    CUdeviceptr pointer = allocate((long) values.length * Sizeof.INT);
    cuMemcpyHtoD(pointer, Pointer.to(values), (long) values.length * Sizeof.INT);
    return pointer;
  }

  static float[] readFloats(CUdeviceptr pointer, int count) {
    float[] values = new float[count];
    cuMemcpyDtoH(Pointer.to(values), pointer, (long) count * Sizeof.FLOAT);
    return values;
  }

  static int[] readInts(CUdeviceptr pointer, int count) {
    int[] values = new int[count];
    cuMemcpyDtoH(Pointer.to(values), pointer, (long) count * Sizeof.INT);
    return values;
  }

  /** The arguments of a kernel: device pointers, Integer, Long, Float. */
  static Pointer arguments(Object... values) {
    return Pointer.to(
        Arrays.stream(values)
            .map(
                value ->
                    switch (value) {
                      case CUdeviceptr pointer -> Pointer.to(pointer);
                      case Integer number -> Pointer.to(new int[] {number});
                      case Long number -> Pointer.to(new long[] {number});
                      case Float number -> Pointer.to(new float[] {number});
                      default -> throw new IllegalArgumentException(value.toString());
                    })
            .toArray(NativePointerObject[]::new));
  }

  /** Launches and waits. */
  static void run(CUfunction kernel, int grid, int block, int sharedBytes, Object... arguments) {
    launch(kernel, grid, block, sharedBytes, null, arguments);
    cuCtxSynchronize();
  }

  static void launch(
      CUfunction kernel,
      int grid,
      int block,
      int sharedBytes,
      @Nullable CUstream stream,
      Object... arguments) {
    cuLaunchKernel(
        kernel, grid, 1, 1, block, 1, 1, sharedBytes, stream, arguments(arguments), null);
  }

  @Override
  public void close() {
    cuDevicePrimaryCtxReset(device);
    cuDevicePrimaryCtxRelease(device);
  }
}
