package org.score4j.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.score4j.kernels.DType;
import org.score4j.kernels.Shape;
import org.score4j.kernels.Tensor;

class HostBufferTest {
  /** Small, at and above the size from which the C library is asked. */
  @ParameterizedTest
  @ValueSource(ints = {256, (4 << 20) - 4, 4 << 20, (4 << 20) + 260, 40_000_000})
  void memory_isAlignedAndZeroEvenWhereItWasUsedBefore(int bytes) {
    for (int round = 0; round < 3; round++) {
      try (HostBuffer buffer = new HostBuffer("test", bytes)) {
        Tensor all = new Tensor(buffer, 0, DType.F32, Shape.of(bytes / Float.BYTES));
        MemorySegment memory = HostBuffer.segment(all);
        assertThat(buffer.byteSize()).isEqualTo(bytes);
        assertThat(memory.byteSize()).isEqualTo(bytes);
        assertThat(HostBuffer.address(all) % 256).isZero();
        assertThat(memory.mismatch(MemorySegment.ofArray(new byte[bytes]))).isEqualTo(-1);
        memory.fill((byte) 0x5A);
      }
    }
  }

  @Test
  void tooMuch_isRefusedWithSizeAndPurpose() {
    assertThatThrownBy(() -> new HostBuffer("kv cache", 1L << 60))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("cannot allocate 1152921504606846976 bytes", "kv cache");
  }

  @ParameterizedTest
  @ValueSource(ints = {256, 8 << 20})
  void afterClose_theMemoryIsNotReachedThroughItsSegment(int bytes) {
    HostBuffer buffer = new HostBuffer("test", bytes);
    Tensor tensor = new Tensor(buffer, 0, DType.I32, Shape.of(64));
    MemorySegment memory = HostBuffer.segment(tensor);
    buffer.close();
    assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_INT, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }
}
