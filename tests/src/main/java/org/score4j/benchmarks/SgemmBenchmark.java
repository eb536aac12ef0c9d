package org.score4j.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.score4j.kernels.cpu.CpuSgemm;
import org.score4j.kernels.cpu.SgemmScratch;
import org.score4j.kernels.cpu.WeightAddress;

/**
 * The matrix product of the {@code cpu} backend on one thread, beside OpenBLAS on one thread and
 * beside the core's peak; the column {@code gflops} is 10⁹ floating-point operations per second.
 * {@link #main} prints the ratios.
 *
 * <p>Shapes are form:m×n×k. The square ones are the figure to reach (0.9 of OpenBLAS), the others
 * the layers of the small model: forward (NN), input gradient (NT), weight gradient (TN,
 * accumulated).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 6, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "-XX:+UseTransparentHugePages"
    })
public class SgemmBenchmark {
  @Param({
    "NN:144x144x144",
    "NN:288x288x288",
    "NN:576x576x576",
    "NN:1152x1152x1152",
    "NN:2304x2304x2304",
    "NN:2048x192x64",
    "NN:2048x64x160",
    "NN:2048x384x128",
    "NN:2048x688x128",
    "NT:2048x64x192",
    "NT:2048x160x64",
    "TN:64x192x2048",
    "TN:160x64x2048"
  })
  public String shape = "";

  private final Arena arena = Arena.ofShared();
  private String form = "";
  private int m;
  private int n;
  private int k;
  private MemorySegment a = MemorySegment.NULL;
  private MemorySegment b = MemorySegment.NULL;
  private MemorySegment c = MemorySegment.NULL;
  private SgemmScratch scratch = new SgemmScratch(new float[0], 0);

  /** Counts the work of an invocation, which JMH divides by the time. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {
    public double gflops;
  }

  @Setup
  public void fill() {
    form = shape.substring(0, 2);
    String[] sizes = shape.substring(3).split("x", -1);
    m = Integer.parseInt(sizes[0]);
    n = Integer.parseInt(sizes[1]);
    k = Integer.parseInt(sizes[2]);
    Random random = new Random(1);
    a = random(random, m * k);
    b = random(random, k * n);
    c = random(random, m * n);
    scratch = SgemmScratch.in(arena, m, n, k);
    openblas.blas_set_num_threads(1);
  }

  @TearDown
  public void free() {
    arena.close();
  }

  @Benchmark
  public MemorySegment score4j(Work work) {
    long to = c.address();
    long left = a.address();
    long right = b.address();
    switch (form) {
      case "NN" ->
          CpuSgemm.nn(scratch, to, n, left, k, WeightAddress.single(right), n, m, n, k, false);
      case "NT" ->
          CpuSgemm.nt(scratch, to, n, left, k, WeightAddress.single(right), k, m, n, k, false);
      default -> CpuSgemm.tn(scratch, to, n, left, m, right, n, m, n, k, true);
    }
    work.gflops += 2e-9 * m * n * k;
    return c;
  }

  @Benchmark
  public MemorySegment openblas(Work work) {
    boolean transposedA = form.equals("TN");
    boolean transposedB = form.equals("NT");
    openblas.cblas_sgemm(
        openblas.CblasRowMajor,
        transposedA ? openblas.CblasTrans : openblas.CblasNoTrans,
        transposedB ? openblas.CblasTrans : openblas.CblasNoTrans,
        m,
        n,
        k,
        1f,
        new FloatPointer(a.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer()),
        transposedA ? m : k,
        new FloatPointer(b.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer()),
        transposedB ? k : n,
        transposedA ? 1f : 0f,
        new FloatPointer(c.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer()),
        n);
    work.gflops += 2e-9 * m * n * k;
    return c;
  }

  /**
   * Twenty-four independent chains of fused multiply-adds in registers: as fast as this core
   * multiplies. The shape plays no part.
   */
  @Benchmark
  public float peak(Work work) {
    work.gflops += FmaPeak.STEPS * FmaPeak.FLOPS_PER_STEP * 1e-9;
    return FmaPeak.run(0.5f, 0.25f);
  }

  /**
   * Runs everything and prints a line a shape: both rates, their ratio, and our share of the peak.
   *
   * @param args shapes such as NN:576x576x576; all of them unless given
   */
  public static void main(String[] args) throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder().include(SgemmBenchmark.class.getSimpleName());
    if (args.length > 0) {
      options = options.param("shape", args);
    }
    Map<String, Map<String, Double>> rates = new LinkedHashMap<>();
    for (RunResult result : new Runner(options.build()).run()) {
      String method = result.getParams().getBenchmark();
      rates
          .computeIfAbsent(result.getParams().getParam("shape"), shape -> new LinkedHashMap<>())
          .put(
              method.substring(method.lastIndexOf('.') + 1),
              Objects.requireNonNull(result.getSecondaryResults().get("gflops")).getScore());
    }
    System.out.printf(
        "%-20s %9s %9s %6s %14s%n", "GFLOP/s", "score4j", "OpenBLAS", "ratio", "share of peak");
    rates.forEach(
        (shape, rate) -> {
          double ours = rate.getOrDefault("score4j", Double.NaN);
          double theirs = rate.getOrDefault("openblas", Double.NaN);
          double peak = rate.getOrDefault("peak", Double.NaN);
          System.out.printf(
              "%-20s %9.1f %9.1f %6.2f %13.0f%%%n",
              shape, ours, theirs, ours / theirs, 100 * ours / peak);
        });
  }

  private MemorySegment random(Random random, int count) {
    MemorySegment memory = arena.allocate(4L * count, 64);
    for (int i = 0; i < count; i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
    }
    return memory;
  }
}
