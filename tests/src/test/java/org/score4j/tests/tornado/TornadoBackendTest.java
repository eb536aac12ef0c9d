package org.score4j.tests.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.score4j.kernels.AttentionShape;
import org.score4j.kernels.Backend;
import org.score4j.kernels.BackendProvider;
import org.score4j.kernels.Backends;
import org.score4j.kernels.DType;
import org.score4j.kernels.DeviceArena;
import org.score4j.kernels.DeviceMemory;
import org.score4j.kernels.Ops;
import org.score4j.kernels.OutOfDeviceMemoryException;
import org.score4j.kernels.Precision;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

/** What only the tornado backend has: its memory, its refusals, two of it in one JVM. */
class TornadoBackendTest {
  private Ops ops;

  @BeforeEach
  void openDevice() {
    ops = new Ops(TornadoTestDevice.shared());
  }

  private static int[] numbers(int count) {
    return new SplittableRandom(count).ints(count).toArray();
  }

  /** Integers live in an array of their own; a view that grows must find what is there. */
  @Test
  void integersUploadedInParts_areReadAsAWhole() {
    try (DeviceArena arena = ops.newArena("test", 1 << 16)) {
      Tensor whole = arena.allocate(DType.I32, Shape.of(1000));
      int[] values = numbers(1000);
      ops.upload(whole.rows(0, 300), Arrays.copyOfRange(values, 0, 300));
      ops.upload(whole.rows(600, 1000), Arrays.copyOfRange(values, 600, 1000));
      ops.upload(whole.rows(300, 600), Arrays.copyOfRange(values, 300, 600));
      assertThat(ops.downloadInts(whole)).isEqualTo(values);
      assertThat(ops.downloadInts(whole.rows(250, 650)))
          .isEqualTo(Arrays.copyOfRange(values, 250, 650));
    }
  }

  @Test
  void floatsOverSomeIntegers_leaveTheOthers() {
    try (DeviceArena arena = ops.newArena("test", 1 << 16)) {
      Tensor whole = arena.allocate(DType.I32, Shape.of(1000));
      int[] values = numbers(1000);
      ops.upload(whole, values);
      Tensor middle =
          new Tensor(
              whole.buffer(), whole.byteOffset() + 400L * Float.BYTES, DType.F32, Shape.of(100));
      ops.fill(middle, 2.5);
      assertThat(ops.downloadInts(whole.rows(0, 400))).isEqualTo(Arrays.copyOf(values, 400));
      assertThat(ops.downloadInts(whole.rows(500, 1000)))
          .isEqualTo(Arrays.copyOfRange(values, 500, 1000));
      assertThat(ops.downloadFloats(middle)).containsOnly(2.5f);
    }
  }

  @Test
  void closedArenas_giveAllTheirMemoryBack() {
    DeviceMemory before = ops.backend().memory().orElseThrow();
    for (int round = 0; round < 3; round++) {
      try (DeviceArena first = ops.newArena("first", 3 << 20);
          DeviceArena second = ops.newArena("second", 5 << 20)) {
        ops.upload(first.allocate(DType.I32, Shape.of(5000)), numbers(5000));
        ops.fill(second.allocate(DType.F32, Shape.of(5000)), round);
        assertThat(ops.backend().memory().orElseThrow().freeBytes())
            .isEqualTo(before.freeBytes() - (8 << 20));
      }
    }
    assertThat(ops.backend().memory().orElseThrow()).isEqualTo(before);
  }

  @Test
  void anArenaThatDoesNotFit_isRefusedWithTheSettingToRaise() {
    assertThatThrownBy(() -> ops.newArena("weights", 100L << 30))
        .isInstanceOf(OutOfDeviceMemoryException.class)
        .hasMessageContaining("weights needs 102400 MiB")
        .hasMessageContaining("-Dscore4j.tornado.memoryMiB=N");
  }

  /** Transfers go in pieces; the last is not full. */
  @Test
  void transfersLongerThanAPiece_arriveWhole() {
    int n = 1_000_003;
    try (DeviceArena arena = ops.newArena("test", 8 << 20)) {
      Tensor floats = arena.allocate(DType.F32, Shape.of(n));
      Tensor ints = arena.allocate(DType.I32, Shape.of(n));
      float[] values = new float[n];
      for (int i = 0; i < n; i++) {
        values[i] = i;
      }
      ops.upload(floats, values);
      ops.upload(ints, IntStream.range(0, n).toArray());
      assertThat(ops.downloadFloats(floats)).isEqualTo(values);
      assertThat(ops.downloadInts(ints)).isEqualTo(IntStream.range(0, n).toArray());
    }
  }

  @Test
  void otherPrecisions_andDevicesThatAreNotThere_areRefused() {
    assertThatThrownBy(() -> Backends.open("tornado", 1, Precision.BF16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("device tornado does not compute in bf16; leave --precision out");
    assertThatThrownBy(() -> Backends.open("tornado:99", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("device tornado:99 does not exist; TornadoVM has ");
  }

  @Test
  void headsThatAreTooWide_areRefused() {
    AttentionShape heads = new AttentionShape(1, 1, 258);
    try (DeviceArena arena = ops.newArena("test", 1 << 16)) {
      Tensor qkv = arena.allocate(DType.F32, Shape.of(1, heads.qkvWidth()));
      Tensor out = arena.allocate(DType.F32, Shape.of(1, heads.queryWidth()));
      Tensor lse = arena.allocate(DType.F32, Shape.of(1, 1));
      Tensor segments = arena.allocate(DType.I32, Shape.of(1, 4));
      assertThatThrownBy(() -> ops.attention(out, lse, qkv, segments, heads))
          .hasMessageContaining("headDim 258 is wider than 256");
    }
  }

  @Test
  void devices_areDescribedInALineEach() {
    BackendProvider provider = Backends.tornado().orElseThrow();
    assertThat(provider.devices()).isNotEmpty().noneMatch(String::isBlank);
    assertThat(ops.backend().description()).startsWith("tornado").contains("single precision");
  }

  /** Compiled code and memory of one plan must not be taken for another's. */
  @Test
  void twoBackends_computeSideBySide_andOneOutlivesTheOther() {
    try (DeviceArena arena = ops.newArena("test", 1 << 16)) {
      Tensor here = arena.allocate(DType.F32, Shape.of(100));
      ops.fill(here, 1);
      try (Backend other = TornadoTestDevice.open()) {
        Ops otherOps = new Ops(other);
        DeviceArena otherArena = otherOps.newArena("test", 1 << 16);
        Tensor there = otherArena.allocate(DType.F32, Shape.of(100));
        otherOps.fill(there, 2);
        ops.scale(here, here, 3);
        otherOps.add(there, there, there);
        assertThat(otherOps.downloadFloats(there)).containsOnly(4);
        assertThat(ops.downloadFloats(here)).containsOnly(3);
      }
      ops.add(here, here, here);
      assertThat(ops.downloadFloats(here)).containsOnly(6);
    }
  }
}
