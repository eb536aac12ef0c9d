package org.score4j.checkpoints;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Objects;

/**
 * Takes the values of one tensor piece by piece, converts them to the stored type and counts them.
 */
public final class DataSink {
  private static final int STAGING_BYTES = 1 << 18;

  private final WritableByteChannel out;
  private final NamedData current;
  private final ByteBuffer staging;
  private final MemorySegment stagingSegment;
  private long written;

  private DataSink(WritableByteChannel out, NamedData current, ByteBuffer staging) {
    this.out = out;
    this.current = current;
    this.staging = staging;
    this.stagingSegment = MemorySegment.ofBuffer(staging);
  }

  /** Writes all tensors, one after the other. */
  static void writeAll(WritableByteChannel out, List<NamedData> tensors) throws IOException {
    ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (NamedData tensor : tensors) {
      new DataSink(out, tensor, staging).write();
    }
  }

  private void write() throws IOException {
    current.content().writeTo(this);
    if (written != current.byteSize()) {
      throw new CheckpointException(
          "tensor "
              + CheckpointException.quote(current.name())
              + ": its provider gave "
              + written
              + " bytes, "
              + described()
              + " needs "
              + current.byteSize()
              + "; fix the caller's shape or provider");
    }
    flush();
  }

  /** The bytes as they are to be stored: little-endian values of the tensor's dtype. */
  public void put(MemorySegment bytes) throws IOException {
    count(bytes.byteSize());
    long from = 0;
    while (from < bytes.byteSize()) {
      int length = (int) Math.min(bytes.byteSize() - from, STAGING_BYTES);
      if (staging.remaining() < length) {
        flush();
      }
      MemorySegment.copy(bytes, from, stagingSegment, staging.position(), length);
      staging.position(staging.position() + length);
      from += length;
    }
  }

  /**
   * Floats, stored as F32, BF16 or F16 (both rounded to nearest, ties to even; one that would
   * become infinite is refused) or F64.
   */
  public void putFloats(float[] values, int from, int count) throws IOException {
    Objects.checkFromIndexSize(from, count, values.length);
    int width = current.dtype().byteWidth();
    count((long) count * width);
    for (int done = 0; done < count; ) {
      int length = Math.min(count - done, room(width));
      switch (current.dtype()) {
        case F32 -> staging.asFloatBuffer().put(values, from + done, length);
        case BF16 -> {
          for (int i = 0; i < length; i++) {
            float value = values[from + done + i];
            short narrow = toBfloat16(value);
            requireFits(Float.intBitsToFloat(narrow << 16), value);
            staging.putShort(staging.position() + i * width, narrow);
          }
        }
        case F16 -> {
          for (int i = 0; i < length; i++) {
            float value = values[from + done + i];
            short narrow = Float.floatToFloat16(value);
            requireFits(Float.float16ToFloat(narrow), value);
            staging.putShort(staging.position() + i * width, narrow);
          }
        }
        case F64 -> {
          for (int i = 0; i < length; i++) {
            staging.putDouble(staging.position() + i * width, values[from + done + i]);
          }
        }
        case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, I32, U32, I64, U64 ->
            throw wrongType("floats", "F32, BF16, F16 or F64");
      }
      staging.position(staging.position() + length * width);
      done += length;
    }
  }

  /** Doubles, stored as F64 or rounded to F32. */
  public void putDoubles(double[] values, int from, int count) throws IOException {
    Objects.checkFromIndexSize(from, count, values.length);
    int width = current.dtype().byteWidth();
    count((long) count * width);
    for (int done = 0; done < count; ) {
      int length = Math.min(count - done, room(width));
      switch (current.dtype()) {
        case F64 -> staging.asDoubleBuffer().put(values, from + done, length);
        case F32 -> {
          for (int i = 0; i < length; i++) {
            staging.putFloat(staging.position() + i * width, (float) values[from + done + i]);
          }
        }
        // Rounding twice, to float and then to 16 bits, is not rounding: such a caller must say
        // which float it means.
        case BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, F16, BF16, I32, U32, I64, U64 ->
            throw wrongType("doubles", "F64 or F32");
      }
      staging.position(staging.position() + length * width);
      done += length;
    }
  }

  /** Native-order floats in any memory, as {@link #putFloats(float[], int, int)}. */
  public void putFloats(MemorySegment floats) throws IOException {
    float[] piece = new float[(int) Math.min(1 << 14, floats.byteSize() / Float.BYTES)];
    long total = floats.byteSize() / Float.BYTES;
    for (long done = 0; done < total; ) {
      int length = (int) Math.min(piece.length, total - done);
      MemorySegment.copy(
          floats, ValueLayout.JAVA_FLOAT_UNALIGNED, done * Float.BYTES, piece, 0, length);
      putFloats(piece, 0, length);
      done += length;
    }
  }

  static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      // The upper half of a NaN's payload may be zero, which would make it an infinity: set the
      // quiet bit.
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  private void requireFits(float narrow, float value) {
    if (Float.isInfinite(narrow) && !Float.isInfinite(value)) {
      throw new CheckpointException(
          "tensor "
              + CheckpointException.quote(current.name())
              + " holds "
              + value
              + ", which is too large for "
              + current.dtype()
              + "; save the model as F32"
              + (current.dtype() == StoredType.F16 ? " or BF16" : ""));
    }
  }

  private int room(int width) throws IOException {
    if (staging.remaining() < width) {
      flush();
    }
    return staging.remaining() / width;
  }

  private void count(long bytes) {
    written += bytes;
    if (written > current.byteSize()) {
      throw new CheckpointException(
          "tensor "
              + CheckpointException.quote(current.name())
              + ": its provider gave at least "
              + written
              + " bytes, "
              + described()
              + " needs "
              + current.byteSize()
              + "; fix the caller's shape or provider");
    }
  }

  private void flush() throws IOException {
    staging.flip();
    while (staging.hasRemaining()) {
      out.write(staging);
    }
    staging.clear();
  }

  private String described() {
    return "shape " + Shapes.text(current.shape()) + " of " + current.dtype();
  }

  private CheckpointException wrongType(String given, String possible) {
    return new CheckpointException(
        "tensor "
            + CheckpointException.quote(current.name())
            + " of dtype "
            + current.dtype()
            + " was given "
            + given
            + ", which are stored as "
            + possible
            + "; fix the caller's dtype");
  }
}
