package org.score4j.tests.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.Backend;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.Ops;
import org.score4j.kernels.OutOfDeviceMemoryException;
import org.score4j.kernels.Precision;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Stopwatch;
import org.score4j.kernels.Tensor;

/**
 * What the conformance suite does not ask of the cuda backend: memory, transfers, threads, errors.
 */
final class CudaBackendTest {
  private Backend backend;
  private Ops ops;

  @BeforeEach
  void open() {
    CudaTestDevice.computeLateAndReversed(false);
    backend = CudaTestDevice.open(Precision.F32);
    ops = new Ops(backend);
  }

  @AfterEach
  void close() {
    if (backend != null) {
      backend.close();
    }
  }

  /** Several rounds through the ring of staging buffers, and a rest. */
  @Test
  void largeTransfers_comeBackWhole() {
    int n = 12_000_019;
    float[] values = new float[n];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < n; i++) {
      values[i] = random.nextInt();
    }
    try (DeviceArena arena = ops.newArena("test", DeviceArena.footprint(DType.F32, Shape.of(n)))) {
      Tensor x = arena.allocate(DType.F32, Shape.of(n));
      ops.upload(x, values);
      assertThat(ops.downloadFloats(x)).isEqualTo(values);
    }
  }

  @Test
  void stopwatch_measuresWhatIsQueued() {
    int n = 1_000_000;
    try (DeviceArena arena = ops.newArena("test", DeviceArena.footprint(DType.F32, Shape.of(n)));
        Stopwatch watch = backend.newStopwatch()) {
      Tensor x = arena.allocate(DType.F32, Shape.of(n));
      long before = System.nanoTime();
      watch.start();
      ops.fill(x, 1);
      double once = watch.stopSeconds();
      double outer = (System.nanoTime() - before) / 1e9;
      assertThat(once).isPositive().isLessThanOrEqualTo(outer + 1e-5);
      watch.start();
      assertThat(watch.stopSeconds()).isNotNegative().isLessThan(outer);
    }
  }

  /** Kernels queued before an upload read what was there, those queued after it what came. */
  @Test
  void uploads_keepTheirPlaceBetweenKernels() {
    int n = 100_000;
    try (DeviceArena arena =
        ops.newArena("test", 4 * DeviceArena.footprint(DType.F32, Shape.of(n)))) {
      Tensor in = arena.allocate(DType.F32, Shape.of(n));
      Tensor[] sums = new Tensor[2];
      for (int i = 0; i < 2; i++) {
        sums[i] = arena.allocate(DType.F32, Shape.of(n));
        float[] values = new float[n];
        Arrays.fill(values, i + 1);
        ops.upload(in, values);
        Arrays.fill(values, Float.NaN);
        ops.scale(sums[i], in, 10);
      }
      assertThat(ops.downloadFloats(sums[0])).containsOnly(10);
      assertThat(ops.downloadFloats(sums[1])).containsOnly(20);
    }
  }

  @Test
  void aBackend_computesForAnotherThreadThanItsOpener() {
    try (DeviceArena arena = ops.newArena("test", 1 << 20)) {
      Tensor x = arena.allocate(DType.F32, Shape.of(1000));
      float[] doubled =
          CompletableFuture.supplyAsync(
                  () -> {
                    ops.fill(x, 21);
                    ops.add(x, x, x);
                    return ops.downloadFloats(x);
                  })
              .join();
      assertThat(doubled).containsOnly(42);
    }
  }

  @Test
  void aZeroedArena_isZeroWhereUsedMemoryCameBack() {
    try (DeviceArena arena = ops.newArena("used", 1 << 16)) {
      ops.fill(arena.allocate(DType.F32, Shape.of(1 << 14)), 3);
    }
    try (DeviceArena arena = ops.newZeroedArena("zeroed", (1 << 16) - 10)) {
      assertThat(arena.byteSize()).isEqualTo(1 << 16);
      assertThat(ops.downloadFloats(arena.allocate(DType.F32, Shape.of(1 << 14)))).containsOnly(0);
    }
  }

  @Test
  void tooLargeAnArena_isRefusedWithItsNameAndSize() {
    assertThatThrownBy(() -> ops.newArena("kv cache", 1L << 44))
        .isInstanceOf(OutOfDeviceMemoryException.class)
        .hasMessageContaining("kv cache needs 16777216 MiB")
        .hasMessageContaining("MiB are free");
    try (DeviceArena arena = ops.newArena("small", 1000)) {
      assertThat(arena.byteSize()).as("the device is not broken by a refusal").isEqualTo(1000);
    }
  }

  @Test
  void aTensorOfAnotherBackend_isRefusedWithWhereItLives() {
    try (Backend cpu = Backends.open("cpu", 1);
        DeviceArena arena = new Ops(cpu).newArena("host", 1000)) {
      Tensor x = arena.allocate(DType.F32, Shape.of(10));
      assertThatThrownBy(() -> ops.fill(x, 1)).hasMessageContaining("lives in a HostBuffer");
    }
  }

  @Test
  void buffersLeftOpen_areFreedWithTheBackend() {
    DeviceArena left = ops.newArena("left", 1 << 20);
    backend.close();
    left.close();
    assertThatThrownBy(() -> ops.newArena("late", 10)).hasMessageContaining("is closed");
  }

  @Test
  void products_roundTheirInputsToTf32OnlyWhereAskedFor() {
    assertThat(product(Precision.F32)).isEqualTo(1 + 0x1p-12f);
    assertThat(product(Precision.TF32)).isEqualTo(1);
  }

  /** 1 + 2^-12, which TF32 does not hold, times 1. */
  private static float product(Precision precision) {
    try (Backend opened = CudaTestDevice.open(precision)) {
      Ops own = new Ops(opened);
      try (DeviceArena arena = own.newArena("test", 1 << 16)) {
        Tensor x = arena.allocate(DType.F32, Shape.of(1, 1));
        Tensor weight = arena.allocate(DType.F32, Shape.of(1, 1));
        Tensor out = arena.allocate(DType.F32, Shape.of(1, 1));
        own.upload(x, new float[] {1 + 0x1p-12f});
        own.fill(weight, 1);
        own.linear(out, x, weight, null);
        return own.downloadFloats(out)[0];
      }
    }
  }

  /** Sums over many blocks: whichever block ends first, the bits are the same. */
  @Test
  void equalCalls_giveEqualBits() {
    int tokens = 700;
    int width = 200;
    try (DeviceArena arena = ops.newArena("test", 8 << 20)) {
      Tensor x = normals(arena, Shape.of(tokens, width));
      Tensor weight = normals(arena, Shape.of(width));
      Tensor rstd = normals(arena, Shape.of(tokens));
      Tensor ids = arena.allocate(DType.I32, Shape.of(tokens));
      ops.upload(ids, new SplittableRandom(2).ints(tokens, 0, 9).toArray());
      double[][] results = new double[2][];
      for (int i = 0; i < 2; i++) {
        CudaTestDevice.computeLateAndReversed(i == 1);
        Tensor dWeight = arena.allocate(DType.F32, Shape.of(width));
        Tensor dBias = arena.allocate(DType.F32, Shape.of(width));
        Tensor dTable = arena.allocate(DType.F32, Shape.of(9, width));
        Tensor dMatrix = arena.allocate(DType.F32, Shape.of(width, width));
        for (Tensor sum : new Tensor[] {dWeight, dBias, dTable, dMatrix}) {
          ops.fill(sum, 0);
        }
        Tensor dX = arena.allocate(DType.F32, Shape.of(tokens, width));
        ops.rmsNormBackward(dX, dWeight, x, x, weight, rstd, 0);
        ops.linearBackwardWeight(dMatrix, dBias, x, x);
        ops.embeddingBackward(dTable, x, ids);
        results[i] =
            new double[] {
              checksum(dWeight),
              checksum(dBias),
              checksum(dTable),
              checksum(dX),
              ops.sumOfSquares(x)
            };
      }
      assertThat(results[1]).isEqualTo(results[0]);
    }
  }

  private Tensor normals(DeviceArena arena, Shape shape) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    SplittableRandom random = new SplittableRandom(shape.dim0());
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Tensor tensor = arena.allocate(DType.F32, shape);
    ops.upload(tensor, values);
    return tensor;
  }

  /** Of the bits. */
  private double checksum(Tensor tensor) {
    return Arrays.hashCode(ops.downloadFloats(tensor));
  }
}
