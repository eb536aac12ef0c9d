package org.score4j.kernels.cuda;

import java.util.List;

/**
 * What a machine offers for CUDA.
 *
 * @param driver the driver in one line; empty where there is none
 * @param devices the GPUs that the driver shows
 * @param libraries the libraries found, one line each, from where and which version
 * @param natives which of JCuda's native libraries are used; empty where none could be loaded
 * @param faults what keeps CUDA from being used and how to mend it, a sentence each
 */
public record CudaReport(
    String driver,
    List<Device> devices,
    List<String> libraries,
    String natives,
    List<String> faults) {

  /**
   * A GPU.
   *
   * @param index as in {@code --device cuda:index}
   * @param name as its maker calls it
   * @param computeCapability as in 9.0
   * @param totalBytes of its memory
   * @param freeBytes of its memory now; negative where it could not be asked
   * @param faults what keeps it from being used, a sentence each
   */
  public record Device(
      int index,
      String name,
      String computeCapability,
      long totalBytes,
      long freeBytes,
      List<String> faults) {

    /** The lists are copied. */
    public Device {
      faults = List.copyOf(faults);
    }

    /** Name, compute capability and memory in one line. */
    public String description() {
      return "%s, compute capability %s, %d MiB of memory%s"
          .formatted(
              name,
              computeCapability,
              totalBytes >> 20,
              freeBytes < 0 ? "" : ", %d MiB free".formatted(freeBytes >> 20));
    }
  }

  /** The lists are copied. */
  public CudaReport {
    devices = List.copyOf(devices);
    libraries = List.copyOf(libraries);
    faults = List.copyOf(faults);
  }

  /** Why the device cannot be used, a sentence each; empty where it can. */
  public List<String> faultsOf(int device) {
    if (!faults.isEmpty()) {
      return faults;
    }
    return devices.stream()
        .filter(found -> found.index() == device)
        .findFirst()
        .map(Device::faults)
        .orElseGet(
            () ->
                List.of(
                    "there is no cuda:%d, the driver shows %d GPUs; use a smaller number, or check CUDA_VISIBLE_DEVICES"
                        .formatted(device, devices.size())));
  }
}
