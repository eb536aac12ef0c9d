package org.score4j.kernels.cuda;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import jcuda.CudaException;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import org.score4j.kernels.DType;

/**
 * A {@code .cu} file with everything that decides what NVRTC makes of it.
 *
 * @param source file and headers
 * @param options of the compiler, the architecture among them
 * @param nvrtcVersion as {@code 12.6}
 */
record NvrtcProgram(KernelSource source, List<String> options, String nvrtcVersion) {
  /** Real architectures give machine code, virtual ones text that the driver translates. */
  private static final String REAL = "--gpu-architecture=sm_";

  private static final String VIRTUAL = "--gpu-architecture=compute_";

  /**
   * The program for a GPU.
   *
   * @param family stem of the file
   * @param floatType F32 or BF16
   * @param capability the GPU's, times ten
   * @param defines of the preprocessor
   */
  static NvrtcProgram of(String family, DType floatType, int capability, List<String> defines) {
    try {
      JNvrtc.setExceptionsEnabled(true);
      int[] major = {0};
      int[] minor = {0};
      JNvrtc.nvrtcVersion(major, minor);
      String version = major[0] + "." + minor[0];
      List<String> options = new ArrayList<>();
      options.add(architecture(capability, version));
      options.add("--std=c++17");
      options.add("-default-device");
      if (floatType == DType.BF16) {
        options.add("-DSCORE4J_BF16");
      }
      defines.forEach(define -> options.add("-D" + define));
      return new NvrtcProgram(KernelSource.of(family), List.copyOf(options), version);
    } catch (CudaException e) {
      throw CudaFailure.of("asking NVRTC for its version", e);
    }
  }

  private static String architecture(int capability, String version) {
    int[] count = {0};
    JNvrtc.nvrtcGetNumSupportedArchs(count);
    int[] known = new int[count[0]];
    JNvrtc.nvrtcGetSupportedArchs(known);
    if (Arrays.stream(known).anyMatch(each -> each == capability)) {
      return REAL + capability;
    }
    // A GPU younger than this NVRTC.
    int nearest =
        Arrays.stream(known)
            .filter(each -> each < capability)
            .max()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "cuda: NVRTC %s knows no architecture as old as %d.%d; install CUDA 12"
                            .formatted(version, capability / 10, capability % 10)));
    return VIRTUAL + nearest;
  }

  /** SHA-256 of everything that decides the result, in hexadecimal. */
  String key() {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      feed(sha, nvrtcVersion);
      options.forEach(option -> feed(sha, option));
      feed(sha, source.name());
      feed(sha, source.text());
      for (Map.Entry<String, String> header : source.headers().entrySet()) {
        feed(sha, header.getKey());
        feed(sha, header.getValue());
      }
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static void feed(MessageDigest sha, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    sha.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
    sha.update(bytes);
  }

  /** Compiles; the error shows the compiler's log. */
  byte[] compile() {
    nvrtcProgram program = new nvrtcProgram();
    try {
      JNvrtc.nvrtcCreateProgram(
          program,
          source.text(),
          source.name(),
          source.headers().size(),
          source.headers().values().toArray(String[]::new),
          source.headers().keySet().toArray(String[]::new));
    } catch (CudaException e) {
      throw CudaFailure.of("giving %s to NVRTC".formatted(source.name()), e);
    }
    try {
      JNvrtc.nvrtcCompileProgram(program, options.size(), options.toArray(String[]::new));
      return options.stream().anyMatch(option -> option.startsWith(REAL))
          ? machineCode(program)
          : text(program);
    } catch (CudaException e) {
      String[] log = {""};
      JNvrtc.nvrtcGetProgramLog(program, log);
      throw new IllegalStateException(
          "cuda: NVRTC %s cannot compile %s with %s: %s%n%s"
              .formatted(
                  nvrtcVersion,
                  source.name(),
                  String.join(" ", options),
                  e.getMessage(),
                  log[0].strip()),
          e);
    } finally {
      JNvrtc.nvrtcDestroyProgram(program);
    }
  }

  private static byte[] machineCode(nvrtcProgram program) {
    long[] size = {0};
    JNvrtc.nvrtcGetCUBINSize(program, size);
    byte[] code = new byte[Math.toIntExact(size[0])];
    JNvrtc.nvrtcGetCUBIN(program, code);
    return code;
  }

  private static byte[] text(nvrtcProgram program) {
    String[] ptx = {""};
    JNvrtc.nvrtcGetPTX(program, ptx);
    // The driver wants its end marked.
    return (ptx[0] + "\0").getBytes(StandardCharsets.UTF_8);
  }
}
