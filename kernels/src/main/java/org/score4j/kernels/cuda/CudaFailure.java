package org.score4j.kernels.cuda;

import jcuda.CudaException;
import org.score4j.kernels.DeviceException;

/** Errors of CUDA as one line: what was being done, CUDA's name of the error, the fix. */
final class CudaFailure {
  private CudaFailure() {}

  /** The exception to throw for {@code e}, which came up while {@code doing}. */
  static DeviceException of(String doing, CudaException e) {
    String error = String.valueOf(e.getMessage());
    return new DeviceException("cuda: %s: %s; %s".formatted(doing, error, fix(error)), e);
  }

  /** Whether this is the error of too little device memory. */
  static boolean isOutOfMemory(CudaException e) {
    String error = String.valueOf(e.getMessage());
    return error.contains("OUT_OF_MEMORY") || error.contains("ALLOC_FAILED");
  }

  private static String fix(String error) {
    if (error.contains("NO_DEVICE")) {
      return "no GPU is visible; look at nvidia-smi and at the variable CUDA_VISIBLE_DEVICES";
    }
    if (error.contains("INVALID_DEVICE")) {
      return "there are fewer GPUs; nvidia-smi lists them, the first is cuda:0";
    }
    if (error.contains("OUT_OF_MEMORY") || error.contains("ALLOC_FAILED")) {
      return "make the batch, the KV cache or the model smaller";
    }
    if (error.contains("ILLEGAL_ADDRESS")
        || error.contains("MISALIGNED_ADDRESS")
        || error.contains("LAUNCH_FAILED")
        || error.contains("LAUNCH_TIMEOUT")
        || error.contains("ASSERT")
        || error.contains("EXECUTION_FAILED")) {
      return "this or an earlier kernel went wrong and the GPU's state is lost; run again with"
          + " CUDA_LAUNCH_BLOCKING=1 to see which";
    }
    if (error.contains("DRIVER")
        || error.contains("UNSUPPORTED_PTX")
        || error.contains("SYMBOL_NOT_FOUND")) {
      return "the NVIDIA driver is too old for the CUDA libraries; update it";
    }
    if (error.contains("NO_BINARY") || error.contains("INVALID_IMAGE")) {
      return "the compiled kernel does not fit this GPU; delete the kernel cache";
    }
    return "`score4j doctor` says what of CUDA was found here";
  }
}
