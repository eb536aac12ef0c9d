package org.score4j.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.FrozenWeights;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/** Products with frozen weights have the bits of those without. */
class CpuFrozenWeightsTest {
  private static final long SEED = 5;

  /** Tokens, inputs, outputs: panels and blocks of depth that are whole and that are not. */
  private static final int[][] SHAPES = {
    {2, 5, 3}, {5, 64, 64}, {7, 130, 70}, {16, 800, 200}, {64, 128, 688}, {200, 33, 129}
  };

  private final Random random = new Random(SEED);

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void linear_hasTheSameBits_andFollowsChangedWeights(DType type) {
    for (int threads : new int[] {1, 2, 3}) {
      try (CpuBackend backend = new CpuBackend(threads);
          DeviceArena others = new Ops(backend).newArena("others", 2 * CpuBackend.CACHE_BYTES)) {
        Ops ops = new Ops(backend);
        Tensor large =
            others.allocate(
                DType.F32, Shape.of(Math.toIntExact(CpuBackend.CACHE_BYTES / Float.BYTES)));
        for (int[] shape : SHAPES) {
          try (DeviceArena arena = ops.newArena("test", 8L << 20)) {
            Tensor x = random(ops, arena, Shape.of(shape[0], shape[1]));
            Tensor weight = random(ops, arena, type, Shape.of(shape[1], shape[2]));
            Tensor bias = random(ops, arena, Shape.of(shape[2]));
            Tensor out = random(ops, arena, Shape.of(shape[0], shape[2]));
            for (int change = 0; change < 2; change++) {
              upload(ops, weight);
              ops.linear(out, x, weight, bias);
              float[] expected = ops.downloadFloats(out);
              // Alone, and beside more than the caches hold.
              List<Tensor> frozen = change == 0 ? List.of(weight) : List.of(weight, large);
              try (FrozenWeights _ = backend.freeze(frozen)) {
                for (int use = 0; use < 3; use++) {
                  ops.fill(out, Double.NaN);
                  ops.linear(out, x, weight, bias);
                  assertThat(ops.downloadFloats(out))
                      .as("%s threads %d use %d seed %d", List.of(weight, x), threads, use, SEED)
                      .isEqualTo(expected);
                }
              }
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "BF16"})
  void sampling_hasTheSameBits(DType type) {
    try (CpuBackend backend = new CpuBackend(2)) {
      Ops ops = new Ops(backend);
      for (int[] shape : SHAPES) {
        try (DeviceArena arena = ops.newArena("test", 8L << 20)) {
          Tensor hidden = random(ops, arena, Shape.of(shape[0], shape[1]));
          Tensor head = random(ops, arena, type, Shape.of(shape[2], shape[1]));
          Tensor keys = arena.allocate(DType.I32, Shape.of(shape[0], 3));
          ops.upload(keys, random.ints(3L * shape[0]).toArray());
          Tensor ids = arena.allocate(DType.I32, Shape.of(shape[0]));
          Tensor logProbs = arena.allocate(DType.F32, Shape.of(shape[0]));
          ops.sample(ids, logProbs, hidden, head, keys, 1, 0);
          int[] expectedIds = ops.downloadInts(ids);
          float[] expected = ops.downloadFloats(logProbs);
          try (FrozenWeights _ = backend.freeze(List.of(head))) {
            for (int use = 0; use < 2; use++) {
              ops.fill(logProbs, Double.NaN);
              ops.sample(ids, logProbs, hidden, head, keys, 1, 0);
            }
          }
          assertThat(ops.downloadInts(ids)).isEqualTo(expectedIds);
          assertThat(ops.downloadFloats(logProbs)).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void copies_stayWithinTheirRoom_andArePromisedOnceAtATime() {
    // Room for two of F32, or four of BF16.
    CpuFrozenWeights frozen = new CpuFrozenWeights(2 * SgemmPacked.bytes(64, 10, false));
    try (CpuBackend backend = new CpuBackend(1);
        CpuThreadPool pool = new CpuThreadPool(1);
        DeviceArena arena = new Ops(backend).newArena("test", 1 << 20)) {
      List<Tensor> weights =
          IntStream.range(0, 3)
              .mapToObj(i -> random(new Ops(backend), arena, Shape.of(10, 64)))
              .toList();
      frozen.freeze(weights);
      assertThat(frozen.panels(pool, address(weights.get(0)), 10, 64)).isNotNull();
      assertThat(frozen.panels(pool, address(weights.get(1)), 10, 64)).isNotNull();
      assertThat(frozen.panels(pool, address(weights.get(2)), 10, 64)).isNull();
      assertThat(frozen.transposedPanels(pool, address(weights.get(0)), 64, 10)).isNull();
      frozen.freeze(weights.subList(0, 1));
      assertThat(frozen.panels(pool, address(weights.get(0)), 10, 64)).isNotNull();
      frozen.release();
      assertThat(frozen.panels(pool, address(weights.get(1)), 10, 64)).isNotNull();
      Tensor other = random(new Ops(backend), arena, Shape.of(10, 64));
      assertThatThrownBy(() -> frozen.freeze(List.of(other)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("not released");
      frozen.release();
      assertThat(frozen.panels(pool, address(weights.get(0)), 10, 64)).isNull();
      frozen.freeze(List.of(weights.get(2)));
      assertThat(frozen.panels(pool, address(weights.get(2)), 10, 64)).isNotNull();
      assertThat(frozen.panels(pool, address(weights.get(0)), 10, 64)).isNull();
      frozen.release();
      List<Tensor> narrow =
          IntStream.range(0, 5)
              .mapToObj(i -> random(new Ops(backend), arena, DType.BF16, Shape.of(10, 64)))
              .toList();
      frozen.freeze(narrow);
      for (Tensor weight : narrow.subList(0, 4)) {
        assertThat(frozen.panels(pool, address(weight), 10, 64)).as("for one pass").isNull();
        assertThat(frozen.panels(pool, address(weight), 10, 64)).isNotNull();
      }
      assertThat(frozen.panels(pool, address(narrow.get(4)), 10, 64)).isNull();
      assertThat(frozen.panels(pool, address(narrow.get(4)), 10, 64)).as("no room").isNull();
    }
  }

  private static WeightAddress address(Tensor tensor) {
    return WeightAddress.of(tensor);
  }

  private Tensor random(Ops ops, DeviceArena arena, Shape shape) {
    return random(ops, arena, DType.F32, shape);
  }

  private Tensor random(Ops ops, DeviceArena arena, DType type, Shape shape) {
    Tensor tensor = arena.allocate(type, shape);
    upload(ops, tensor);
    return tensor;
  }

  private void upload(Ops ops, Tensor tensor) {
    float[] values = new float[(int) tensor.shape().elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    ops.upload(tensor, values);
  }
}
