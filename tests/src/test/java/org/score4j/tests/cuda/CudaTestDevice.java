package org.score4j.tests.cuda;

import java.util.function.Supplier;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.Precision;
import org.score4j.kernels.cuda.CudaHost;

/**
 * The device on which tests of the cuda backend run: with {@code SCORE4J_REQUIRE_CUDA=1} the real
 * GPU, whose absence then fails them, else the software device.
 */
public final class CudaTestDevice {
  private CudaTestDevice() {}

  /**
   * Whether the software device runs the threads of a block from the last to the first, and queued
   * work only when somebody waits for it; a real GPU has no order to set.
   */
  public static void computeLateAndReversed(boolean on) {
    if (!SoftwareDevice.realGpuRequired() && SoftwareDevice.obstacle().isEmpty()) {
      SoftwareDevice.configure("ORDER", on ? "reversed" : "forward");
      SoftwareDevice.configure("STREAMS", on ? "deferred" : "immediate");
    }
  }

  /** Skips the test, with the reason, where there is neither; else opens it. */
  public static Backend open(Precision precision) {
    return onItsLibraries(() -> Backends.open("cuda", 1, precision));
  }

  /** As {@link #open}, for what else opens a device. */
  public static <T> T onItsLibraries(Supplier<T> opener) {
    if (SoftwareDevice.realGpuRequired()) {
      return opener.get();
    }
    SoftwareDevice.assumeLoaded();
    // Only for this call: other tests of this JVM shall find the machine as it is.
    System.setProperty(CudaHost.CONFIGURED, SoftwareDevice.folder().toString());
    try {
      return opener.get();
    } finally {
      System.clearProperty(CudaHost.CONFIGURED);
    }
  }
}
