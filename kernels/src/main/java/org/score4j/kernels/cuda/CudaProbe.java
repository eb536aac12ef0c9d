package org.score4j.kernels.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import jcuda.CudaException;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.nvrtc.JNvrtc;

/**
 * Asks a machine what it offers for CUDA, as far as the libraries found allow: with the driver
 * alone the GPUs, with cuBLAS and NVRTC also their versions.
 */
public final class CudaProbe {
  /** Of bf16 in the tensor cores, for which the kernels are written. */
  private static final int LEAST_CAPABILITY = 8;

  private static final int NAME_BYTES = 256;

  /** One probe's findings so far. */
  private static final class Findings {
    private final List<CudaReport.Device> devices = new ArrayList<>();
    private final List<String> libraries = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();
    private String driver = "";
    private String natives = "";
    private int driverCuda;
  }

  private CudaProbe() {}

  /** Never throws for what the machine lacks: that is in the report. */
  public static CudaReport report(CudaHost host) {
    CudaLibraries libraries = CudaLibraries.find(host);
    Findings findings = new Findings();
    findings.faults.addAll(libraries.missing());
    libraries.found().forEach(library -> findings.libraries.add(library.description()));
    attempt(findings, () -> askDriver(findings, libraries));
    attempt(findings, () -> askToolkit(findings, libraries));
    return new CudaReport(
        findings.driver, findings.devices, findings.libraries, findings.natives, findings.faults);
  }

  /** What a step runs into is a finding too, and the last of its step. */
  private static void attempt(Findings findings, Runnable step) {
    try {
      step.run();
    } catch (CudaUnavailableException e) {
      findings.faults.add(String.valueOf(e.getMessage()));
    } catch (UnsatisfiedLinkError | NoClassDefFoundError | CudaException e) {
      findings.faults.add("JCuda cannot be used: " + e);
    }
  }

  private static void askDriver(Findings findings, CudaLibraries libraries) {
    CudaLibrary driver = libraries.driver();
    if (driver == null) {
      return;
    }
    findings.driver = driver.version();
    libraries.loadDriver();
    findings.natives = "JCuda's, as they are";
    int[] value = {0};
    check("cuDriverGetVersion", () -> JCudaDriver.cuDriverGetVersion(value));
    findings.driverCuda = value[0];
    findings.driver += ", for CUDA up to " + cudaVersion(value[0]);
    check("cuInit", () -> JCudaDriver.cuInit(0));
    check("cuDeviceGetCount", () -> JCudaDriver.cuDeviceGetCount(value));
    int count = value[0];
    if (count == 0) {
      findings.faults.add("the driver shows no GPU; check CUDA_VISIBLE_DEVICES and nvidia-smi");
    }
    for (int i = 0; i < count; i++) {
      findings.devices.add(device(i));
    }
  }

  private static CudaReport.Device device(int index) {
    CUdevice device = new CUdevice();
    check("cuDeviceGet", () -> JCudaDriver.cuDeviceGet(device, index));
    byte[] name = new byte[NAME_BYTES];
    check("cuDeviceGetName", () -> JCudaDriver.cuDeviceGetName(name, NAME_BYTES, device));
    int[] capability = new int[2];
    capability[0] = attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    capability[1] = attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    long[] total = {0};
    check("cuDeviceTotalMem", () -> JCudaDriver.cuDeviceTotalMem(total, device));
    List<String> faults = new ArrayList<>();
    if (capability[0] < LEAST_CAPABILITY) {
      faults.add(
          "cuda:%d has compute capability %d.%d, the kernels need %d.0 (Ampere) or newer; use another GPU or --device cpu"
              .formatted(index, capability[0], capability[1], LEAST_CAPABILITY));
    }
    long free = -1;
    try {
      free = freeBytes(device);
    } catch (CudaUnavailableException e) {
      faults.add("cuda:%d is there but %s".formatted(index, e.getMessage()));
    }
    return new CudaReport.Device(
        index,
        new String(name, StandardCharsets.UTF_8).replaceFirst("\0.*", ""),
        capability[0] + "." + capability[1],
        total[0],
        free,
        faults);
  }

  private static int attribute(CUdevice device, int attribute) {
    int[] value = {0};
    check("cuDeviceGetAttribute", () -> JCudaDriver.cuDeviceGetAttribute(value, attribute, device));
    return value[0];
  }

  /** Only a context knows; making one also shows that the GPU can be used. */
  private static long freeBytes(CUdevice device) {
    CUcontext context = new CUcontext();
    check("cuDevicePrimaryCtxRetain", () -> JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    try {
      check("cuCtxSetCurrent", () -> JCudaDriver.cuCtxSetCurrent(context));
      long[] free = {0};
      check("cuMemGetInfo", () -> JCudaDriver.cuMemGetInfo(free, new long[1]));
      return free[0];
    } finally {
      check("cuDevicePrimaryCtxRelease", () -> JCudaDriver.cuDevicePrimaryCtxRelease(device));
    }
  }

  private static void askToolkit(Findings findings, CudaLibraries libraries) {
    CudaLibrary cublas = libraries.cublas();
    CudaLibrary nvrtc = libraries.nvrtc();
    if (libraries.driver() == null || cublas == null || nvrtc == null) {
      return;
    }
    int newest = Math.max(cublas.major(), nvrtc.major());
    if (findings.driverCuda != 0 && newest > findings.driverCuda / 1000) {
      findings.faults.add(
          "the driver is for CUDA up to %s, the libraries found are of CUDA %d; update the driver, or set %s to a folder with those of CUDA 12"
              .formatted(cudaVersion(findings.driverCuda), newest, CudaHost.CONFIGURED));
    }
    libraries.load();
    if (libraries.nativesPatched()) {
      findings.natives =
          "JCuda's, pointed at CUDA %d, in %s".formatted(newest, libraries.host().cacheFolder());
    }
    int[] major = {0};
    int[] minor = {0};
    check("nvrtcVersion", () -> JNvrtc.nvrtcVersion(major, minor));
    int[] parts = new int[3];
    for (int i = 0; i < parts.length; i++) {
      int property = i;
      int[] value = {0};
      check("cublasGetProperty", () -> JCublas2.cublasGetProperty(property, value));
      parts[i] = value[0];
    }
    findings.libraries.add(
        "as loaded: cuBLAS %d.%d.%d, NVRTC %d.%d"
            .formatted(parts[0], parts[1], parts[2], major[0], minor[0]));
  }

  /** The result's number and, for the driver's functions, name; whether JCuda throws or not. */
  private static void check(String function, IntSupplier call) {
    String failure;
    try {
      int result = call.getAsInt();
      if (result == 0) {
        return;
      }
      failure =
          function.startsWith("cu") && !function.startsWith("cublas")
              ? CUresult.stringFor(result)
              : Integer.toString(result);
    } catch (CudaException e) {
      failure = String.valueOf(e.getMessage());
    }
    throw new CudaUnavailableException(
        "%s fails with %s; see whether nvidia-smi works".formatted(function, failure));
  }

  /** 12060 is 12.6. */
  private static String cudaVersion(int number) {
    return number / 1000 + "." + number % 1000 / 10;
  }
}
