package org.score4j.checkpoints;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * One tensor of a mapped file: a view, valid until the {@link SafetensorsFile} it came from is
 * closed. Values are read in ranges of row-major elements, so that a caller can stream a tensor of
 * any size through a small buffer.
 *
 * @param file where the tensor lies, for messages
 * @param shape dimensions, outermost first; empty for a scalar
 * @param data the stored bytes, little-endian, at any alignment
 */
public record StoredTensor(
    Path file, String name, StoredType dtype, List<Long> shape, MemorySegment data) {
  private static final ValueLayout.OfShort LE_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat LE_FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble LE_DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  public StoredTensor {
    shape = List.copyOf(shape);
  }

  /** Number of values. */
  public long elements() {
    return data.byteSize() / dtype.byteWidth();
  }

  /** Refuses any other shape, with both shapes in the message. */
  public StoredTensor requireShape(long... expected) {
    List<Long> wanted = java.util.Arrays.stream(expected).boxed().toList();
    if (!shape.equals(wanted)) {
      throw new CheckpointException(
          file
              + ": tensor "
              + CheckpointException.quote(name)
              + " has shape "
              + Shapes.text(shape)
              + ", the model needs "
              + Shapes.text(wanted)
              + "; use the config that belongs to this file");
    }
    return this;
  }

  /** Refuses what is no floating point type. */
  StoredTensor requireFloats() {
    return switch (dtype) {
      case F32, BF16, F16, F64 -> this;
      case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, I32, U32, I64, U64 -> throw notFloat();
    };
  }

  /** Refuses any other dtype. */
  public StoredTensor requireType(StoredType expected) {
    if (dtype != expected) {
      throw new CheckpointException(
          file
              + ": tensor "
              + CheckpointException.quote(name)
              + " has dtype "
              + dtype
              + ", "
              + expected
              + " is needed; convert the file");
    }
    return this;
  }

  /**
   * out[offset + i] = element from + i, for i below count. F64 is rounded to float; F32, F16 and
   * BF16 are exact.
   */
  public void toFloats(long from, float[] out, int offset, int count) {
    checkRange(from, count);
    Objects.checkFromIndexSize(offset, count, out.length);
    switch (dtype) {
      case F32 -> MemorySegment.copy(data, LE_FLOAT, from * Float.BYTES, out, offset, count);
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          out[offset + i] = bfloat16(from + i);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          out[offset + i] = float16(from + i);
        }
      }
      case F64 -> {
        for (int i = 0; i < count; i++) {
          out[offset + i] = (float) float64(from + i);
        }
      }
      case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, I32, U32, I64, U64 -> throw notFloat();
    }
  }

  /**
   * out[i] = element from + i as a native-order float, for i below count; out may be any memory, an
   * upload buffer for one.
   */
  public void toFloats(long from, MemorySegment out, long count) {
    checkRange(from, count);
    Objects.checkFromIndexSize(0, Math.multiplyExact(count, Float.BYTES), out.byteSize());
    switch (dtype) {
      case F32 ->
          MemorySegment.copy(
              data, LE_FLOAT, from * Float.BYTES, out, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, count);
      case BF16 -> {
        for (long i = 0; i < count; i++) {
          out.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES, bfloat16(from + i));
        }
      }
      case F16 -> {
        for (long i = 0; i < count; i++) {
          out.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES, float16(from + i));
        }
      }
      case F64 -> {
        for (long i = 0; i < count; i++) {
          out.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES, (float) float64(from + i));
        }
      }
      case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, I32, U32, I64, U64 -> throw notFloat();
    }
  }

  /** out[offset + i] = element from + i, for i below count; exact for all four float types. */
  public void toDoubles(long from, double[] out, int offset, int count) {
    checkRange(from, count);
    Objects.checkFromIndexSize(offset, count, out.length);
    for (int i = 0; i < count; i++) {
      out[offset + i] = value(from + i);
    }
  }

  /** Index of the first NaN or infinity, empty when every value is finite. */
  public OptionalLong firstNonFinite() {
    long elements = elements();
    for (long i = 0; i < elements; i++) {
      if (!Double.isFinite(value(i))) {
        return OptionalLong.of(i);
      }
    }
    return OptionalLong.empty();
  }

  private double value(long index) {
    return switch (dtype) {
      case F32 -> data.get(LE_FLOAT, index * Float.BYTES);
      case BF16 -> bfloat16(index);
      case F16 -> float16(index);
      case F64 -> float64(index);
      case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, I32, U32, I64, U64 -> throw notFloat();
    };
  }

  private float bfloat16(long index) {
    return Float.intBitsToFloat(data.get(LE_SHORT, index * Short.BYTES) << 16);
  }

  private float float16(long index) {
    return Float.float16ToFloat(data.get(LE_SHORT, index * Short.BYTES));
  }

  private double float64(long index) {
    return data.get(LE_DOUBLE, index * Double.BYTES);
  }

  private void checkRange(long from, long count) {
    Objects.checkFromIndexSize(from, count, elements());
  }

  private CheckpointException notFloat() {
    return new CheckpointException(
        file
            + ": tensor "
            + CheckpointException.quote(name)
            + " has dtype "
            + dtype
            + ", weights are F32, F16, BF16 or F64; convert the file");
  }
}
