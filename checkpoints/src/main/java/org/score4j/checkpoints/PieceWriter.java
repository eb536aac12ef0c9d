package org.score4j.checkpoints;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.score4j.kernels.BFloat16;
import org.score4j.kernels.DType;
import org.score4j.kernels.Ops;
import org.score4j.kernels.Tensor;

/**
 * Pieces of tensors from the bits of single precision numbers, by one thread: made in the tensor's
 * own memory where the host can write it, else in a buffer that is uploaded.
 */
final class PieceWriter {
  private final Ops ops;
  private long[] buffer = new long[0];
  private short[] narrow = new short[0];
  private double[] wide = new double[0];

  PieceWriter(Ops ops) {
    this.ops = ops;
  }

  /** Whether {@link #begin} costs no memory. */
  static boolean isDirect(Ops ops, Tensor tensor) {
    return ops.hostView(tensor).isPresent();
  }

  /** Where the values of a piece go until {@link #end}. */
  MemorySegment begin(Tensor piece) {
    Optional<MemorySegment> own = ops.hostView(piece);
    if (own.isPresent()) {
      return own.get();
    }
    int longs = Math.toIntExact(Math.ceilDiv(piece.byteSize(), (long) Long.BYTES));
    if (buffer.length < longs) {
      buffer = new long[longs];
    }
    return MemorySegment.ofArray(buffer).asSlice(0, piece.byteSize());
  }

  /** Rounds values to the device's type: those of the piece from index {@code at} on. */
  void write(MemorySegment values, DType dtype, long at, int[] bits, int from, int count) {
    long offset = at * dtype.byteSize();
    switch (dtype) {
      case F32 ->
          MemorySegment.copy(bits, from, values, ValueLayout.JAVA_INT_UNALIGNED, offset, count);
      case BF16 -> {
        if (narrow.length < count) {
          narrow = new short[count];
        }
        toBfloat16(bits, from, narrow, count);
        MemorySegment.copy(narrow, 0, values, ValueLayout.JAVA_SHORT_UNALIGNED, offset, count);
      }
      case F64 -> {
        if (wide.length < count) {
          wide = new double[count];
        }
        toDouble(bits, from, wide, count);
        MemorySegment.copy(wide, 0, values, ValueLayout.JAVA_DOUBLE_UNALIGNED, offset, count);
      }
      case I32 -> throw new IllegalArgumentException("load: weights are no integers");
    }
  }

  /** Hands over what was written since {@link #begin}. */
  void end(Tensor piece, MemorySegment values) {
    if (!values.isNative()) {
      ops.uploadBytes(piece, values);
    }
  }

  private static void toBfloat16(int[] bits, int from, short[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = BFloat16.round(Float.intBitsToFloat(bits[from + i]));
    }
  }

  private static void toDouble(int[] bits, int from, double[] out, int count) {
    for (int i = 0; i < count; i++) {
      out[i] = Float.intBitsToFloat(bits[from + i]);
    }
  }
}
