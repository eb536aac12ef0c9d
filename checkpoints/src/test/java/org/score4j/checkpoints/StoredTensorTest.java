package org.score4j.checkpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class StoredTensorTest {
  private static final Path FILE = Path.of("model.safetensors");

  @Test
  void everyFloatType_readsItsValues() {
    float[] values = {0f, -0f, 1f, -2.5f, 65504f, Float.POSITIVE_INFINITY};
    for (StoredType type : List.of(StoredType.F32, StoredType.F16, StoredType.F64)) {
      StoredTensor tensor = stored(type, values);
      assertThat(floats(tensor)).as(type.name()).isEqualTo(values);
      assertThat(floatsInMemory(tensor)).as(type.name()).isEqualTo(values);
      double[] doubles = new double[3];
      tensor.toDoubles(2, doubles, 1, 2);
      assertThat(doubles).containsExactly(0, 1, -2.5);
    }
    float[] short16 = {0f, -0f, 1f, -2.5f, 3.140625f, Float.NEGATIVE_INFINITY};
    assertThat(floats(stored(StoredType.BF16, short16))).isEqualTo(short16);
    assertThat(floatsInMemory(stored(StoredType.BF16, short16))).isEqualTo(short16);
  }

  @Test
  void ranges_readOnlyWhatIsAskedFor() {
    StoredTensor tensor = stored(StoredType.F32, new float[] {1, 2, 3, 4});
    float[] out = {9, 9, 9, 9};
    tensor.toFloats(1, out, 2, 2);
    assertThat(out).containsExactly(9, 9, 2, 3);
    assertThatThrownBy(() -> tensor.toFloats(3, out, 0, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tensor.toFloats(-1, out, 0, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> tensor.toFloats(0, MemorySegment.ofArray(new float[1]), 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void wholeNumbers_areNoWeights() {
    StoredTensor tensor =
        new StoredTensor(
            FILE, "ids", StoredType.I32, List.of(1L), MemorySegment.ofArray(new byte[4]));
    assertThatThrownBy(() -> tensor.toFloats(0, new float[1], 0, 1))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor \"ids\" has dtype I32, weights are F32, F16, BF16 or F64");
  }

  @Test
  void firstNonFinite_findsNanAndInfinity() {
    for (StoredType type :
        List.of(StoredType.F32, StoredType.F16, StoredType.BF16, StoredType.F64)) {
      assertThat(stored(type, new float[] {1, 2}).firstNonFinite()).isEmpty();
      assertThat(stored(type, new float[] {1, Float.NaN}).firstNonFinite()).hasValue(1);
      assertThat(stored(type, new float[] {Float.NEGATIVE_INFINITY, 1}).firstNonFinite())
          .hasValue(0);
    }
  }

  @Test
  void wrongShapeOrType_namesBoth() {
    StoredTensor tensor = stored(StoredType.F32, new float[6]);
    assertThat(tensor.requireShape(6).requireType(StoredType.F32)).isSameAs(tensor);
    assertThatThrownBy(() -> tensor.requireShape(2, 3))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("\"w\" has shape (6), the model needs (2, 3)");
    assertThatThrownBy(() -> tensor.requireType(StoredType.F64))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("\"w\" has dtype F32, F64 is needed");
  }

  private static float[] floats(StoredTensor tensor) {
    float[] out = new float[(int) tensor.elements()];
    tensor.toFloats(0, out, 0, out.length);
    return out;
  }

  private static float[] floatsInMemory(StoredTensor tensor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(tensor.elements() * Float.BYTES);
      tensor.toFloats(0, out, tensor.elements());
      return out.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  /** At an odd address, as a file may have it. */
  private static StoredTensor stored(StoredType type, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(1 + values.length * type.byteWidth())
            .order(ByteOrder.LITTLE_ENDIAN)
            .position(1);
    for (float value : values) {
      switch (type) {
        case F32 -> bytes.putFloat(value);
        case F64 -> bytes.putDouble(value);
        case F16 -> bytes.putShort(Float.floatToFloat16(value));
        case BF16 -> bytes.putShort((short) (Float.floatToIntBits(value) >>> 16));
        case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, I32, U32, I64, U64 ->
            throw new IllegalArgumentException(type.name());
      }
    }
    MemorySegment data = MemorySegment.ofArray(bytes.array()).asSlice(1);
    return new StoredTensor(FILE, "w", type, List.of((long) values.length), data);
  }
}
