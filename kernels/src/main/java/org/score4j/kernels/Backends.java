package org.score4j.kernels;

import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.score4j.kernels.cpu.CpuBackend;
import org.score4j.kernels.cuda.CudaBackend;
import org.score4j.kernels.cuda.CudaHost;
import org.score4j.kernels.cuda.CudaProbe;
import org.score4j.kernels.cuda.CudaReport;
import org.score4j.kernels.reference.ReferenceBackend;

/** Backends by the names of {@code --device}. */
public final class Backends {
  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,4}))?");
  private static final Pattern TORNADO = Pattern.compile("tornado(?::(\\d{1,4}))?");

  private static final String NO_TORNADO =
      "TornadoVM is not part of this jar; install its SDK for this JDK (for example `sdk install"
          + " tornadovm` with SDKMAN), set TORNADOVM_HOME to its folder and build the jar anew, see"
          + " docs/tornado.md";

  private Backends() {}

  /**
   * The name to {@link #open}: {@code device} itself, or for {@code auto} the fastest backend there
   * is.
   *
   * @param device as given by the user
   * @param log receives one line with the reason when the choice was made here
   */
  public static String choose(String device, Consumer<String> log) {
    return choose(device, () -> CudaProbe.report(CudaHost.current()), log);
  }

  /** As {@link #choose(String, Consumer)} on a machine that offers what {@code cuda} says. */
  public static String choose(String device, Supplier<CudaReport> cuda, Consumer<String> log) {
    if (!device.equals("auto")) {
      return device;
    }
    List<String> faults = cuda.get().faultsOf(0);
    if (faults.isEmpty()) {
      log.accept("device=cuda reason=\"auto: a GPU is there\"");
      return "cuda";
    }
    log.accept("device=cpu reason=\"auto: no GPU, %s\"".formatted(faults.getFirst()));
    return "cpu";
  }

  /** The TornadoVM backend, which is there where the jar was built with TornadoVM's SDK. */
  public static Optional<BackendProvider> tornado() {
    return ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .filter(provider -> provider.name().equals("tornado"))
        .findFirst();
  }

  /** As {@link #open(String, int, Precision)} in the device's own precision. */
  public static Backend open(String device, int threads) {
    return open(device, threads, Precision.AUTO);
  }

  /**
   * Opens a backend, which the caller closes.
   *
   * @param device cpu, cuda, cuda:1, tornado, tornado:1 or reference; {@code auto} goes through
   *     {@link #choose} first
   * @param threads how many threads compute; only the cpu backend has several
   * @param precision of weights and activations
   */
  public static Backend open(String device, int threads, Precision precision) {
    if (threads < 1) {
      throw new IllegalArgumentException(
          "threads is " + threads + ", it must be at least 1; use the number of free cores");
    }
    Matcher cuda = CUDA.matcher(device);
    if (cuda.matches()) {
      int index = cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1));
      return switch (precision) {
        case AUTO, BF16 -> new CudaBackend(index, DType.BF16, false);
        case F32 -> new CudaBackend(index, DType.F32, false);
        case TF32 -> new CudaBackend(index, DType.F32, true);
      };
    }
    boolean known = device.equals("cpu") || device.equals("reference");
    if (known && (precision == Precision.BF16 || precision == Precision.TF32)) {
      throw new IllegalArgumentException(
          "device %s does not compute in %s; leave --precision out, or use --device cuda"
              .formatted(device, precision));
    }
    Matcher tornado = TORNADO.matcher(device);
    if (tornado.matches()) {
      int index = tornado.group(1) == null ? 0 : Integer.parseInt(tornado.group(1));
      return tornado()
          .orElseThrow(
              () -> new IllegalArgumentException("device %s: %s".formatted(device, NO_TORNADO)))
          .open(index, precision);
    }
    return switch (device) {
      case "cpu" -> new CpuBackend(threads);
      case "reference" -> new ReferenceBackend();
      default ->
          throw new IllegalArgumentException(
              "device '%s' is unknown; use cpu, cuda, cuda:1, tornado, tornado:1, reference or auto"
                  .formatted(device));
    };
  }
}
