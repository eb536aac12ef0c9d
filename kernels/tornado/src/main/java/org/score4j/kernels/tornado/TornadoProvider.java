package org.score4j.kernels.tornado;

import java.util.ArrayList;
import java.util.List;
import org.score4j.kernels.Backend;
import org.score4j.kernels.BackendProvider;
import org.score4j.kernels.Precision;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * The devices of all TornadoVM backends, in TornadoVM's order. Loading this class needs nothing of
 * TornadoVM, which may be missing.
 */
public final class TornadoProvider implements BackendProvider {
  /** Set by TornadoVM's argfile. */
  private static final String STARTED_WITH_ARGFILE = "tornado.load.api.implementation";

  /** Room in TornadoVM's own account for what is not our memory. */
  private static final int OTHER_MEBIBYTES = 256;

  /** For the service loader. */
  public TornadoProvider() {}

  @Override
  public String name() {
    return "tornado";
  }

  @Override
  public String obstacle() {
    if (System.getProperty(STARTED_WITH_ARGFILE) == null) {
      return "this JVM was started without TornadoVM; use bin/score4j or java -jar with"
          + " TORNADOVM_HOME set to the SDK's folder, or java"
          + " @$TORNADOVM_HOME/tornado-argfile";
    }
    try {
      configure();
      int devices = all().size();
      return devices > 0
          ? ""
          : "TornadoVM finds no device; install an OpenCL driver for this GPU or CPU (clinfo lists"
              + " them)";
    } catch (IllegalArgumentException e) {
      // A setting of ours, which the message names.
      return String.valueOf(e.getMessage());
    } catch (RuntimeException | LinkageError e) {
      return "TornadoVM does not start: %s; check that TORNADOVM_HOME (%s) is an SDK for this JDK with a backend for this machine"
          .formatted(e, System.getenv("TORNADOVM_HOME"));
    }
  }

  @Override
  public List<String> devices() {
    refuseObstacle();
    return all().stream().map(TornadoProvider::describe).toList();
  }

  @Override
  public Backend open(int index, Precision precision) {
    if (precision != Precision.AUTO && precision != Precision.F32) {
      throw new IllegalArgumentException(
          "device tornado does not compute in %s; leave --precision out".formatted(precision));
    }
    refuseObstacle();
    List<TornadoDevice> devices = all();
    if (index >= devices.size()) {
      throw new IllegalArgumentException(
          "device tornado:%d does not exist; TornadoVM has %d, `score4j doctor` lists them"
              .formatted(index, devices.size()));
    }
    String name = index == 0 ? name() : name() + ":" + index;
    TornadoDevice device = devices.get(index);
    refuseTooLargeMemory(name, device);
    return new org.score4j.kernels.tornado.TornadoBackend(name, device, describe(device));
  }

  private static void refuseTooLargeMemory(String name, TornadoDevice device) {
    long most = device.getPhysicalDevice().getDeviceMaxAllocationSize() >> 20;
    if (most > 0 && most < TornadoMemory.mebibytes()) {
      throw new IllegalArgumentException(
          "device %s: one allocation has at most %d MiB, the memory is to have %d; start with JDK_JAVA_OPTIONS=-D%s=%d or less"
              .formatted(
                  name, most, TornadoMemory.mebibytes(), TornadoMemory.MEBIBYTES, most * 9 / 10));
    }
  }

  private void refuseObstacle() {
    String obstacle = obstacle();
    if (!obstacle.isEmpty()) {
      throw new IllegalArgumentException("device tornado: " + obstacle);
    }
  }

  /**
   * TornadoVM reads its settings once, when its classes load. Its defaults let the device's
   * compiler reorder sums and replace functions by imprecise ones, and run a kernel that it cannot
   * compile on the host, where barriers mean nothing.
   */
  private static void configure() {
    setUnlessSet("tornado.recover.bailout", "False");
    setUnlessSet("tornado.opencl.compiler.flags", "-w");
    setUnlessSet("tornado.enable.nativeFunctions", "False");
    long mebibytes = TornadoMemory.mebibytes() * 2 + OTHER_MEBIBYTES;
    setUnlessSet("tornado.device.memory", mebibytes + "MB");
  }

  private static void setUnlessSet(String key, String value) {
    if (System.getProperty(key) == null) {
      System.setProperty(key, value);
    }
  }

  private static List<TornadoDevice> all() {
    List<TornadoDevice> devices = new ArrayList<>();
    int backends = TornadoRuntimeProvider.getTornadoRuntime().getNumBackends();
    for (int b = 0; b < backends; b++) {
      TornadoBackend backend = TornadoRuntimeProvider.getTornadoRuntime().getBackend(b);
      devices.addAll(backend.getAllDevices());
    }
    return devices;
  }

  private static String describe(TornadoDevice device) {
    return "%s %s (%s, %s)"
        .formatted(
            device.getTornadoVMBackend(),
            device.getPhysicalDevice().getDeviceName().strip(),
            device.getDeviceType(),
            device.getPlatformName().strip());
  }
}
