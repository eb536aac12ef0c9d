package org.score4j.kernels.cuda;

import java.util.List;
import java.util.Optional;
import jcuda.CudaException;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The compiled kernels of one {@code cuda/<family>.cu}; compiled or read from the cache when first
 * launched.
 */
final class CudaModule {
  private final CudaDevice device;
  private final String family;
  private final List<String> defines;
  private final KernelCache cache;
  private @Nullable CUmodule module;

  /**
   * A module of a device.
   *
   * @param family stem of the file
   * @param defines of the preprocessor
   */
  CudaModule(CudaDevice device, String family, List<String> defines, KernelCache cache) {
    this.device = device;
    this.defines = List.copyOf(defines);
    this.cache = cache;
    this.family = family;
  }

  /** The {@code __global__} function of that name, looked up when first launched. */
  CudaKernel kernel(String name) {
    return new CudaKernel(this, name);
  }

  CudaDevice device() {
    return device;
  }

  String family() {
    return family;
  }

  CUfunction function(String name) {
    CUmodule loaded = module;
    device.makeCurrent();
    if (loaded == null) {
      loaded = load();
      module = loaded;
    }
    CUfunction function = new CUfunction();
    try {
      JCudaDriver.cuModuleGetFunction(function, loaded, name);
    } catch (CudaException e) {
      throw CudaFailure.of("looking for kernel %s in %s.cu".formatted(name, family), e);
    }
    return function;
  }

  /** Gives the code back to the device. */
  void unload() {
    if (module != null) {
      JCudaDriver.cuModuleUnload(module);
      module = null;
    }
  }

  private CUmodule load() {
    NvrtcProgram program =
        NvrtcProgram.of(family, device.floatType(), device.capability(), defines);
    Optional<byte[]> cached = cache.read(program.key());
    if (cached.isPresent()) {
      try {
        return load(cached.get());
      } catch (CudaException e) {
        // Whole, but not for this device or driver: made anew like a damaged one.
      }
    }
    byte[] image = program.compile();
    cache.write(program.key(), image);
    try {
      return load(image);
    } catch (CudaException e) {
      throw CudaFailure.of("loading the compiled %s.cu".formatted(family), e);
    }
  }

  private static CUmodule load(byte[] image) {
    CUmodule loaded = new CUmodule();
    JCudaDriver.cuModuleLoadData(loaded, image);
    return loaded;
  }
}
